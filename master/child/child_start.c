#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/child/child.h"
#include "master/child/child_impl.h"
#include "master/child/childenv.h"
#include "master/child/leftovers.h"
#include "master/child/spawn.h"
#include "master/config/command/command_line.h"
#include "master/event/dispatch.h"
#include "master/log/logfile.h"
#include "master/process/group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define CHILD_RAISE_NOFILE "; raise the limit on open files (LimitNOFILE=, ulimit -n)"

/* The child's descriptors and our ends of them while a spawn is prepared; -1 = none. */
struct plumbing {
	struct group_fds fds;    /* the child's descriptors 0, 3 and 4 */
	int written[OUTPUT_MAX]; /* its descriptors 1 and 2; -1 = /dev/null */
	int input;               /* our end of its stdin */
	int outputs[OUTPUT_MAX]; /* our ends of its outputs; -1 also when redirected */
	struct logfile *logs[OUTPUT_MAX];
	const char *task; /* for error texts: the current step */
	const char *path; /* the file of this step; NULL = none */
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

/* Our end is non-blocking, the child's is blocking. */
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
child_open_log(
    const struct process *process, enum output_id id, int fd, struct logfile **log)
{
	const struct output_config *config = &process->config->outputs[id];
	const char *path = child_log_path(process, id);

	if (*path == '\0') {
		fd_close(fd);
		return 0;
	}
	*log = logfile_adopt(path, config->maxbytes, config->backups, fd);
	return *log == NULL ? -1 : 0;
}

/* Output is copied to the main log at level DEBG. A loglevel that was reread applies to
 * processes that start later, but not to the main log itself. */
static bool
child_is_hidden(const struct process *process)
{
	return process->child->context->config->loglevel > LEVEL_DEBUG;
}

/* An unread output is /dev/null instead of a pipe, and costs nothing. */
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
	plumbing->task = "create the pipe of its output";
	if (child_make_pipe(ours, &plumbing->written[id], ours) == -1)
		return -1;
	plumbing->task = "open its log";
	plumbing->path = child_log_path(process, id);
	if (child_open_log(process, id, -1, &plumbing->logs[id]) == -1)
		return -1;
	plumbing->path = NULL;
	return 0;
}

static int
child_plumb(struct process *process, struct plumbing *plumbing)
{
	const struct group_ops *ops = process->group->ops;

	plumbing->task = "create its sockets";
	if (ops->plumb != NULL && ops->plumb(process, &plumbing->fds) == -1)
		return -1;
	plumbing->task = "create the pipe of its standard input";
	if (plumbing->fds.input == -1 &&
	    child_make_pipe(&plumbing->fds.input, &plumbing->input, &plumbing->input) == -1)
		return -1;
	if (child_plumb_output(process, OUTPUT_STDOUT, plumbing) == -1)
		return -1;
	if (!process->config->redirect_stderr)
		return child_plumb_output(process, OUTPUT_STDERR, plumbing);
	if (plumbing->written[OUTPUT_STDOUT] == -1)
		return 0;
	plumbing->task = "duplicate the descriptor of its output";
	plumbing->written[OUTPUT_STDERR] =
	    fcntl(plumbing->written[OUTPUT_STDOUT], F_DUPFD_CLOEXEC, 0);
	return plumbing->written[OUTPUT_STDERR] == -1 ? -1 : 0;
}

/* --- events made of output ----------------------------------------------------------- */

static void
child_log_event(void *ctx, enum output_id id, const char *bytes, size_t n)
{
	const struct process *process = ctx;

	dispatch_process_output(
	    process->child->context->dispatcher, process, id, false, bytes, n);
}

static void
child_communication_event(void *ctx, enum output_id id, const char *bytes, size_t n)
{
	const struct process *process = ctx;

	dispatch_process_output(
	    process->child->context->dispatcher, process, id, true, bytes, n);
}

int
child_listen(struct process *process, enum output_id id)
{
	static const struct output_ops by_events_enabled[2] = {
	    {.communication = child_communication_event},
	    {.output = child_log_event, .communication = child_communication_event},
	};
	const struct output_config *config = &process->config->outputs[id];
	const struct group_ops *ops = process->group->ops;

	if (id == OUTPUT_STDOUT && ops->listen != NULL)
		return ops->listen(process);
	if (!config->events_enabled && config->capture_maxbytes == 0)
		return 0;
	return output_listen(process->child->outputs[id],
	    &by_events_enabled[config->events_enabled], process, config->capture_maxbytes);
}

/* --- the struct child ----------------------------------------------------------------- */

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
	    .logged = id == OUTPUT_STDOUT ? &process->stdout_bytes : &process->stderr_bytes,
	    .hidden = hidden,
	};

	process->child->outputs[id] = output_new(context->loop, fd, &use);
	return process->child->outputs[id] == NULL ? -1 : 0;
}

