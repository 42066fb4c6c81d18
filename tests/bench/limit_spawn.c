/* Starting, killing and reaping processes alone. */
#include "tests/bench/limit.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t
start(char **argv)
{
	pid_t pid;

	if ((errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ)) != 0)
		die(argv[0]);
	return pid;
}

static pid_t *
start_all(long n, char **argv)
{
	pid_t *pids = calloc((size_t)n, sizeof(*pids));

	if (pids == NULL)
		die("pids");
	for (long i = 0; i < n; i++)
		pids[i] = start(argv);
	return pids;
}

int
limit_spawn(char **argv)
{
	long n = atol(argv[0]);
	double began = now();
	pid_t *pids = start_all(n, argv + 1);
	double started = now();

	for (long i = 0; i < n; i++)
		kill(pids[i], SIGTERM);
	for (long i = 0; i < n; i++)
		waitpid(-1, NULL, 0);
	printf("%.6f %.6f\n", started - began, now() - started);
	free(pids);
	return 0;
}

int
limit_one_by_one(char **argv)
{
	long n = atol(argv[0]);
	pid_t *pids = start_all(n, argv + 1);
	double began = now();

	for (long i = 0; i < n; i++) {
		kill(pids[i], SIGTERM);
		waitpid(pids[i], NULL, 0);
	}
	printf("%.6f\n", now() - began);
	free(pids);
	return 0;
}

/* Restarts a process until this one is killed. Uses less than posix_spawn, which queries
 * the handler of each signal: below a millisecond that matters. */
int
limit_respawn(char **argv)
{
	for (;;) {
		pid_t pid = vfork();

		if (pid == 0) {
			execv(argv[0], argv);
			_exit(127);
		}
		if (pid == -1)
			die("vfork");
		waitpid(pid, NULL, 0);
	}
}
