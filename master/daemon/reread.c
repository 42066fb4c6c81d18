#include "master/daemon/reread.h"

#include "common/log.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/environment_list.h"
#include "master/config/option_table.h"
#include "master/control/control.h"
#include "master/control/state_stream.h"
#include "master/daemon/pending.h"
#include "master/frontend/frontend.h"

#include <stdlib.h>
#include <string.h>

struct options
reread_options(const struct master *master)
{
	struct options options = *master->options;

	options.opened = master->config_path;
	if (master->config_name != NULL)
		options.configuration = master->config_name;
	else if (options.configuration == NULL)
		options.configuration = master->config_path;
	return options;
}

int
reread_load(struct master *master, struct config **config, char **error)
{
	struct options options = reread_options(master);
	const char *slash;

	if (config_load(&options, config, error) == -1)
		return -1;
	if (master->config_path != NULL)
		return 0;
	slash = strrchr((*config)->file, '/');
	master->config_path = xasprintf("%s/%s", (*config)->here,
	    slash == NULL ? (*config)->file : slash + 1);
	master->config_name = xstrdup((*config)->file);
	return 0;
}

/* --- what differs ------------------------------------------------------------- */

static bool
is_same_process(const struct process_config *a, const struct process_config *b)
{
	for (size_t i = 0; i < conf_program.count; i++) {
		const struct conf_option *option = &conf_program.options[i];

		if (!(option->flags & CONF_SECTION) && !conf_equal(option, a, b))
			return false;
	}
	return true;
}

static bool
is_same_pool(const struct pool_config *live, const struct pool_config *fresh)
{
	return live->events == fresh->events && live->buffer_size == fresh->buffer_size &&
	    live->counts_bytes == fresh->counts_bytes && live->handler == fresh->handler;
}

/* Both, or none: the kind is the same. */
static bool
is_same_interface(
    const struct rpcinterface_config *live, const struct rpcinterface_config *fresh)
{
	return live == NULL || (live->role == fresh->role &&
				   environment_list_equal(&live->options, &fresh->options));
}

/* An address that has changed behind its name is none, but one that is known at last is. */
static bool
is_same_socket(const struct fcgi_config *live, const struct fcgi_config *fresh)
{
	return str_equal(live->url, fresh->url) && live->mode == fresh->mode &&
	    live->uid == fresh->uid && live->gid == fresh->gid &&
	    live->backlog == fresh->backlog &&
	    (live->why == NULL || fresh->why != NULL);
}

bool
reread_is_same(const struct group_config *live, const struct group_config *fresh)
{
	if (live->kind != fresh->kind || live->priority != fresh->priority ||
	    live->nprocesses != fresh->nprocesses ||
	    !is_same_pool(&live->pool, &fresh->pool) ||
	    !is_same_interface(live->interface, fresh->interface) ||
	    !is_same_socket(&live->fcgi, &fresh->fcgi))
		return false;
	for (size_t i = 0; i < live->nprocesses; i++)
		if (!is_same_process(live->processes[i], fresh->processes[i]))
			return false;
	return true;
}

static int
append_name(json_t *names, const struct group_config *group)
{
	return json_array_append_new(names, json_string(group->name));
}

/* What the file has that is not active, or is active as something else. */
static int
find_added_and_changed(const struct master *master, const struct config *fresh,
    json_t *added, json_t *changed)
{
	for (size_t i = 0; i < fresh->ngroups; i++) {
		const struct group_config *config = fresh->groups[i];
		const struct group *active = groups_find(master->groups, config->name);
		int rc = 0;

		if (active == NULL)
			rc = append_name(added, config);
		else if (!reread_is_same(active->config, config))
			rc = append_name(changed, config);
		if (rc == -1)
			return -1;
	}
	return 0;
}

/* The order of activation, which the numbers of processes keep. */
static int
by_activation(const void *a, const void *b)
{
	const struct group *const *left = a, *const *right = b;
	const struct process *l = TAILQ_FIRST(&(*left)->processes);
	const struct process *r = TAILQ_FIRST(&(*right)->processes);
	uint64_t first = l == NULL ? 0 : l->id, second = r == NULL ? 0 : r->id;

	return (first > second) - (first < second);
}

