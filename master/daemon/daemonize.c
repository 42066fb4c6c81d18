#include "master/daemon/daemonize.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct limit {
	int resource;
	const char *name, *option;
	const char *subject, *object, *program; /* words of the error's text */
};

static void
daemonize_enter_directory(const char *directory)
{
	char *quoted;
	int saved;

	if (directory == NULL)
		return;
	saved = chdir(directory) == -1 ? errno : 0;
	if ((quoted = str_repr(directory)) == NULL)
		return;
	if (saved == 0)
		log_info("set current directory: %s", quoted);
	else
		log_critical("can't chdir into %s: [Errno %d] %s: %s", quoted, saved,
		    strerror(saved), quoted);
	free(quoted);
}

int
daemonize(const char *directory, int umask_value)
{
	pid_t pid = fork();
	int null;

	if (pid == -1)
		return -1;
	if (pid != 0) {
		log_at(LEVEL_BLATHER, "supervisord forked; parent exiting");
		_exit(0);
	}
	log_info("daemonizing the supervisord process");
	daemonize_enter_directory(directory);
	if ((null = open("/dev/null", O_RDWR | O_NOCTTY)) != -1) {
		for (int fd = 0; fd <= 2; fd++)
			dup2(null, fd);
		if (null > 2)
			close(null);
	}
	setsid();
	umask((mode_t)umask_value);
	return 0;
}

static bool
daemonize_is_below(rlim_t limit, int64_t wanted)
{
	return limit != RLIM_INFINITY && wanted > 0 && limit < (rlim_t)wanted;
}

/* As in supervisord, the second number is the limit that was requested, not the current
 * one. */
static char *
daemonize_too_low(const struct limit *limit, int64_t wanted, rlim_t hard)
{
	return xasprintf(
	    "The minimum number of %s required to run this %s is %lld as per the "
	    "\"%s\" command-line argument or config file setting. The current environment "
	    "will only allow you to open %lld %s.  Either raise the number of usable %s in "
	    "your environment (see README.rst) or lower the %s setting in the config file "
	    "to allow the %s to start.",
	    limit->subject, limit->program, (long long)wanted, limit->option,
	    (long long)hard, limit->object, limit->object, limit->option, limit->program);
}

static int
daemonize_raise_one(const struct limit *limit, int64_t wanted, char **error)
{
	struct rlimit now;

	if (getrlimit(limit->resource, &now) == -1 ||
	    !daemonize_is_below(now.rlim_cur, wanted))
		return 0;
	now.rlim_cur = (rlim_t)wanted;
	if (daemonize_is_below(now.rlim_max, wanted))
		now.rlim_max = (rlim_t)wanted;
	if (setrlimit(limit->resource, &now) == 0) {
		log_info("Increased %s limit to %lld", limit->name, (long long)wanted);
		return 0;
	}
	*error = daemonize_too_low(limit, wanted, now.rlim_max);
	return -1;
}

int
daemonize_raise_limits(
    int64_t minfds, int64_t minprocs, struct rlimit *child_nofile, char **error)
{
	static const struct limit fds = {RLIMIT_NOFILE, "RLIMIT_NOFILE", "minfds",
	    "file descriptors", "file descriptors", "process"};
	static const struct limit procs = {RLIMIT_NPROC, "RLIMIT_NPROC", "minprocs",
	    "available processes", "processes", "program"};
	struct rlimit ours;

	if (daemonize_raise_one(&fds, minfds, error) == -1 ||
	    daemonize_raise_one(&procs, minprocs, error) == -1)
		return -1;
	getrlimit(RLIMIT_NOFILE, &ours);
	*child_nofile = ours;
	ours.rlim_cur = ours.rlim_max;
	setrlimit(RLIMIT_NOFILE, &ours);
	return 0;
}
