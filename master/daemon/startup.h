/* Startup: the first steps of a run: read the configuration, change the user, raise limits,
 * reserve the sockets, and open the main log and the audit log. */
#ifndef MASTER_DAEMON_STARTUP_H
#define MASTER_DAEMON_STARTUP_H

#include "common/compiler.h"
#include "master/master.h"

/* Rows of the table of subsystems. 0, or -1 with *error new. */
NODISCARD int startup_load(struct master *, char **error);
NODISCARD int startup_become_user(struct master *, char **error);
NODISCARD int startup_raise_limits(struct master *, char **error);
NODISCARD int startup_reserve_sockets(struct master *, char **error);
NODISCARD int startup_open_audit(struct master *, char **error);
NODISCARD int startup_open_mainlog(struct master *, char **error);

/* Logs the messages about the configuration: those of supervisord, or our own findings. The
 * findings come last, because tools know the order of supervisord's lines. */
void startup_log_config(const struct config *, bool findings);
/* Sets *error (new) to WHAT and errno's text; -1. */
int startup_failed(char **error, const char *what);

#endif
