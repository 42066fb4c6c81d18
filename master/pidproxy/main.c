/* pidproxy: a program that runs a command, and forwards signals to the process that a
 * pidfile names. */
#include "common/compiler.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIDFILE_MAX 64 /* bytes: a pid with blanks around it */
#define NOT_SPAWNED 127

extern char **environ;

/* The signals that are forwarded; `ends`: pidproxy exits afterwards. */
static const struct {
	int signo;
	bool ends;
} signals[] = {
	{ SIGTERM, true }, { SIGINT, true }, { SIGQUIT, true },
	{ SIGHUP, false }, { SIGUSR1, false }, { SIGUSR2, false },
};

/* Blocks the signals, so that each is pending until main_serve() waits for it. The kernel
 * drops signals that are ignored, as by nohup(1), so each gets its default action, but only
 * after it is blocked, because the default action would terminate pidproxy. */
static void
main_block_signals(sigset_t *blocked, sigset_t *original)
{
	sigemptyset(blocked);
	sigaddset(blocked, SIGCHLD);
	for (size_t i = 0; i < nitems(signals); i++)
		sigaddset(blocked, signals[i].signo);
	sigprocmask(SIG_BLOCK, blocked, original);
	signal(SIGCHLD, SIG_DFL);
	for (size_t i = 0; i < nitems(signals); i++)
		signal(signals[i].signo, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
}

/* The command is a path; PATH is not searched. The pid, or -1 with errno. */
static pid_t
main_start(char **argv, const sigset_t *mask)
{
	posix_spawnattr_t attributes;
	pid_t pid;

	errno = posix_spawnattr_init(&attributes);
	if (errno != 0)
		return -1;
	(void)posix_spawnattr_setsigmask(&attributes, mask);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	errno = posix_spawn(&pid, argv[0], NULL, &attributes, argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return errno == 0 ? pid : -1;
}

/* The pid, or -1. A number below 1, with which kill() signals many processes, is an
 * error. */
static pid_t
main_read_pid(const char *pidfile)
{
	int fd = open(pidfile, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char text[PIDFILE_MAX + 1];
	int64_t pid;
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	if (n < 0 || (size_t)n == sizeof(text))
		return -1;
	text[n] = '\0';
	if (str_to_int(text, &pid) == -1 || pid < 1 || pid > INT_MAX)
		return -1;
	return (pid_t)pid;
}

/* True if the signal was sent; otherwise prints the reason. */
static bool
main_forward(const char *pidfile, int signo)
{
	pid_t pid = main_read_pid(pidfile);
	char name[32];

	if (pid != -1 && kill(pid, signo) == 0)
		return true;
	if (pid == -1)
		printf("Can't read child pidfile %s!\n", pidfile);
	else
		printf("Can't send %s to pid %d of %s: %s\n", str_signal_name(signo, name),
		    (int)pid, pidfile, strerror(errno));
	(void)fflush(stdout);
	return false;
}

static bool
main_ends(int signo)
{
	for (size_t i = 0; i < nitems(signals); i++)
		if (signals[i].signo == signo)
			return signals[i].ends;
	return false;
}

/* Reaps all children that have ended. Whether the command is one of them. */
static bool
main_has_ended(pid_t command)
{
	bool ended = false;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		ended = ended || pid == command;
	return ended;
}

/* Returns when the command has exited, or a signal after which pidproxy exits was
 * forwarded. */
static void
main_serve(const char *pidfile, pid_t command, const sigset_t *blocked)
{
	int signo;

	for (;;) {
		if (sigwait(blocked, &signo) != 0)
			continue;
		if (signo == SIGCHLD) {
			if (main_has_ended(command))
				return;
		} else if (main_forward(pidfile, signo) && main_ends(signo)) {
			return;
		}
	}
}

int
main(int argc, char **argv)
{
	sigset_t blocked, original;
	pid_t command;

	if (argc < 3) {
		printf("usage: %s PIDFILE COMMAND [ARGUMENT ...]\n\n"
		       "Runs the command, and forwards the signals TERM, INT, QUIT, HUP, "
		       "USR1 and USR2\nto the process whose pid is in the file.\n",
		    argv[0]);
		return 1;
	}
	main_block_signals(&blocked, &original);
	command = main_start(argv + 2, &original);
	if (command == -1) {
		fprintf(stderr, "pidproxy: cannot run %s: %s\n", argv[2], strerror(errno));
		return NOT_SPAWNED;
	}
	main_serve(argv[1], command, &blocked);
	return 0;
}
