/* Pidfd: descriptors of processes that are not our children. A pidfd never names another
 * process, even when the pid is used again. */
#ifndef MASTER_CHILD_PIDFD_H
#define MASTER_CHILD_PIDFD_H

#include "common/compiler.h"

#include <sys/types.h>

/* New descriptor; -1 with errno: ESRCH = no such process, ENOSYS before Linux 5.3. */
NODISCARD int pidfd_new(pid_t);
/* As kill(2). */
int pidfd_kill(int fd, int signo);
/* The wait status of a process that its parent has reaped. 0; or -1: it is not known, or
 * the kernel does not tell it (before Linux 6.15). */
NODISCARD int pidfd_exit_status(int fd, int *wait_status);

#endif
