/* Childenv: the environment of a child: ours, SUPERVISOR_*, the program's own; never
 * NOTIFY_SOCKET or LISTEN_*. */
#ifndef MASTER_CHILD_CHILDENV_H
#define MASTER_CHILD_CHILDENV_H

#include "common/compiler.h"
#include "master/config/config.h"

/* New NULL-terminated array for one process, whose own environment holds that of
 * [supervisord] already; NULL with ENOMEM. `ours` is the environment to
 * start from (environ). */
char **childenv_new(char *const *ours, const struct config *, const char *group,
    const struct process_config *);
void childenv_free(char **env);

#endif
