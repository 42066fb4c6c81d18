/* Startup: what a start reads, checks and takes before it runs programs: the configuration,
 * the user, limits, sockets that must be ours alone, and the main log. */
#ifndef MASTER_DAEMON_STARTUP_H
#define MASTER_DAEMON_STARTUP_H

#include "common/compiler.h"
#include "master/master.h"

/* Rows of the table of subsystems: 0, or -1 with *error new. */
NODISCARD int startup_load(struct master *, char **error);
NODISCARD int startup_become_user(struct master *, char **error);
NODISCARD int startup_raise_limits(struct master *, char **error);
NODISCARD int startup_claim(struct master *, char **error);
NODISCARD int startup_open_mainlog(struct master *, char **error);

/* Logs what was found wrong with the configuration, after supervisord's own lines, whose
 * order tools know. */
void startup_log_findings(const struct config *);
/* -1, with *error new: WHAT and errno's text. */
int startup_failed(char **error, const char *what);

#endif
