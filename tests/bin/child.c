/* A child for tests of a supervisor: its command line says what it does, and it
 * prints "ready" once that holds. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 65536

static const char usage[] =
    "usage: child MODE [ARGUMENT...]\n"
    "  exit N              exit with status N at once\n"
    "  ignore-term         print ready, ignore TERM and wait\n"
    "  flood BYTES LINELEN write BYTES bytes in lines of LINELEN (line end counted)\n"
    "  close-pipes         close descriptors 0 to 2 and wait\n"
    "  cat                 copy stdin to stdout until its end, exit 0\n"
    "  env                 print the environment, exit 0\n"
    "  facts               print ids, directory, umask, signals, limit, descriptors\n"
    "  sleep S             sleep S seconds (a decimal number), exit 0\n"
    "  fork-grandchild [N] fork one that waits with the pipes, print its pid, then\n"
    "                      wait, or exit with status N\n"
    "  orphans N           leave N processes that end at once, print ready, then wait\n"
    "  print TEXT          print TEXT and a line end, then wait\n"
    "  crash SIGNAL        die of the signal\n"
    "  exit-on SIGNAL CODE print ready, exit with CODE when the signal comes\n"
    "SIGNAL is a number or a name such as TERM.\n";

struct mode {
	const char *name;
	int least, most; /* arguments */
	int (*run)(char **argv);
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "child: %s: %s\n", what, strerror(errno));
	exit(111);
}

static void
misuse(void)
{
	(void)fputs(usage, stderr);
	exit(112);
}

static long
number(const char *s)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (end == s || *end != '\0' || errno != 0 || n < 0)
		misuse();
	return n;
}

static int
signal_of(const char *s)
{
	const char *name;
	int signo;

	for (signo = 1; signo < 32; signo++) {
		name = sigabbrev_np(signo);
		if (name != NULL && strcasecmp(name, s) == 0)
			return signo;
	}
	return (int)number(s);
}

static void
write_all(const char *bytes, size_t n)
{
	ssize_t done;

	for (; n > 0; bytes += done, n -= (size_t)done) {
		done = write(STDOUT_FILENO, bytes, n);
		if (done == -1 && errno != EINTR)
			die("write");
		if (done == -1)
			done = 0;
	}
}

/* A line in one write, so that a reader of the pipe never sees half of it. */
static void
print_line(const char *text)
{
	char line[LINE_MAX_LEN];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	if (n < 0 || (size_t)n >= sizeof(line))
		misuse();
	write_all(line, (size_t)n);
}

static void
wait_for_ever(void)
{
	for (;;)
		(void)pause();
}

static int
mode_exit(char **argv)
{
	return (int)number(argv[0]);
}

static int
mode_ignore_term(char **argv)
{
	(void)argv;
	if (signal(SIGTERM, SIG_IGN) == SIG_ERR)
		die("signal");
	print_line("ready");
	wait_for_ever();
	return 0;
}

/* Each line repeats one letter, the next line the next one: a gap or a swap shows. */
static int
mode_flood(char **argv)
{
	long bytes = number(argv[0]), len = number(argv[1]), n;
	static char line[LINE_MAX_LEN];
	char letter = 'a';

	if (len < 1 || len > LINE_MAX_LEN)
		misuse();
	for (; bytes > 0; bytes -= n) {
		n = len < bytes ? len : bytes;
		memset(line, letter, (size_t)len);
		line[len - 1] = '\n';
		write_all(line, (size_t)n);
		letter = letter == 'z' ? 'a' : (char)(letter + 1);
	}
	return 0;
}

static int
mode_close_pipes(char **argv)
{
	int fd;

	(void)argv;
	for (fd = 0; fd <= 2; fd++)
		(void)close(fd);
	wait_for_ever();
	return 0;
}

static int
mode_cat(char **argv)
{
	static char bytes[LINE_MAX_LEN];
	ssize_t n;

	(void)argv;
	while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) != 0) {
		if (n > 0)
			write_all(bytes, (size_t)n);
		else if (errno != EINTR)
			die("read");
	}
	return 0;
}

static int
mode_env(char **argv)
{
	char **e;

	(void)argv;
	for (e = environ; *e != NULL; e++)
		print_line(*e);
	return 0;
}

static void
print_signals(const char *name, int (*has)(int signo))
{
	int signo;

	(void)printf("%s", name);
	for (signo = 1; signo <= 64; signo++)
		if (has(signo))
			(void)printf(" %d", signo);
	(void)printf("\n");
}

