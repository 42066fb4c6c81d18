/* Spawn: the one function that makes a child process. */
#ifndef MASTER_CHILD_SPAWN_H
#define MASTER_CHILD_SPAWN_H

#include "common/compiler.h"
#include "master/config/config.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#define SPAWN_FILES 62 /* the smallest limit on open files that it can work with */

/* Everything the child needs, prepared beforehand: between clone and exec nothing is
 * allocated or looked up. All borrowed. */
struct spawn_request {
	const char *path; /* file to execute; unless: */
	/* Runs in the child, a copy of our memory, and its result is the exit status. */
	int (*run)(void *ctx);
	void *run_ctx;
	char *const *argv;
	char *const *envp;
	int fds[3];              /* become 0, 1, 2; may be equal; -1 = /dev/null */
	int extra_fds[2];        /* become 3 and 4; -1 = none; the second with the first */
	const struct user *user; /* NULL = stay */
	const char *directory;   /* NULL = stay */
	int umask;               /* -1 = stay */
	const struct rlimit *nofile; /* NULL = stay */
	bool own_group;              /* setpgid(0, 0) */
	bool default_signals;        /* SIGPIPE and SIGXFSZ are at their default too */
	const sigset_t *mask;        /* the child's signal mask */
};

/* Reserves the low descriptors that spawn_child works with and points them at /dev/null.
 * Once, early; 0, or -1 with errno and, unless NULL, the name of the call that failed. */
NODISCARD int spawn_init(const char **call);
/* The pid, or -1 with errno of clone. What fails in the child is written to its fd 2 in
 * supervisord's words, exit status 127. SIGPIPE and SIGXFSZ are ignored in
 * the child unless default_signals is set, all other signals are at their default. */
NODISCARD pid_t spawn_child(const struct spawn_request *);

#endif
