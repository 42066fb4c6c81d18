#include "master/daemon/upgrade_trial.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/safepath.h"
#include "common/sock.h"
#include "common/str.h"
#include "master/child/spawn.h"
#include "master/daemon/state_document.h"
#include "master/helper/helper_process.h"
#include "master/upgrade/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 10000 /* of the whole trial */
#define ANSWER_MAX 1024

struct upgrade_trial {
	struct master *master;
	struct helper_process *helper;
	int binary; /* borrowed */
	int socket; /* -1 = none */
	upgrade_trial_fn *fn;
	void *ctx;
	pid_t parent;
};

/* --- the binary ---------------------------------------------------------------------- */

/* A file that others can change or replace would run with our rights. */
static const char *
upgrade_trial_refusal(const struct safepath *sp, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (geteuid() != 0)
		return NULL;
	if (st->st_uid != 0 || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "can be changed by others than root";
	return sp->steady ? NULL : "can be replaced by others than root";
}

int
upgrade_trial_open(const char *path, char **why)
{
	const char *refusal = "";
	struct safepath sp;
	struct stat st;
	int fd = -1;

	if (path == NULL) {
		*why = mem_printf("the path of the binary is not known");
		return -1;
	}
	if (safepath_find(&sp, path, SAFEPATH_STEADY) == 0)
		fd = safepath_open(&sp, sp.name, O_PATH, 0, &st);
	if (fd != -1)
		refusal = upgrade_trial_refusal(&sp, &st);
	safepath_close(&sp);
	if (refusal == NULL)
		return fd;
	*why = fd == -1 ? mem_printf("cannot open %s: %s", path, strerror(errno)) :
			  mem_printf("%s %s", path, refusal);
	fd_close(fd);
	return -1;
}

/* The descriptor, and not the path, which may name another file meanwhile. */
void
upgrade_trial_execute(int binary, char *const *argv)
{
	(void)execveat(binary, "", argv, environ, AT_EMPTY_PATH);
}

/* --- in the forked child ------------------------------------------------------------ */

/* Receives the descriptor of the binary; -1 with errno. */
static int
upgrade_trial_receive(int socket)
{
	struct pollfd wait = { .fd = socket, .events = POLLIN };
	size_t count = 0;
	int fd = -1;
	char byte;

	errno = 0;
	if (poll(&wait, 1, LIMIT_MS) == 1 &&
	    sock_receive(socket, &byte, 1, &fd, 1, &count) == 1 && count == 1)
		return fd;
	return fail_with(errno != 0 ? errno : EPIPE);
}

/* Our arguments and --resume-check, so that an argument that the binary does not have is
 * found as well. NULL with ENOMEM. */
static char **
upgrade_trial_arguments(char **argv)
{
	static char check[] = "--resume-check";
	char **longer;
	size_t n = 0;

	while (argv[n] != NULL)
		n++;
	longer = calloc(n + 2, sizeof(*longer));
	for (size_t i = 0; longer != NULL && i < n; i++)
		longer[i] = argv[i];
	if (longer != NULL)
		longer[n] = check;
	return longer;
}

static const char *
upgrade_trial_error(int error)
{
	switch (error) {
	case ENOEXEC:
		return "it is no program for this machine";
	case ENOENT:
		return "it is a script, or its loader does not exist";
	default:
		return strerror(error);
	}
}

/* The copy of our memory writes the document, so that the master does not wait for it. */
static int
upgrade_trial_run(void *ctx, int socket)
{
	const struct upgrade_trial *trial = ctx;
	int binary = -1, document = -1;
	char **argv;
	json_t *doc;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != trial->parent)
		return 1;
	argv = upgrade_trial_arguments(trial->master->argv);
	doc = state_document_write(trial->master);
	document = doc != NULL ? handover_write(doc) : -1;
	if (argv != NULL && document != -1)
		binary = upgrade_trial_receive(socket);
	if (binary != -1 && dup2(document, STDIN_FILENO) != -1 &&
	    dup2(socket, STDOUT_FILENO) != -1)
		upgrade_trial_execute(binary, argv);
	dprintf(socket, "it cannot be executed: %s", upgrade_trial_error(errno));
	free(argv);
	return 1;
}

