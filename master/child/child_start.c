#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/child/child.h"
#include "master/child/child_impl.h"
#include "master/child/childenv.h"
#include "master/child/spawn.h"
#include "master/config/command/command_line.h"
#include "master/log/logfile.h"
#include "master/process/group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* The child's descriptors and our ends of them while a spawn is prepared; -1 = none. */
struct plumbing {
	struct group_fds fds;    /* the child's 0, 3 and 4 … */
	int written[OUTPUT_MAX]; /* … 1 and 2; -1 = /dev/null */
	int input;               /* our ends: of its stdin … */
	int outputs[OUTPUT_MAX]; /* … and outputs; -1 also when redirected */
	struct logfile *logs[OUTPUT_MAX];
	const char *task; /* what is being done, for an error … */
	const char *path; /* … and with which file; NULL = with none */
};

static void
child_clear_plumbing(struct plumbing *plumbing)
{
	fd_close(plumbing->fds.input);
	fd_close(plumbing->fds.extra[0]);
	fd_close(plumbing->fds.extra[1]);
	fd_close(plumbing->input);
	for (int c = 0; c < OUTPUT_MAX; c++) {
		fd_close(plumbing->written[c]);
		fd_close(plumbing->outputs[c]);
		logfile_free(plumbing->logs[c]);
	}
}

/* Our end does not block, the child's does. */
static int
child_make_pipe(int *reader, int *writer, const int *ours)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	*reader = fds[0];
	*writer = fds[1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK);
}

int
child_open_log(const struct process *process, enum output_id id, struct logfile **log)
{
	const struct output_config *config = &process->config->outputs[id];
	const char *path = child_log_path(process, id);

	if (*path == '\0')
		return 0;
	*log = logfile_open(path, config->maxbytes, config->backups);
	return *log == NULL ? -1 : 0;
}

/* The main log has its copies from DEBG on. A reread's loglevel counts for those that start
 * after it, and for them alone: the main log keeps its own. */
static bool
child_is_hidden(const struct process *process)
{
	return process->child->context->config->loglevel > LEVEL_DEBUG;
}

/* An output that nothing would read costs no pipe, and no work whenever it is written. */
static bool
child_output_is_unread(const struct process *process, enum output_id id)
{
	const struct output_config *config = &process->config->outputs[id];

	if (id == OUTPUT_STDOUT && process->group->ops->listen != NULL)
		return false;
	return *child_log_path(process, id) == '\0' && !config->syslog &&
	    !config->events_enabled && config->capture_maxbytes == 0 &&
	    child_is_hidden(process);
}

static int
child_plumb_output(
    const struct process *process, enum output_id id, struct plumbing *plumbing)
{
	int *ours = &plumbing->outputs[id];

	if (child_output_is_unread(process, id))
		return 0;
	plumbing->task = "make the pipe of its output";
	if (child_make_pipe(ours, &plumbing->written[id], ours) == -1)
		return -1;
	plumbing->task = "open its log";
	plumbing->path = child_log_path(process, id);
	if (child_open_log(process, id, &plumbing->logs[id]) == -1)
		return -1;
	plumbing->path = NULL;
	return 0;
}

static int
child_plumb(struct process *process, struct plumbing *plumbing)
{
	const struct group_ops *ops = process->group->ops;

	plumbing->task = "make its sockets";
	if (ops->plumb != NULL && ops->plumb(process, &plumbing->fds) == -1)
		return -1;
	plumbing->task = "make the pipe of its standard input";
	if (plumbing->fds.input == -1 &&
	    child_make_pipe(&plumbing->fds.input, &plumbing->input, &plumbing->input) == -1)
		return -1;
	if (child_plumb_output(process, OUTPUT_STDOUT, plumbing) == -1)
		return -1;
	if (!process->config->redirect_stderr)
		return child_plumb_output(process, OUTPUT_STDERR, plumbing);
	if (plumbing->written[OUTPUT_STDOUT] == -1)
		return 0;
	plumbing->task = "copy the descriptor of its output";
	plumbing->written[OUTPUT_STDERR] =
	    fcntl(plumbing->written[OUTPUT_STDOUT], F_DUPFD_CLOEXEC, 0);
	return plumbing->written[OUTPUT_STDERR] == -1 ? -1 : 0;
}

size_t
child_stdin_max(const struct process *process)
{
	return process->group->ops->stdin_is_unbounded ? 0 : STDIN_QUEUE_MAX;
}

int
child_add_output(
    struct process *process, enum output_id id, int fd, struct logfile *log, bool hidden)
{
	const struct child_context *context = process->child->context;
	bool is_protocol = id == OUTPUT_STDOUT && process->group->ops->listen != NULL;
	const struct output_use use = {
	    .name = process->config->name,
	    .id = id,
	    .log = log,
	    .syslog = process->config->outputs[id].syslog && !is_protocol ?
		context->syslog : NULL,
	    .backlogs = context->backlogs,
	    .strip_ansi = &context->config->strip_ansi,
	    .hidden = hidden,
	};

	process->child->outputs[id] = output_new(context->loop, fd, &use);
	return process->child->outputs[id] == NULL ? -1 : 0;
}

