#include "master/runtime.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/sock.h"
#include "common/str.h"
#include "master/autolog.h"
#include "master/channel.h"
#include "master/childenv.h"
#include "master/command.h"
#include "master/input.h"
#include "master/logfile.h"
#include "master/publish.h"
#include "master/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A pipe holds at most this much when its writer is gone (F_SETPIPE_SZ's default maximum):
 * what is drained at reaping. */
#define DRAIN_MAX (1024 * 1024)

struct runtime {
	struct source *timer;
	struct channel *channels[CHANNEL_MAX];
	struct input *input;
	char *autologs[CHANNEL_MAX];	/* paths of AUTO files */
};

static const char *const channel_words[CHANNEL_MAX] = {
    [CHANNEL_STDOUT] = "stdout",
    [CHANNEL_STDERR] = "stderr",
};

/* The child's three descriptors and our ends of them while a spawn is prepared. */
struct plumbing {
	int child[3];
	int input;			/* our end of its stdin */
	int outputs[CHANNEL_MAX];	/* our ends; -1 = redirected */
	struct logfile *logs[CHANNEL_MAX];
};

static struct master *
master_of(const struct process *process)
{
	return process->ops_ctx;
}

static void
timer_fired(void *ctx, uint32_t ready)
{
	(void)ready;
	process_timeout(ctx);
}

static int
create_autologs(const struct master *master, const struct process *process,
    struct runtime *runtime)
{
	const struct config *config = master->config;

	for (int c = 0; c < CHANNEL_MAX; c++) {
		if (process->config->channels[c].target != LOG_TO_AUTO)
			continue;
		runtime->autologs[c] = autolog_create(config->childlogdir,
		    process->config->name, channel_words[c], config->identifier);
		if (runtime->autologs[c] == NULL) {
			log_critical("could not create an AUTO log for %s in %s: %s",
			    process->config->name, config->childlogdir, strerror(errno));
			return -1;
		}
	}
	return 0;
}

int
runtime_attach(struct master *master, struct process *process)
{
	struct runtime *runtime = calloc(1, sizeof(*runtime));

	if (runtime == NULL)
		return -1;
	process->runtime = runtime;
	runtime->timer = loop_timer(master->loop, timer_fired, process);
	if (runtime->timer == NULL || create_autologs(master, process, runtime) == -1)
		return -1;
	return 0;
}

static void
close_pipes(struct runtime *runtime)
{
	for (int c = 0; c < CHANNEL_MAX; c++) {
		channel_free(runtime->channels[c]);
		runtime->channels[c] = NULL;
	}
	input_free(runtime->input);
	runtime->input = NULL;
}

void
runtime_detach(struct process *process)
{
	struct runtime *runtime = process->runtime;

	if (runtime == NULL)
		return;
	close_pipes(runtime);
	source_free(runtime->timer);
	for (int c = 0; c < CHANNEL_MAX; c++)
		free(runtime->autologs[c]);
	free(runtime);
	process->runtime = NULL;
}

const char *
runtime_log_path(const struct process *process, enum channel_id channel)
{
	const struct channel_config *config = &process->config->channels[channel];

	if (config->target == LOG_TO_FILE)
		return config->path;
	if (config->target == LOG_TO_AUTO && process->runtime != NULL &&
	    process->runtime->autologs[channel] != NULL)
		return process->runtime->autologs[channel];
	return "";
}

/* --- spawning ------------------------------------------------------------ */

