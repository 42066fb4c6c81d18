#include "common/sandbox/sandbox.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Creates an empty directory, opens it and removes it. The descriptor, or -1 with errno. */
static int
sandbox_empty_directory(const char *program)
{
	static const char *const parents[] = { "/run", "/tmp", "/var/tmp", "/dev/shm" };
	char path[64];
	int fd;

	for (size_t i = 0; i < nitems(parents); i++) {
		snprintf(path, sizeof(path), "%s/%s-XXXXXX", parents[i], program);
		if (mkdtemp(path) == NULL)
			continue;
		fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		(void)rmdir(path);
		return fd;
	}
	return -1;
}

static int
sandbox_chroot(const struct sandbox *s)
{
	int fd = sandbox_empty_directory(s->policy->program), rc;

	if (fd < 0)
		return -1;
	rc = fchdir(fd) < 0 || chroot(".") < 0 ? -1 : 0;
	fd_close(fd);
	return rc;
}

static int
sandbox_bounding(const struct sandbox *s UNUSED)
{
	return privs_drop_bounding();
}

static int
sandbox_ids(const struct sandbox *s)
{
	const char *what = "";

	if (s->uid == 0)
		return fail_with(EINVAL);
	return privs_drop(s->uid, s->gid, NULL, 0, &what);
}

static int
sandbox_no_new_privs(const struct sandbox *s UNUSED)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Other processes of the same user cannot read the memory of this one. */
static int
sandbox_undumpable(const struct sandbox *s UNUSED)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Sets a limit, but never raises the inherited hard limit. */
static int
sandbox_limit(int which, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit((__rlimit_resource_t)which, &limit) < 0)
		return -1;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)which, &limit);
}

static int
sandbox_limits(const struct sandbox *s)
{
	const struct {
		int which;
		rlim_t most;
	} limits[] = {
	    {RLIMIT_NPROC, 0},
	    {RLIMIT_CORE, 0},
	    {RLIMIT_FSIZE, 0},
	    {RLIMIT_MEMLOCK, 0},
	    {RLIMIT_MSGQUEUE, 0},
	    {RLIMIT_NOFILE, s->policy->files},
#ifndef REEVE_SANITIZED
	    {RLIMIT_AS, s->policy->memory},
#endif
	};
	int missed = 0;

	/* With RLIMIT_FSIZE, a write of a log line to a file would kill the process. */
	if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		missed = errno;
	for (size_t i = 0; i < nitems(limits); i++)
		if (sandbox_limit(limits[i].which, limits[i].most) < 0)
			missed = errno;
	errno = missed;
	return missed == 0 ? 0 : -1;
}

/* The filter can protect only SANDBOX_LISTENERS listening sockets. */
static int
sandbox_guard(const struct sandbox *s)
{
	if (s->nlisteners <= SANDBOX_LISTENERS)
		return 0;
	return fail_with(E2BIG);
}

/* The order matters: measures need rights that later ones remove. */
static const struct {
	const char *name;
	int (*apply)(const struct sandbox *);
	bool is_roots; /* possible and necessary only as root */
	bool needed;   /* the program does not run without it */
} measures[] = {
	{"empty root directory", sandbox_chroot, true, false},
	{"capability bounding set", sandbox_bounding, true, false},
	{"user and group", sandbox_ids, true, true},
	{"no dumps", sandbox_undumpable, false, false},
	{"no_new_privs", sandbox_no_new_privs, false, false},
	{"resource limits", sandbox_limits, false, false},
	{"Landlock", sandbox_landlock, false, false},
	{"guard for every listening socket", sandbox_guard, false, false},
	{"system call filter", sandbox_seccomp, false, false},
};

int
sandbox_enter(const struct sandbox *s)
{
	if (!s->is_root)
		log_info(
		    "confinement: not root: keeps the user, the root directory and the "
		    "capability bounding set");
	for (size_t i = 0; i < nitems(measures); i++) {
		if ((measures[i].is_roots && !s->is_root) || measures[i].apply(s) == 0)
			continue;
		if (measures[i].needed || s->strict) {
			log_error(
			    "confinement: no %s: %s", measures[i].name, strerror(errno));
			return -1;
		}
		log_warn("confinement: no %s: %s", measures[i].name, strerror(errno));
	}
	return 0;
}
