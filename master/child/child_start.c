#include "common/fd.h"
#include "common/mem.h"
#include "master/child/child_impl.h"

#include "common/str.h"
#include "master/child/child.h"
#include "master/child/childenv.h"
#include "master/child/fcgi_socket.h"
#include "master/child/spawn.h"
#include "master/config/command_line.h"
#include "master/frontend/rpcinterface.h"
#include "master/log/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The child's three descriptors and our ends of them while a spawn is prepared. */
struct plumbing {
	int child[3];			/* -1 = /dev/null */
	int extra[2];			/* the child's sockets, of an interface; else -1 */
	int input;			/* our end of its stdin; -1 = a socket */
	int outputs[OUTPUT_MAX];	/* our ends; -1 = redirected or unheard */
	struct logfile *logs[OUTPUT_MAX];
	const char *task;		/* what is being done, for an error … */
	const char *path;		/* … and with which file; NULL = with none */
};

static void
plumbing_clear(struct plumbing *plumbing)
{
	for (int i = 0; i < 3; i++)
		fd_close(plumbing->child[i]);
	for (int i = 0; i < 2; i++)
		fd_close(plumbing->extra[i]);
	fd_close(plumbing->input);
	for (int c = 0; c < OUTPUT_MAX; c++) {
		fd_close(plumbing->outputs[c]);
		logfile_free(plumbing->logs[c]);
	}
}

/* Our end does not block, the child's does. */
static int
make_pipe(int *reader, int *writer, int *ours)
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
    const struct process *process, enum output_id channel, struct logfile **log)
{
	const struct output_config *config = &process->config->outputs[channel];
	const char *path = child_log_path(process, channel);

	if (*path == '\0')
		return 0;
	*log = logfile_open(path, config->maxbytes, config->backups);
	return *log == NULL ? -1 : 0;
}

/* Standard input is a pipe, or the socket that the group shares. */
static int
plumb_input(const struct process *process, struct plumbing *plumbing)
{
	plumbing->task = "make the pipe of its standard input";
	if (process->group->fcgi == NULL)
		return make_pipe(
		    &plumbing->child[0], &plumbing->input, &plumbing->input);
	plumbing->child[0] =
	    fcntl(fcgi_socket_fd(process->group->fcgi), F_DUPFD_CLOEXEC, 0);
	return plumbing->child[0] == -1 ? -1 : 0;
}

/* The main log has its copies from DEBG on. A reread's loglevel counts for those that start
 * after it, and for them alone: the main log keeps its own. */
static bool
is_hidden(const struct master *master)
{
	return master->config->loglevel > LEVEL_DEBUG;
}

/* An output that nobody would read costs no pipe, and no work whenever it is written. */
static bool
goes_nowhere(const struct process *process, enum output_id channel)
{
	const struct output_config *config = &process->config->outputs[channel];

	if (channel == OUTPUT_STDOUT &&
	    process->group->config->kind == GROUP_LISTENER_POOL)
		return false;
	return *child_log_path(process, channel) == '\0' && !config->syslog &&
	    !config->events_enabled && config->capture_maxbytes == 0 &&
	    is_hidden(child_master(process));
}

static int
plumb_output(struct process *process, enum output_id channel, struct plumbing *plumbing)
{
	int *ours = &plumbing->outputs[channel];

	if (goes_nowhere(process, channel))
		return 0;
	plumbing->task = "make the pipe of its output";
	if (make_pipe(ours, &plumbing->child[1 + channel], ours) == -1)
		return -1;
	plumbing->task = "open its log";
	plumbing->path = child_log_path(process, channel);
	if (child_open_log(process, channel, &plumbing->logs[channel]) == -1)
		return -1;
	plumbing->path = NULL;
	return 0;
}

static int
plumb(struct process *process, struct plumbing *plumbing)
{
	plumbing->task = "make its sockets";
	if (process->group->config->kind == GROUP_INTERFACE &&
	    rpcinterface_plumb(child_master(process)->rpcinterfaces, process,
		&plumbing->extra[0], &plumbing->extra[1]) == -1)
		return -1;
	if (plumb_input(process, plumbing) == -1 ||
	    plumb_output(process, OUTPUT_STDOUT, plumbing) == -1)
		return -1;
	if (!process->config->redirect_stderr)
		return plumb_output(process, OUTPUT_STDERR, plumbing);
	if (plumbing->child[1] == -1)
		return 0;
	plumbing->task = "copy the descriptor of its output";
	plumbing->child[2] = fcntl(plumbing->child[1], F_DUPFD_CLOEXEC, 0);
	return plumbing->child[2] == -1 ? -1 : 0;
}

static int
adopt_input(struct master *master, struct process *process, struct plumbing *plumbing)
{
	struct child *child = process->child;

	if (plumbing->input == -1)
		return 0;
	child->input =
	    stdin_queue_new(master->loop, plumbing->input, child_input_most(process));
	if (child->input == NULL)
		return -1;
	plumbing->input = -1;
	return 0;
}

