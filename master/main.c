/* reeved: the privileged master. Reads the command line, then runs the daemon, again after
 * each restart. */
#include "common/log.h"
#include "common/mem.h"
#include "master/child/oom_score.h"
#include "master/child/spawn.h"
#include "master/config/arguments.h"
#include "master/config/load/check.h"
#include "master/config/sample.h"
#include "master/daemon/lastlog.h"
#include "master/daemon/notify.h"
#include "master/daemon/run.h"
#include "master/daemon/upgrade.h"
#include "master/daemon/upgrade_trial.h"
#include "master/frontend/http_sockets.h"
#include "master/survivors/fdstore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

/* Environment of a binary that is executed again: the path of the configuration (its
 * presence also prevents a second fork), and the descriptor of the checked document. */
#define REEXECUTED "REEVE_REEXECUTED"
#define DOCUMENT "REEVE_DOCUMENT"

static int
main_usage_error(const struct arguments *arguments, char *error)
{
	fprintf(stderr, "Error: %s\nFor help, use %s -h\n",
	    error == NULL ? "out of memory" : error, arguments->program);
	free(error);
	return 2;
}

/* Restarts out of FATAL: executes the same binary under the same pid. */
static int
main_reexecute(struct master *master)
{
	char number[16];

	http_sockets_free(master->http_sockets);
	/* Another SIGHUP must not end the new binary before it handles that signal. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	sigprocmask(SIG_SETMASK, loop_original_mask(master->loop), NULL);
	setenv(REEXECUTED, master->config_path, 1);
	if (fcntl(master->document, F_SETFD, 0) == 0) {
		snprintf(number, sizeof(number), "%d", master->document);
		setenv(DOCUMENT, number, 1);
	}
	oom_score_restore();
	execv("/proc/self/exe", master->argv);
	if (errno == ENOENT && master->self != NULL)
		execv(master->self, master->argv);
	lastlog_failed(master, strerror(errno));
	perror("reeved: exec");
	return 1;
}

/* New: the path of our binary; NULL = unknown. Without /proc, the path that was executed.
 * Called before the working directory changes. */
static char *
main_own_path(const char *executed)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return executed != NULL ? realpath(executed, NULL) : NULL;
	path[n] = '\0';
	return xstrdup(path);
}

static int
main_run_all(struct master *master)
{
	enum run_outcome outcome;
	char *error = NULL;

	do
		outcome = run(master, &error);
	while (outcome == RUN_RESTART);
	if (outcome == RUN_REEXEC)
		return main_reexecute(master);
	return outcome == RUN_ERROR ? main_usage_error(master->arguments, error) :
				      master->exit_status;
}

/* --check: reads the configuration and prints its problems. The exit status. */
static int
main_check(const struct arguments *given)
{
	struct arguments arguments = *given;
	int problems, warnings;

	arguments.configuration = arguments.check;
	problems = conf_check(&arguments, stdout, &warnings);
	if (problems == 0 && warnings == 0)
		printf("%s: no problem found\n", arguments.check);
	else if (problems == 0)
		printf("%s: no error found, %d warning%s\n", arguments.check, warnings,
		    warnings == 1 ? "" : "s");
	return problems > 0 ? 2 : 0;
}

static NORETURN void
main_cannot_start(const char *call)
{
	int saved = errno;
	struct rlimit files = { .rlim_cur = 0 };

	(void)getrlimit(RLIMIT_NOFILE, &files);
	if (saved == EMFILE)
		fatal("cannot start: %s: %s: the limit on open files is %llu, and at least "
		      "%d are needed; raise it (ulimit -n, LimitNOFILE=)",
		    call, strerror(saved), (unsigned long long)files.rlim_cur, SPAWN_FILES);
	if (saved == ENOENT || saved == EACCES || saved == ENXIO)
		fatal("cannot start: %s: %s: /dev must have the device null (mknod -m 666 "
		      "/dev/null c 1 3)",
		    call, strerror(saved));
	fatal("cannot start: %s: %s", call, strerror(saved));
}

