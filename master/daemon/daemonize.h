/* Daemonize: turns the process into a daemon (fork, session, directory, umask, null
 * descriptors) and raises resource limits. */
#ifndef MASTER_DAEMON_DAEMONIZE_H
#define MASTER_DAEMON_DAEMONIZE_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

/* Forks; the parent exits 0, and the child continues in its own session with descriptors 0
 * to 2 on /dev/null. directory NULL = unchanged. 0, or -1 with errno of fork. */
NODISCARD int daemonize(const char *directory, int umask_value);
/* Raises the soft limits NOFILE and NPROC to minfds and minprocs, as supervisord does, and
 * stores that NOFILE as *child_nofile; then raises our own soft NOFILE to the hard limit.
 * 0, or -1 with *error new. */
NODISCARD int daemonize_raise_limits(
    int64_t minfds, int64_t minprocs, struct rlimit *child_nofile, char **error);

#endif