/* Moves our ends into the runtime: from here on output is read. */
static int
adopt(struct master *master, struct process *process, struct plumbing *plumbing)
{
	bool hidden = is_hidden(master);

	plumbing->task = "watch its pipes";
	if (adopt_input(master, process, plumbing) == -1)
		return -1;
	for (int c = 0; c < OUTPUT_MAX; c++) {
		if (plumbing->outputs[c] == -1)
			continue;
		if (child_add_channel(process, c, plumbing->outputs[c],
			plumbing->logs[c], hidden) == -1)
			return -1;
		plumbing->outputs[c] = -1;
		plumbing->logs[c] = NULL;
		if (child_listen(process, (enum output_id)c) == -1)
			return -1;
	}
	return 0;
}

static char *
plumbing_error(const struct process *process, int errnum)
{
	const char *name = process->config->name;

	return errnum == EMFILE ? mem_printf("too many open files to spawn '%s'", name) :
	    mem_printf("unknown error making dispatchers for '%s': %s", name,
		str_errno_name(errnum));
}

/* New: what failed in preparing a spawn, in more words than plumbing_error has. */
static char *
plumbing_failure(const struct plumbing *plumbing, int errnum)
{
	if (errnum == EMFILE)
		return mem_printf("cannot %s: all descriptors are in use; raise the limit "
		    "on open files (LimitNOFILE=, ulimit -n)", plumbing->task);
	return mem_printf("cannot %s%s%s: %s", plumbing->task,
	    plumbing->path != NULL ? " " : "", plumbing->path != NULL ? plumbing->path : "",
	    strerror(errnum));
}

/* New: the same for the process that could not be made. */
static char *
fork_failure(int errnum)
{
	return mem_printf("cannot create a process: %s%s", strerror(errnum),
	    errnum == EAGAIN ? "; a limit on processes is reached: RLIMIT_NPROC, pids.max "
	    "of the control group, or kernel.pid_max" : "");
}

static char *
fork_error(const struct process *process, int errnum)
{
	const char *name = process->config->name;

	return errnum == EAGAIN ?
	    mem_printf("Too many processes in process table to spawn '%s'", name) :
	    mem_printf("unknown error during fork for '%s': %s", name,
		str_errno_name(errnum));
}

static pid_t
clone_child(const struct process *process, const struct command_line *command,
    char *const *env, const struct plumbing *plumbing)
{
	const struct master *master = child_master(process);
	const struct process_config *config = process->config;
	struct spawn_request request = {
	    .path = command->path,
	    .argv = command->argv,
	    .envp = env,
	    .fds = {plumbing->child[0], plumbing->child[1], plumbing->child[2]},
	    .extra_fds = {plumbing->extra[0], plumbing->extra[1]},
	    .user = config->user,
	    .directory = config->directory,
	    .umask = config->umask,
	    .nofile = &master->child_nofile,
	    .own_group = true,
	    .default_signals = config->reset_signals,
	    .mask = loop_original_mask(master->loop),
	};

	return spawn_child(&request);
}

/* With the command resolved: pipes, logs, clone, and the pid in the reaper's map. */
static pid_t
spawn_resolved(struct process *process, const struct command_line *command,
    char *const *env, char **why)
{
	struct plumbing plumbing = {
	    .child = {-1, -1, -1}, .extra = {-1, -1}, .input = -1, .outputs = {-1, -1}};
	struct master *master = child_master(process);
	pid_t pid = -1;
	int saved;

	if (plumb(process, &plumbing) == -1 || adopt(master, process, &plumbing) == -1) {
		saved = errno;
		*why = plumbing_error(process, saved);
		child_explain(process, plumbing_failure(&plumbing, saved));
		child_close_pipes(process);
		plumbing_clear(&plumbing);
		return -1;
	}
	pid = clone_child(process, command, env, &plumbing);
	if (pid == -1) {
		saved = errno;
		*why = fork_error(process, saved);
		child_explain(process, fork_failure(saved));
	}
	plumbing_clear(&plumbing);
	if (pid == -1)
		child_close_pipes(process);
	else if (reaper_watch(master->reaper, pid, child_reaped, process) == -1) {
		/* A child nobody would reap by name must not live. */
		*why = fork_error(process, ENOMEM);
		kill(pid, SIGKILL);
		child_close_pipes(process);
		pid = -1;
	} else if (process->group->config->kind == GROUP_INTERFACE) {
		rpcinterface_offer(child_master(process)->rpcinterfaces, process);
	}
	return pid;
}

const char *
child_search_path(const struct process *process)
{
	return command_line_search_path(
	    environment_list_get(&process->config->environment, "PATH"));
}

/* Before the command is looked at, as in supervisord. When the spawn fails, it is released
 * with the state that this leads to. */
static int
take_socket(struct process *process, char **why)
{
	if (process->group->fcgi == NULL)
		return 0;
	if (fcgi_socket_take(process->group->fcgi, why) == -1)
		return -1;
	process->child->uses_socket = true;
	return 0;
}

pid_t
child_spawn(struct process *process, char **why)
{
	const struct master *master = child_master(process);
	struct command_line command = {0};
	char **env;
	pid_t pid = -1;

	if (take_socket(process, why) == -1)
		return -1;
	if (command_line_resolve(process->config->command, child_search_path(process),
		&command, why) != FAULT_NONE)
		return -1;
	env = childenv_new(environ, master->config, process->group->config->name,
	    process->config);
	if (env == NULL)
		*why = fork_error(process, ENOMEM);
	else
		pid = spawn_resolved(process, &command, env, why);
	childenv_free(env);
	command_line_clear(&command);
	return pid;
}