/* Creates what the daemon needs before it reads its configuration. */
static void
main_begin(struct master *master)
{
	int64_t watchdog_ms;
	const char *call;

	master->fdstore = fdstore_receive(
	    getenv("LISTEN_PID"), getenv("LISTEN_FDS"), getenv("LISTEN_FDNAMES"), getpid());
	if (master->fdstore == NULL)
		main_cannot_start("calloc");
	/* After an exec of this process, these descriptors are others. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (spawn_init(&call) == -1)
		main_cannot_start(call);
	master->loop = loop_new();
	if (master->loop == NULL)
		main_cannot_start("epoll_create1 and timerfd_create");
	/* Before the daemon forks: WATCHDOG_PID names the process that was started. */
	watchdog_ms =
	    notify_watchdog_ms(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"), getpid());
	if (fdstore_begin(master->fdstore, master->loop, getenv("NOTIFY_SOCKET"),
		getenv("FDSTORE")) == -1)
		main_cannot_start("timer");
	master->notify = notify_new(master->loop, getenv("NOTIFY_SOCKET"), watchdog_ms);
}

/* Reads the environment that main_reexecute has set. */
static void
main_read_environment(struct master *master)
{
	const char *path = getenv(REEXECUTED), *number = getenv(DOCUMENT);
	int fd = number != NULL ? atoi(number) : -1;

	master->reexecuted = path != NULL;
	if (path != NULL)
		master->config_path = xstrdup(path);
	if (path != NULL && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		master->document = fd;
	unsetenv(REEXECUTED);
	unsetenv(DOCUMENT);
}

/* The descriptor of the state document after an upgrade; -1 = none. */
static int
main_state_descriptor(void)
{
	const char *number = getenv(UPGRADE_VARIABLE);
	int fd = number != NULL ? atoi(number) : -1;

	unsetenv(UPGRADE_VARIABLE);
	return fd;
}

/* --resume-check: reads the state of a running daemon as after an upgrade, answers on
 * standard output, and exits without undoing anything. */
static NORETURN void
main_resume_check(struct master *master)
{
	char *why = NULL;
	int answer = upgrade_trial_read(master, &why), rc = -1;

	if (answer != -1) {
		/* The service manager hears of the daemon only. */
		unsetenv("NOTIFY_SOCKET");
		main_begin(master);
		rc = upgrade_accept(master, &why);
	}
	if (rc == 0)
		rc = run_check(master, &why);
	(void)dprintf(answer != -1 ? answer : STDOUT_FILENO, "%s\n",
	    rc == 0         ? REEVE_VERSION :
		why != NULL ? why :
			      "out of memory");
	_exit(rc == 0 ? 0 : 1);
}

int
main(int argc, char **argv)
{
	struct arguments arguments;
	struct master master = {.arguments = &arguments, .argv = argv, .first = true,
	    .document = -1, .next_id = 1};
	int status, state = main_state_descriptor();
	const char *executed, *typed;
	char *error = NULL;
	sigset_t none;

	/* Every program would inherit a blocked signal, and SIGTERM could not stop it.
	 * After an upgrade, signals stay blocked until the event loop receives them. */
	sigemptyset(&none);
	if (state == -1)
		sigprocmask(SIG_SETMASK, &none, NULL);
	master.terminal = terminal_find();
	main_read_environment(&master);
	status = arguments_parse(argc, argv, &arguments, &error);
	executed = (const char *)getauxval(AT_EXECFN);
	typed = arguments.program;
	arguments.program = arguments_program(typed, executed);
	if (status == -1)
		return main_usage_error(&arguments, error);
	if (arguments.help) {
		arguments_usage(&arguments);
		return 0;
	}
	if (arguments.version) {
		puts(REEVE_VERSION);
		return 0;
	}
	if (arguments.check != NULL)
		return main_check(&arguments);
	if (arguments.sample) {
		fputs(sample_text, stdout);
		return 0;
	}
	if (arguments.resume_check)
		main_resume_check(&master);
	main_begin(&master);
	if (state != -1 && upgrade_resume(&master, state, &error) == -1)
		fatal("cannot resume after the upgrade: %s",
		    error == NULL ? "out of memory" : error);
	if (master.self == NULL)
		master.self = main_own_path(executed);
	else
		arguments.program = arguments_program(typed, master.self);
	status = main_run_all(&master);
	free(master.config_path);
	free(master.self);
	notify_free(master.notify);
	fdstore_free(master.fdstore);
	free(master.config_name);
	reaper_free(master.reaper);
	loop_free(master.loop);
	return status;
}