/* Our ends become the child's: from here on output is read. */
static int
child_adopt(struct process *process, struct plumbing *plumbing)
{
	struct child *child = process->child;

	plumbing->task = "watch its pipes";
	if (plumbing->input != -1) {
		child->input = stdin_queue_new(
		    child->context->loop, plumbing->input, child_stdin_max(process));
		if (child->input == NULL)
			return -1;
		plumbing->input = -1;
	}
	for (int c = 0; c < OUTPUT_MAX; c++) {
		if (plumbing->outputs[c] == -1)
			continue;
		if (child_add_output(process, (enum output_id)c, plumbing->outputs[c],
			plumbing->logs[c], child_is_hidden(process)) == -1)
			return -1;
		plumbing->outputs[c] = -1;
		plumbing->logs[c] = NULL;
		if (child_listen(process, (enum output_id)c) == -1)
			return -1;
	}
	return 0;
}

/* --- errors: supervisord's text, and one for the log and the process's row ----------- */

static char *
child_plumbing_error(const struct process *process, int errnum)
{
	const char *name = process->config->name;

	return errnum == EMFILE ?
	    mem_printf("too many open files to spawn '%s'", name) :
	    mem_printf("unknown error making dispatchers for '%s': %s", name,
		str_errno_name(errnum));
}

static char *
child_plumbing_failure(const struct plumbing *plumbing, int errnum)
{
	if (errnum == EMFILE)
		return mem_printf("cannot %s: all descriptors are in use; raise the limit "
				  "on open files (LimitNOFILE=, ulimit -n)",
		    plumbing->task);
	return mem_printf("cannot %s%s%s: %s", plumbing->task,
	    plumbing->path != NULL ? " " : "", plumbing->path != NULL ? plumbing->path : "",
	    strerror(errnum));
}

static char *
child_fork_error(const struct process *process, int errnum)
{
	const char *name = process->config->name;

	return errnum == EAGAIN ?
	    mem_printf("Too many processes in process table to spawn '%s'", name) :
	    mem_printf(
		"unknown error during fork for '%s': %s", name, str_errno_name(errnum));
}

static char *
child_fork_failure(int errnum)
{
	return mem_printf("cannot create a process: %s%s", strerror(errnum),
	    errnum == EAGAIN ? "; a limit on processes is reached: RLIMIT_NPROC, pids.max "
			       "of the control group, or kernel.pid_max" :
			       "");
}

/* --- the spawn ----------------------------------------------------------------------- */

static pid_t
child_clone(struct process *process, const struct command_line *command, char *const *env,
    const struct plumbing *plumbing, char **why)
{
	const struct child_context *context = process->child->context;
	const struct process_config *config = process->config;
	const struct spawn_request request = {
	    .path = command->path,
	    .argv = command->argv,
	    .envp = env,
	    .fds = {plumbing->fds.input, plumbing->written[0], plumbing->written[1]},
	    .extra_fds = {plumbing->fds.extra[0], plumbing->fds.extra[1]},
	    .user = config->user,
	    .directory = config->directory,
	    .umask = config->umask,
	    .nofile = context->nofile,
	    .own_group = true,
	    .default_signals = config->reset_signals,
	    .mask = loop_original_mask(context->loop),
	};
	pid_t pid = spawn_child(&request);
	int error = errno;

	if (pid == -1) {
		*why = child_fork_error(process, error);
		child_explain(process, child_fork_failure(error));
	} else if (reaper_watch(context->reaper, pid, child_reaped, process) == -1) {
		/* A child that the reaper does not know must not live. */
		*why = child_fork_error(process, ENOMEM);
		kill(pid, SIGKILL);
		pid = -1;
	}
	return pid;
}

/* With the command resolved: pipes, logs, clone. */
static pid_t
child_spawn_resolved(struct process *process, const struct command_line *command,
    char *const *env, char **why)
{
	const struct group_ops *ops = process->group->ops;
	struct plumbing plumbing = { .fds = { -1, { -1, -1 } },
		.written = { -1, -1 },
		.input = -1,
		.outputs = { -1, -1 } };
	pid_t pid = -1;
	int error;

	if (child_plumb(process, &plumbing) == -1 ||
	    child_adopt(process, &plumbing) == -1) {
		error = errno;
		*why = child_plumbing_error(process, error);
		child_explain(process, child_plumbing_failure(&plumbing, error));
	} else {
		pid = child_clone(process, command, env, &plumbing, why);
	}
	child_clear_plumbing(&plumbing);
	if (pid == -1)
		child_close_pipes(process);
	else if (ops->spawned != NULL)
		ops->spawned(process);
	return pid;
}

const char *
child_search_path(const struct process *process)
{
	return command_line_search_path(
	    environment_list_get(&process->config->environment, "PATH"));
}

pid_t
child_spawn(struct process *process, char **why)
{
	const struct group_ops *ops = process->group->ops;
	struct command_line command = { 0 };
	char **env;
	pid_t pid = -1;

	if (ops->prepare != NULL && ops->prepare(process, why) == -1)
		return -1;
	if (command_line_resolve(process->config->command, child_search_path(process),
		&command, why) != FAULT_NONE)
		return -1;
	env = childenv_new(environ, process->child->context->config,
	    process->group->config->name, process->config);
	if (env == NULL)
		*why = child_fork_error(process, ENOMEM);
	else
		pid = child_spawn_resolved(process, &command, env, why);
	childenv_free(env);
	command_line_clear(&command);
	return pid;
}
