#include "master/reload.h"

#include "common/str.h"
#include "master/conf_load.h"
#include "master/frontend.h"
#include "master/listeners.h"
#include "master/reread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
reload_user_refusal(const struct config *config)
{
	const struct user *user = config->user;

	if (user == NULL || user->uid == geteuid() || geteuid() == 0)
		return NULL;
	return "Can't drop privilege as nonroot user";
}

static int
check_listener(struct master *master, struct conf_load *load,
    const struct listener_config *listener)
{
	char *error = NULL;

	conf_load_at(load, listener->section, listener->is_unix ? "file" : "port");
	if (listeners_check(master->listeners, listener, &error) == -1)
		return conf_load_fail_take(load, error);
	return 0;
}

static int
check_listeners(struct master *master, struct conf_load *load)
{
	const struct config *config = load->config;
	char *path, *error = NULL;

	for (size_t i = 0; i < config->nlisteners; i++)
		if (check_listener(master, load, &config->listeners[i]) == -1)
			return -1;
	if (config->nlisteners == 0)
		return 0;
	path = frontend_find(master->self, &error);
	if (path == NULL)
		return conf_load_fail_take(load, error);
	free(path);
	return 0;
}

static int
check(void *ctx, struct conf_load *load)
{
	const char *refusal = reload_user_refusal(load->config);

	conf_load_at(load, "supervisord", "user");
	if (refusal != NULL)
		return conf_load_fail(load, "%s", refusal);
	return check_listeners(ctx, load);
}

int
reload_check(struct master *master, char **error)
{
	struct options options = reread_options(master);
	struct config *fresh;

	*error = NULL;
	if (conf_load_checked(&options, check, master, &fresh, error) == -1)
		return -1;
	reload_forget(master);
	master->next = fresh;
	return 0;
}

void
reload_forget(struct master *master)
{
	config_free(master->next);
	master->next = NULL;
}