static void
plumbing_clear(struct plumbing *plumbing)
{
	for (int i = 0; i < 3; i++)
		if (plumbing->child[i] != -1)
			close(plumbing->child[i]);
	if (plumbing->input != -1)
		close(plumbing->input);
	for (int c = 0; c < CHANNEL_MAX; c++) {
		if (plumbing->outputs[c] != -1)
			close(plumbing->outputs[c]);
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

static int
open_log(const struct process *process, enum channel_id channel, struct logfile **log)
{
	const struct channel_config *config = &process->config->channels[channel];
	const char *path = runtime_log_path(process, channel);

	if (*path == '\0')
		return 0;
	*log = logfile_open(path, config->maxbytes, config->backups);
	return *log == NULL ? -1 : 0;
}

static int
plumb(const struct process *process, struct plumbing *plumbing)
{
	if (make_pipe(&plumbing->child[0], &plumbing->input, &plumbing->input) == -1 ||
	    make_pipe(&plumbing->outputs[CHANNEL_STDOUT], &plumbing->child[1],
	        &plumbing->outputs[CHANNEL_STDOUT]) == -1 ||
	    open_log(process, CHANNEL_STDOUT, &plumbing->logs[CHANNEL_STDOUT]) == -1)
		return -1;
	if (process->config->redirect_stderr) {
		plumbing->child[2] = fcntl(plumbing->child[1], F_DUPFD_CLOEXEC, 0);
		return plumbing->child[2] == -1 ? -1 : 0;
	}
	if (make_pipe(&plumbing->outputs[CHANNEL_STDERR], &plumbing->child[2],
	        &plumbing->outputs[CHANNEL_STDERR]) == -1)
		return -1;
	return open_log(process, CHANNEL_STDERR, &plumbing->logs[CHANNEL_STDERR]);
}

/* Moves our ends into the runtime: from here on output is read. */
static int
adopt(struct master *master, struct process *process, struct plumbing *plumbing)
{
	struct runtime *runtime = process->runtime;

	runtime->input = input_new(master->loop, plumbing->input);
	if (runtime->input == NULL)
		return -1;
	plumbing->input = -1;
	for (int c = 0; c < CHANNEL_MAX; c++) {
		if (plumbing->outputs[c] == -1)
			continue;
		runtime->channels[c] = channel_new(master->loop, plumbing->outputs[c],
		    plumbing->logs[c], process->config->name, channel_words[c]);
		if (runtime->channels[c] == NULL)
			return -1;
		plumbing->outputs[c] = -1;
		plumbing->logs[c] = NULL;
	}
	return 0;
}

static void
reaped(void *ctx, pid_t pid, int wait_status)
{
	struct process *process = ctx;
	struct runtime *runtime = process->runtime;

	(void)pid;
	for (int c = 0; c < CHANNEL_MAX; c++)
		if (runtime->channels[c] != NULL)
			channel_drain(runtime->channels[c], DRAIN_MAX);
	close_pipes(runtime);
	process_reaped(process, wait_status);
}

static char *
plumbing_error(const struct process *process, int errnum)
{
	char *why;
	int n;

	if (errnum == EMFILE)
		n = asprintf(&why, "too many open files to spawn '%s'", process->config->name);
	else
		n = asprintf(&why, "unknown error making dispatchers for '%s': %s",
		    process->config->name, str_errno_name(errnum));
	return n == -1 ? NULL : why;
}

static char *
fork_error(const struct process *process, int errnum)
{
	char *why;
	int n;

	if (errnum == EAGAIN)
		n = asprintf(&why, "Too many processes in process table to spawn '%s'",
		    process->config->name);
	else
		n = asprintf(&why, "unknown error during fork for '%s': %s",
		    process->config->name, str_errno_name(errnum));
	return n == -1 ? NULL : why;
}

static pid_t
clone_child(const struct process *process, const struct command *command, char *const *env,
    const struct plumbing *plumbing)
{
	const struct master *master = master_of(process);
	const struct process_config *config = process->config;
	struct spawn_request request = {
	    .path = command->path,
	    .argv = command->argv,
	    .envp = env,
	    .fds = {plumbing->child[0], plumbing->child[1], plumbing->child[2]},
	    .extra_fd = -1,
	    .user = config->user,
	    .directory = config->directory,
	    .umask = config->umask,
	    .nofile = &master->child_nofile,
	    .own_group = true,
	    .mask = loop_original_mask(master->loop),
	};

	return spawn_child(&request);
}

/* With the command resolved: pipes, logs, clone, and the pid in the reaper's map. */
static pid_t
spawn_resolved(struct process *process, const struct command *command, char *const *env,
    char **why)
{
	struct plumbing plumbing = {
	    .child = {-1, -1, -1}, .input = -1, .outputs = {-1, -1}};
	struct master *master = master_of(process);
	pid_t pid = -1;

	if (plumb(process, &plumbing) == -1 || adopt(master, process, &plumbing) == -1) {
		*why = plumbing_error(process, errno);
		close_pipes(process->runtime);
		plumbing_clear(&plumbing);
		return -1;
	}
	pid = clone_child(process, command, env, &plumbing);
	if (pid == -1)
		*why = fork_error(process, errno);
	plumbing_clear(&plumbing);
	if (pid == -1)
		close_pipes(process->runtime);
	else if (reaper_watch(master->reaper, pid, reaped, process) == -1) {
		/* A child nobody would reap by name must not live. */
		*why = fork_error(process, ENOMEM);
		kill(pid, SIGKILL);
		close_pipes(process->runtime);
		pid = -1;
	}
	return pid;
}

static const char *
search_path(const struct process *process)
{
	const char *path = environment_get(&process->config->environment, "PATH");

	return path != NULL ? path : getenv("PATH");
}

static pid_t
spawn(struct process *process, char **why)
{
	const struct master *master = master_of(process);
	struct command command = {0};
	char **env;
	pid_t pid = -1;

	if (command_resolve(process->config->command, search_path(process), &command, why) !=
	    FAULT_NONE)
		return -1;
	env = childenv_new(environ, master->config, process->group->config->name,
	    process->config);
	if (env == NULL)
		*why = fork_error(process, ENOMEM);
	else
		pid = spawn_resolved(process, &command, env, why);
	childenv_free(env);
	command_clear(&command);
	return pid;
}

enum fault
runtime_check_command(struct process *process, char **why)
{
	struct command command = {0};
	enum fault fault;

	fault = command_resolve(process->config->command, search_path(process), &command, why);
	command_clear(&command);
	return fault;
}

/* --- the other ops -------------------------------------------------------- */

static int
send_signal(struct process *process, pid_t target, int signo)
{
	(void)process;
	return kill(target, signo);
}

static void
arm(struct process *process, int64_t deadline_ms)
{
	source_arm(process->runtime->timer, deadline_ms);
}

static void
enqueue(struct process *process)
{
	jobs_respawn(master_of(process)->jobs, process);
}

static void
changed(struct process *process, enum process_state from)
{
	struct master *master = master_of(process);

	publish_changed(master->publisher, process);
	if (from == process->state)
		return;
	group_process_changed(master->groups, process, from);
	if (process_state_is_stopped(process->state))
		mood_process_stopped(master->mood, process);
}

static bool
is_stopping(struct process *process)
{
	return mood_is_stopping(master_of(process)->mood);
}

const struct process_ops runtime_ops = {
    .spawn = spawn,
    .kill = send_signal,
    .arm = arm,
    .enqueue = enqueue,
    .changed = changed,
    .is_stopping = is_stopping,
};

/* --- asked by commands ----------------------------------------------------- */

enum fault
runtime_write_stdin(struct process *process, const char *bytes, size_t n, char **why)
{
	struct input *input = process->runtime->input;

	if (process->pid == 0 || process->killing || input == NULL)
		return FAULT_NOT_RUNNING;
	if (input_write(input, bytes, n) == 0)
		return FAULT_NONE;
	if (errno == EPIPE)
		return FAULT_NO_FILE;
	if (asprintf(why, "stdin of %s holds as much unread data as it may (%d bytes)",
	        process->config->name, INPUT_MAX) == -1)
		*why = NULL;
	return FAULT_FAILED;
}

enum fault
runtime_clear_logs(struct process *process)
{
	enum fault fault = FAULT_NONE;

	for (int c = 0; c < CHANNEL_MAX; c++) {
		struct channel *channel = process->runtime->channels[c];
		struct logfile *log = channel == NULL ? NULL : channel_log(channel);

		if (log == NULL || logfile_clear(log) == 0 || errno == ENOENT)
			continue;
		log_error("could not clear %s: %s", logfile_path(log), strerror(errno));
		fault = FAULT_FAILED;
	}
	return fault;
}
