#include "master/child/childenv.h"

#include "common/fail.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/child/tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Variables that a service manager passes to reeved alone. */
static const char *const withheld[] = {
    "NOTIFY_SOCKET=", "LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=", "WATCHDOG_USEC=",
    "WATCHDOG_PID=", "FDSTORE=",
};

/* The array while it is being filled. */
struct childenv {
	char **env;
	size_t count;
	bool failed; /* out of memory */
};

/* Sets "name=value", replacing an earlier one. */
static void
childenv_put(struct childenv *c, const char *name, const char *value)
{
	size_t len = strlen(name), i = 0;
	char *item = mem_printf("%s=%s", name, value);

	if (item == NULL) {
		c->failed = true;
		return;
	}
	while (
	    i < c->count && (strncmp(c->env[i], name, len) != 0 || c->env[i][len] != '='))
		i++;
	free(c->env[i]);
	c->env[i] = item;
	c->count += i == c->count;
}

static void
childenv_put_ours(struct childenv *c, char *const *ours)
{
	for (; *ours != NULL; ours++) {
		size_t i = 0;

		while (i < nitems(withheld) && !str_starts(*ours, withheld[i]))
			i++;
		if (i < nitems(withheld))
			continue;
		c->env[c->count] = strdup(*ours);
		c->failed = c->failed || c->env[c->count] == NULL;
		c->count += c->env[c->count] != NULL;
	}
}

/* "unix://PATH" of the first Unix listener, or else "http://HOST:PORT" of the first TCP
 * listener. */
static void
childenv_put_server_url(struct childenv *c, const struct config *config)
{
	const struct listener_config *found = NULL, *l;
	char *url;

	for (size_t i = 0; i < config->nlisteners; i++) {
		l = &config->listeners[i];
		if (found == NULL || (l->is_unix && !found->is_unix))
			found = l;
	}
	if (found == NULL)
		return;
	url = found->is_unix ? mem_printf("unix://%s", found->path) :
			       mem_printf("http://%s:%d",
				   *found->host ? found->host : "localhost", found->port);
	if (url != NULL)
		childenv_put(c, "SUPERVISOR_SERVER_URL", url);
	else
		c->failed = true;
	free(url);
}

char **
childenv_new(char *const *ours, const struct config *config, const char *group,
    const struct process_config *process, const char *mark)
{
	const struct environment *own = &process->environment;
	size_t size = 6 + own->count;
	struct childenv c = { 0 };

	for (size_t i = 0; ours[i] != NULL; i++)
		size++;
	c.env = calloc(size, sizeof(*c.env));
	if (c.env == NULL)
		return NULL;
	childenv_put_ours(&c, ours);
	childenv_put(&c, "SUPERVISOR_ENABLED", "1");
	if (process->serverurl == NULL)
		childenv_put_server_url(&c, config);
	else if (*process->serverurl != '\0')
		childenv_put(&c, "SUPERVISOR_SERVER_URL", process->serverurl);
	childenv_put(&c, "SUPERVISOR_PROCESS_NAME", process->name);
	childenv_put(&c, "SUPERVISOR_GROUP_NAME", group);
	for (size_t i = 0; i < own->count; i++)
		childenv_put(&c, own->items[i].name, own->items[i].value);
	if (mark != NULL)
		childenv_put(&c, TREE_VARIABLE, mark);
	if (!c.failed)
		return c.env;
	childenv_free(c.env);
	return fail_null(ENOMEM);
}

void
childenv_free(char **env)
{
	if (env == NULL)
		return;
	for (char **item = env; *item != NULL; item++)
		free(*item);
	free(env);
}
