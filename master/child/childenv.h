/* Childenv: the environment of a child: reeved's own, SUPERVISOR_* and the program's; never
 * NOTIFY_SOCKET or LISTEN_*. */
#ifndef MASTER_CHILD_CHILDENV_H
#define MASTER_CHILD_CHILDENV_H

#include "common/compiler.h"
#include "master/config/config.h"

/* New NULL-terminated array; NULL with ENOMEM. `ours` is reeved's environment. The
 * process's configuration already includes the environment of [supervisord]. `mark` becomes
 * REEVE_SPAWN; NULL = none. */
char **childenv_new(char *const *ours, const struct config *, const char *group,
    const struct process_config *, const char *mark);
void childenv_free(char **env);

#endif
