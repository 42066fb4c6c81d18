#include "master/daemon/reread.h"

#include "common/mem.h"
#include "master/control/control.h"
#include "master/control/state_stream.h"
#include "master/frontend/frontend.h"
#include "master/helper/verifier.h"

#include <string.h>
#include <unistd.h>

struct arguments
reread_arguments(const struct master *master)
{
	struct arguments arguments = *master->arguments;

	arguments.opened = master->config_path;
	if (master->config_name != NULL)
		arguments.configuration = master->config_name;
	else if (arguments.configuration == NULL)
		arguments.configuration = master->config_path;
	return arguments;
}

int
reread_load(struct master *master, struct config **config, char **error)
{
	struct arguments arguments = reread_arguments(master);
	const char *slash;

	if (config_load(&arguments, config, error) == -1)
		return -1;
	if (master->config_path != NULL)
		return 0;
	slash = strrchr((*config)->file, '/');
	master->config_path = xasprintf(
	    "%s/%s", (*config)->here, slash == NULL ? (*config)->file : slash + 1);
	master->config_name = xstrdup((*config)->file);
	return 0;
}

#define SWAP(a, b)                                                                    \
	do {                                                                          \
		__typeof__(a) swapped = (a);                                          \
		(a) = (b);                                                            \
		(b) = swapped;                                                        \
	} while (0)

static bool
reread_has_same_users(const struct config *a, const struct config *b)
{
	return user_config_same(a->users, a->nusers, b->users, b->nusers) &&
	    user_config_same_peers(&a->peers, &b->peers);
}

int
reread_apply(struct master *master, struct config *fresh, char *const *removed, size_t n)
{
	struct config *live = master->config;
	struct rights *rights = rights_new(fresh, geteuid());

	if (rights == NULL || config_merge_groups(live, fresh, removed, n) == -1) {
		rights_free(rights);
		return -1;
	}
	control_set_rights(master->control, rights);
	frontends_listen_again(master->frontends);
	control_listen_again(master->control);
	for (size_t i = 0; i < fresh->nmessages; i++)
		if (fresh->messages[i].is_new)
			config_log(&fresh->messages[i]);
	/* The options that supervisord replaces in a running daemon, and users; others need
	 * a restart. The command line has been applied to both. */
	SWAP(live->identifier, fresh->identifier);
	SWAP(live->childlogdir, fresh->childlogdir);
	SWAP(live->strip_ansi, fresh->strip_ansi);
	SWAP(live->loglevel, fresh->loglevel);
	SWAP(live->users, fresh->users);
	SWAP(live->nusers, fresh->nusers);
	SWAP(live->peers, fresh->peers);
	SWAP(live->messages, fresh->messages);
	SWAP(live->nmessages, fresh->nmessages);
	/* reeve-rpcd forgets with the table which passwords the master has verified. */
	if (!reread_has_same_users(live, fresh))
		frontends_send_users(master->frontends);
	master->rereads++;
	verifier_update(master->verifier);
	state_stream_daemon(master->state_stream);
	return 0;
}