/* Moves our ends into the struct child; from now on output is read. */
static int
child_adopt(struct process *process, struct plumbing *plumbing)
{
	struct child *child = process->child;

	plumbing->task = "monitor its pipes";
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

/* --- errors: *why is supervisord's text; the log and the process's row get another ---- */

static void
child_fail_plumbing(
    struct process *process, const struct plumbing *plumbing, int errnum, char **why)
{
	const char *name = process->config->name;
	bool has_path = plumbing->path != NULL;

	*why = errnum == EMFILE ?
	    mem_printf("too many open files to spawn '%s'", name) :
	    mem_printf("unknown error making dispatchers for '%s': %s", name,
		str_errno_name(errnum));
	child_explain(process,
	    mem_printf("cannot %s%s%s: %s%s", plumbing->task, has_path ? " " : "",
		has_path ? plumbing->path : "", strerror(errnum),
		errnum == EMFILE ? CHILD_RAISE_NOFILE : ""));
}

static void
child_fail_fork(struct process *process, int errnum, char **why)
{
	const char *name = process->config->name, *remedy = "";

	if (errnum == EAGAIN) {
		*why =
		    mem_printf("Too many processes in process table to spawn '%s'", name);
		remedy = "; a limit on processes is reached: RLIMIT_NPROC, pids.max of the "
			 "control group, or kernel.pid_max";
	} else if (errnum == EMFILE) {
		*why = mem_printf("too many open files to spawn '%s'", name);
		remedy = CHILD_RAISE_NOFILE;
	} else {
		*why = mem_printf(
		    "unknown error during fork for '%s': %s", name, str_errno_name(errnum));
	}
	child_explain(
	    process, mem_printf("cannot create a process: %s%s", strerror(errnum), remedy));
}

/* --- the spawn ----------------------------------------------------------------------- */

static pid_t
child_clone(struct process *process, const struct command_line *command, char *const *env,
    const struct plumbing *plumbing, int cgroup, char **why)
{
	const struct child_context *context = process->child->context;
	const struct process_config *config = process->config;
	const struct spawn_request request = {
	    .path = command->path,
	    .argv = command->argv,
	    .envp = env,
	    .fds = {plumbing->fds.input, plumbing->written[0], plumbing->written[1]},
	    .extra_fds = {plumbing->fds.extra[0], plumbing->fds.extra[1]},
	    .cgroup = cgroup,
	    .user = config->user,
	    .directory = config->directory,
	    .umask = config->umask,
	    .nofile = context->nofile,
	    .own_group = true,
	    .default_signals = config->reset_signals,
	    .mask = loop_original_mask(context->loop),
	};
	pid_t pid;

	process->child->born_first = clock_boot_ticks();
	pid = spawn_child(&request);
	process->child->born_last = clock_boot_ticks();
	if (pid == -1) {
		child_fail_fork(process, errno, why);
	} else if (reaper_watch(context->reaper, pid, child_reaped, process) == -1) {
		/* Nothing would notice the end of this child. */
		child_fail_fork(process, ENOMEM, why);
		kill(pid, SIGKILL);
		pid = -1;
	}
	return pid;
}

/* Pipes, logs and clone, for a command that is resolved. */
static pid_t
child_spawn_resolved(struct process *process, const struct command_line *command,
    char *const *env, char **why)
{
	const struct group_ops *ops = process->group->ops;
	struct plumbing plumbing = { .fds = { -1, { -1, -1 } },
		.written = { -1, -1 },
		.input = -1,
		.outputs = { -1, -1 } };
	int cgroup = child_open_cgroup(process, why);
	pid_t pid = -1;

	if (cgroup == -1)
		return -1;
	if (child_plumb(process, &plumbing) == -1 || child_adopt(process, &plumbing) == -1)
		child_fail_plumbing(process, &plumbing, errno, why);
	else
		pid = child_clone(process, command, env, &plumbing, cgroup, why);
	child_clear_plumbing(&plumbing);
	if (cgroup != 0)
		close(cgroup);
	if (pid == -1)
		child_close_pipes(process);
	else if (ops->spawned != NULL)
		ops->spawned(process);
	return pid;
}

/* Resolves the command with the program's PATH, or else with ours. */
static enum fault
child_resolve(const struct process *process, struct command_line *command, char **why)
{
	const char *path = environment_list_get(&process->config->environment, "PATH");

	return command_line_resolve(
	    process->config->command, command_line_search_path(path), command, why);
}

enum fault
child_check_command(struct process *process, char **why)
{
	struct command_line command = { 0 };
	enum fault fault = child_resolve(process, &command, why);

	command_line_clear(&command);
	return fault;
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
	if (child_resolve(process, &command, why) != FAULT_NONE)
		return -1;
	leftovers_mark(process);
	env = childenv_new(environ, process->child->context->config,
	    process->group->config->name, process->config, process->child->mark);
	if (env == NULL)
		child_fail_fork(process, ENOMEM, why);
	else
		pid = child_spawn_resolved(process, &command, env, why);
	childenv_free(env);
	command_line_clear(&command);
	return pid;
}