/* New array of the active groups whose names are not in the map; NULL with ENOMEM. */
static const struct group **
active_without(const struct master *master, const struct map *names, size_t *count)
{
	const struct groups *groups = master->groups;
	const struct group *group, **found;
	size_t active = 0;

	*count = 0;
	for (group = groups_first(groups); group != NULL; group = groups_next(group))
		active++;
	found = calloc(active + 1, sizeof(*found));
	if (found == NULL)
		return NULL;
	for (group = groups_first(groups); group != NULL; group = groups_next(group))
		if (map_get(names, group->config->name) == NULL)
			found[(*count)++] = group;
	qsort(found, *count, sizeof(*found), by_activation);
	return found;
}

static int
find_removed(const struct master *master, const struct config *fresh, json_t *removed)
{
	struct map *names = map_new();
	const struct group **gone = NULL;
	size_t count = 0;
	int rc = names == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < fresh->ngroups; i++)
		rc = map_set(names, fresh->groups[i]->name, fresh->groups[i]);
	if (rc == 0 && (gone = active_without(master, names, &count)) == NULL)
		rc = -1;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = append_name(removed, gone[i]->config);
	free(gone);
	map_free(names);
	return rc;
}

json_t *
reread_difference(const struct master *master, const struct config *fresh)
{
	json_t *added = json_array(), *changed = json_array(), *removed = json_array();
	json_t *all = json_pack("{s:o,s:o,s:o}", "added", added, "changed", changed,
	    "removed", removed);

	if (all == NULL ||
	    (find_added_and_changed(master, fresh, added, changed) == 0 &&
	        find_removed(master, fresh, removed) == 0))
		return all;
	json_decref(all);
	return NULL;
}

/* --- what takes effect --------------------------------------------------------- */

#define SWAP(a, b)                                                                    \
	do {                                                                          \
		__typeof__(a) swapped = (a);                                          \
		(a) = (b);                                                            \
		(b) = swapped;                                                        \
	} while (0)

/* The definitions of groups, and the options that supervisord replaces in a live daemon;
 * the command line has had its say in both. Everything else waits for a restart. */
static void
take_effect(struct config *live, struct config *fresh)
{
	SWAP(live->groups, fresh->groups);
	SWAP(live->ngroups, fresh->ngroups);
	SWAP(live->rows, fresh->rows);
	SWAP(live->nrows, fresh->nrows);
	SWAP(live->identifier, fresh->identifier);
	SWAP(live->childlogdir, fresh->childlogdir);
	SWAP(live->strip_ansi, fresh->strip_ansi);
	SWAP(live->loglevel, fresh->loglevel);
	SWAP(live->messages, fresh->messages);
	SWAP(live->nmessages, fresh->nmessages);
}

static bool
has_message(const struct config *config, const struct config_message *message)
{
	for (size_t i = 0; i < config->nmessages; i++)
		if (str_equal(config->messages[i].text, message->text) &&
		    str_equal(config->messages[i].place, message->place))
			return true;
	return false;
}

/* Tools reread every few minutes: what was logged before is not logged again. */
static void
log_warnings(const struct config *live, const struct config *fresh)
{
	for (size_t i = 0; i < fresh->nmessages; i++)
		if (fresh->messages[i].level == LEVEL_WARN &&
		    !has_message(live, &fresh->messages[i]))
			config_log(&fresh->messages[i]);
}

json_t *
reread(struct master *master, char **error)
{
	struct config *fresh;
	json_t *found;

	*error = NULL;
	if (reread_load(master, &fresh, error) == -1)
		return NULL;
	found = reread_difference(master, fresh);
	if (found != NULL && pending_add(master, fresh, found) == -1) {
		json_decref(found);
		found = NULL;
	}
	if (found != NULL) {
		frontends_revive(master->frontends);
		control_revive(master->control);
		log_warnings(master->config, fresh);
		take_effect(master->config, fresh);
		master->rereads++;
		state_stream_daemon(master->state_stream);
	}
	config_free(fresh);
	return found;
}
