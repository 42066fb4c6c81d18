/* Reload: what a restart would read is checked while everything still runs. */
#ifndef MASTER_DAEMON_RELOAD_H
#define MASTER_DAEMON_RELOAD_H

#include "common/compiler.h"
#include "master/master.h"

/* Reads the configuration and checks its users, directories and ports. 0, and
 * master->next is what the next run starts with; or -1 with *error new, in one line that
 * begins with file and line, and nothing has changed. */
NODISCARD int reload_check(struct master *, char **error);
/* Drops what was checked: no run follows. */
void reload_forget(struct master *);

/* The first words of a start as root or not: why the daemon may not become the configured
 * user, or NULL. Static text. */
const char *reload_user_refusal(const struct config *);

#endif