/* --- in the master ------------------------------------------------------------------- */

static int
upgrade_trial_connect(void *ctx, int fd, struct peer **peer UNUSED)
{
	struct upgrade_trial *trial = ctx;

	trial->socket = fd;
	return sock_send(fd, "b", 1, trial->binary) == 1 ? 0 : -1;
}

/* New: why the trial has failed; NULL with ENOMEM. */
static char *
upgrade_trial_reason(const char *path, const struct helper_end *end, const char *answer)
{
	char name[32];

	if (end->killed != NULL)
		return mem_printf(
		    "the trial run of %s %s (%d s)", path, end->killed, LIMIT_MS / 1000);
	if (WIFSIGNALED(end->wait_status))
		return mem_printf("%s was terminated by %s in the trial run", path,
		    str_signal_name(WTERMSIG(end->wait_status), name));
	if (*answer != '\0')
		return mem_printf("%s: %s", path, answer);
	if (end->errnum != 0)
		return mem_printf(
		    "the trial run of %s failed: %s", path, strerror(end->errnum));
	return mem_printf("%s exited with status %d in the trial run", path,
	    WEXITSTATUS(end->wait_status));
}

static void
upgrade_trial_ended(void *ctx, const struct helper_end *end)
{
	struct upgrade_trial *trial = ctx;
	char answer[ANSWER_MAX] = "";
	ssize_t n = read(trial->socket, answer, sizeof(answer) - 1);

	answer[n > 0 ? n : 0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	/* The callee may free the trial. */
	if (end->killed == NULL && WIFEXITED(end->wait_status) &&
	    WEXITSTATUS(end->wait_status) == 0 && *answer != '\0')
		trial->fn(trial->ctx, answer, NULL);
	else
		trial->fn(trial->ctx, NULL,
		    upgrade_trial_reason(trial->master->self, end, answer));
}

static const struct helper_kind upgrade_trial_kind = {
	.name = "trial run of an upgrade",
	.once = true,
	.limit_ms = LIMIT_MS,
	.run = upgrade_trial_run,
	.connect = upgrade_trial_connect,
	.ended = upgrade_trial_ended,
};

struct upgrade_trial *
upgrade_trial_begin(struct master *master, int binary, upgrade_trial_fn *fn, void *ctx)
{
	struct upgrade_trial *trial = calloc(1, sizeof(*trial));
	int error;

	if (trial == NULL)
		return NULL;
	*trial = (struct upgrade_trial){ .master = master,
		.binary = binary,
		.socket = -1,
		.fn = fn,
		.ctx = ctx,
		.parent = getpid() };
	trial->helper = helper_process_new(
	    master->loop, master->reaper, &upgrade_trial_kind, NULL, trial);
	if (trial->helper != NULL && helper_process_start(trial->helper) == 0)
		return trial;
	error = errno;
	upgrade_trial_free(trial);
	return fail_null(error);
}

void
upgrade_trial_free(struct upgrade_trial *trial)
{
	if (trial == NULL)
		return;
	helper_process_free(trial->helper);
	fd_close(trial->socket);
	free(trial);
}

/* --- in the new binary --------------------------------------------------------------- */

int
upgrade_trial_read(struct master *master, char **why)
{
	int null, answer;

	master->state = handover_load(STDIN_FILENO, why);
	if (master->state == NULL)
		return -1;
	/* First the descriptors that every daemon reserves, which no document has. Then the
	 * answer, above those of the document; standard output may be a log's. */
	if (spawn_init(NULL) == -1) {
		*why = mem_printf("cannot reserve descriptors: %s", strerror(errno));
		return -1;
	}
	answer = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, handover_highest(master->state) + 1);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (answer != -1 && null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(null, STDOUT_FILENO) != -1 && handover_substitute(master->state) == 0)
		return answer;
	*why = mem_printf("cannot make placeholders: %s", strerror(errno));
	return -1;
}
