/* Restart check: what a restart would read is checked while everything still runs. */
#ifndef MASTER_DAEMON_RESTART_CHECK_H
#define MASTER_DAEMON_RESTART_CHECK_H

#include "common/compiler.h"
#include "master/master.h"

struct conf_load;

/* Checks the users, directories and ports of what has been read. 0, or -1 after
 * conf_load_fail. */
NODISCARD int restart_check(struct master *, struct conf_load *);
/* What was checked is what the next run starts with: a document in a file (taken) that
 * exists in memory only, and so passes through an exec as well. */
void restart_check_take(struct master *, int document);
/* Drops what was checked: no run follows. */
void restart_check_forget(struct master *);
/* Reads and drops it. 0 with *config new, or -1 with *error new. */
NODISCARD int restart_check_read(struct master *, struct config **config, char **error);

/* The first words of a start as root or not: why the daemon may not become the configured
 * user, or NULL. Static text. */
const char *restart_check_user_refusal(const struct config *);

#endif
