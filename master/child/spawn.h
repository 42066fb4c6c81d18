/* Spawn: the only function that creates child processes. */
#ifndef MASTER_CHILD_SPAWN_H
#define MASTER_CHILD_SPAWN_H

#include "common/compiler.h"
#include "master/config/config.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#define SPAWN_FILES 62 /* the smallest limit on open files under which spawning works */

/* Everything that the child needs, because it must not allocate or look up anything between
 * clone and exec. All borrowed. */
struct spawn_request {
	const char *path; /* the file to execute, without `run` */
	/* Not NULL: runs in a copy of our memory instead, and returns the exit status. */
	int (*run)(void *ctx);
	void *run_ctx;
	char *const *argv;
	char *const *envp;
	int fds[3];              /* become 0, 1, 2; may be equal; -1 = /dev/null */
	int extra_fds[2];        /* become 3 and 4; -1 = none; 4 only with 3 */
	int cgroup;              /* the directory of its control group; 0 = ours */
	const struct user *user; /* this and the next three: NULL or -1 = as ours */
	const char *directory;
	int umask;
	const struct rlimit *nofile;
	bool own_group;       /* setpgid(0, 0) */
	bool default_signals; /* else SIGPIPE and SIGXFSZ are ignored */
	const sigset_t *mask; /* the child's signal mask */
};

/* Reserves the descriptors that spawn_child uses by opening /dev/null on them. Call once,
 * early. 0, or -1 with errno and the name of the call that failed (call may be NULL). */
NODISCARD int spawn_init(const char **call);
/* The pid, or -1 with errno. A child that fails before exec writes supervisord's text to
 * its descriptor 2, reports the reason (spawn_report.h) and exits with status 127. */
NODISCARD pid_t spawn_child(const struct spawn_request *);

#endif
