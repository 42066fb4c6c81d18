/* Helper spawn: creates the process of a helper: a program, or a forked function. It has
 * one end of a socket pair as descriptor 3, a pipe for its log lines as standard error,
 * and no other descriptor of ours. */
#ifndef MASTER_HELPER_HELPER_SPAWN_H
#define MASTER_HELPER_HELPER_SPAWN_H

#include "common/compiler.h"

#include <signal.h>
#include <sys/types.h>

struct helper_spawn {
	char *path;     /* of the program, which gets no environment; NULL = run */
	char *argument; /* of the program; NULL = none */
	int (*run)(void *ctx, int socket); /* returns the exit status */
	void *ctx;
	const sigset_t *mask; /* its signal mask */
};

/* The pid, with our ends of the socket pair and of the pipe; or -1 with errno, and *task is
 * the step that failed: "create its process". */
NODISCARD pid_t helper_spawn(
    const struct helper_spawn *, int *socket, int *log, const char **task);

#endif
