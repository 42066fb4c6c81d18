/* Daemonize: what makes a foreground program a daemon: fork, session, directory,
 * umask, null descriptors; resource limits. */
#ifndef MASTER_DAEMON_DAEMONIZE_H
#define MASTER_DAEMON_DAEMONIZE_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

/* Forks once; the parent exits 0, the child goes on in its own session with fds 0 to 2 on
 * /dev/null. directory NULL = stay. Logs what it does. 0, or -1 with errno of fork. */
NODISCARD int daemonize(const char *directory, int umask_value);
/* Raises soft NOFILE and NPROC to minfds/minprocs as supervisord would, logging it, and
 * remembers that as *child_nofile; then raises our own soft NOFILE to the hard limit. 0, or
 * -1 with *error new: the usage error's text. */
NODISCARD int daemonize_raise_limits(
    int64_t minfds, int64_t minprocs, struct rlimit *child_nofile, char **error);

#endif
