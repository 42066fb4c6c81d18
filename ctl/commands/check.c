/* The command check: runs reeved --check. */
#include "common/fail.h"
#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* New: the path of reeved in this program's directory or in ../sbin; else "reeved", which
 * is searched for in PATH. */
static char *
check_find_reeved(void)
{
	static const char *const places[] = { "reeved", "../sbin/reeved" };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash != NULL && i < nitems(places); i++) {
		char *path = xasprintf("%.*s/%s", (int)(slash - self), self, places[i]);
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return xstrdup("reeved");
}

/* Runs reeved --check; returns its exit status, or -1 with errno. */
static int
check_reeved(const char *file)
{
	char *program = check_find_reeved(), *given = xstrdup(file);
	char name[] = "reeved", option[] = "--check";
	char *argv[] = { name, option, given, NULL };
	pid_t pid;
	int error = posix_spawnp(&pid, program, NULL, NULL, argv, environ), status = -1;

	free(program);
	free(given);
	if (error != 0)
		return fail_with(error);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_GENERIC;
}

void
check_run(struct session *s, const char *args)
{
	const char *file = *args != '\0' ? args : s->file;
	int status;

	if (file == NULL) {
		session_usage(
		    s, EXIT_INVALID_ARGS, "Error: no configuration file was found");
		return;
	}
	fflush(s->out);
	status = check_reeved(file);
	if (status == -1)
		session_report(
		    s, EXIT_GENERIC, "error: cannot run reeved: %s", strerror(errno));
	else
		s->status = status;
}