static int
is_ignored(int signo)
{
	struct sigaction now;

	return sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static int
is_blocked(int signo)
{
	sigset_t mask;

	return sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && sigismember(&mask, signo) == 1;
}

static void
print_groups(void)
{
	gid_t groups[256];
	int n = getgroups(256, groups), i;

	(void)printf("groups");
	for (i = 0; i < n; i++)
		(void)printf(" %d", (int)groups[i]);
	(void)printf("\n");
}

static int
mode_facts(char **argv)
{
	struct rlimit limit = { 0 };
	char cwd[4096];
	mode_t mask = umask(0);
	int fd;

	(void)argv;
	(void)printf("uid %d %d\n", (int)getuid(), (int)geteuid());
	(void)printf("gid %d %d\n", (int)getgid(), (int)getegid());
	print_groups();
	(void)printf("pgrp %s\n", getpgrp() == getpid() ? "own" : "shared");
	(void)printf("sid %d\n", (int)getsid(0));
	(void)printf("cwd %s\n", getcwd(cwd, sizeof(cwd)) != NULL ? cwd : "?");
	(void)printf("umask %03o\n", (unsigned)mask);
	print_signals("ignored", is_ignored);
	print_signals("blocked", is_blocked);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	(void)printf("nofile %llu\n", (unsigned long long)limit.rlim_cur);
	(void)printf("descriptors");
	for (fd = 0; fd < 65536; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			(void)printf(" %d", fd);
	(void)printf("\n");
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
mode_sleep(char **argv)
{
	char *end;
	double seconds = strtod(argv[0], &end);
	struct timespec left;

	if (end == argv[0] || *end != '\0' || !(seconds >= 0 && seconds < 1e9))
		misuse();
	left.tv_sec = (time_t)seconds;
	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) == -1)
		if (errno != EINTR)
			die("nanosleep");
	return 0;
}

static int
mode_fork_grandchild(char **argv)
{
	char line[64];
	pid_t pid = fork();

	if (pid == -1)
		die("fork");
	if (pid == 0)
		wait_for_ever();
	(void)snprintf(line, sizeof(line), "grandchild %d", (int)pid);
	print_line(line);
	if (argv[0] != NULL)
		return (int)number(argv[0]);
	wait_for_ever();
	return 0;
}

/* The parent of each has ended when it ends, or ends a little later. */
static int
mode_orphans(char **argv)
{
	long count = number(argv[0]);
	pid_t pid;

	while (count-- > 0) {
		pid = fork();
		if (pid == -1)
			die("fork");
		if (pid == 0)
			_exit(fork() == -1);
		while (waitpid(pid, NULL, 0) == -1)
			if (errno != EINTR)
				die("waitpid");
	}
	print_line("ready");
	wait_for_ever();
	return 0;
}

static int
mode_print(char **argv)
{
	print_line(argv[0]);
	wait_for_ever();
	return 0;
}

/* No core file: tests crash often. */
static int
mode_crash(char **argv)
{
	int signo = signal_of(argv[0]);
	struct rlimit none = { 0, 0 };
	sigset_t set;

	(void)setrlimit(RLIMIT_CORE, &none);
	if (signo != SIGKILL && signo != SIGSTOP && signal(signo, SIG_DFL) == SIG_ERR)
		die("signal");
	sigemptyset(&set);
	sigaddset(&set, signo);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(signo);
	return 113;
}

static int
mode_exit_on(char **argv)
{
	int signo = signal_of(argv[0]), code = (int)number(argv[1]), got;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		die("sigprocmask");
	print_line("ready");
	while (sigwait(&set, &got) != 0)
		continue;
	return code;
}

static const struct mode modes[] = {
	{ "exit", 1, 1, mode_exit },
	{ "ignore-term", 0, 0, mode_ignore_term },
	{ "flood", 2, 2, mode_flood },
	{ "close-pipes", 0, 0, mode_close_pipes },
	{ "cat", 0, 0, mode_cat },
	{ "env", 0, 0, mode_env },
	{ "facts", 0, 0, mode_facts },
	{ "sleep", 1, 1, mode_sleep },
	{ "fork-grandchild", 0, 1, mode_fork_grandchild },
	{ "orphans", 1, 1, mode_orphans },
	{ "print", 1, 1, mode_print },
	{ "crash", 1, 1, mode_crash },
	{ "exit-on", 2, 2, mode_exit_on },
};

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc >= 2 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, argv[1]) != 0)
			continue;
		if (argc - 2 < modes[i].least || argc - 2 > modes[i].most)
			misuse();
		return modes[i].run(argv + 2);
	}
	misuse();
}
