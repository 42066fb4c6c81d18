/* Reread: the configuration read anew beside the running daemon: what differs, and
 * what of it takes effect at once (reloadConfig; reference 2.13). */
#ifndef MASTER_DAEMON_REREAD_H
#define MASTER_DAEMON_REREAD_H

#include "common/compiler.h"
#include "master/master.h"

#include <jansson.h>
#include <stdbool.h>

/* config_load of the file that the first run found, whatever the directory is now. 0 with
 * *config new, or -1 with *error new. */
NODISCARD int reread_load(struct master *, struct config **config, char **error);

/* The options by which the file of the first run is read again; strings are borrowed. */
struct options reread_options(const struct master *);

/* Reads the file again; from then on its groups are the ones that activation takes. New:
 * {added, changed, removed}, arrays of group names in the reference's order; or NULL with
 * *error new (NULL without memory), and nothing has changed. */
json_t *reread(struct master *, char **error);

/* New: what differs from a fresh configuration, as reread tells it; NULL without memory. */
json_t *reread_difference(const struct master *, const struct config *fresh);

/* Whether a fresh definition of a group is the live one to supervisord: a log that is AUTO
 * now is equal to anything. */
bool reread_is_same(const struct group_config *live, const struct group_config *fresh);

#endif
