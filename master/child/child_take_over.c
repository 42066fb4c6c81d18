/* Processes that an earlier daemon has spawned: their pipes and their signals. */
#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "master/child/child.h"
#include "master/child/child_impl.h"
#include "master/child/pidfd.h"
#include "master/log/logfile.h"
#include "master/process/group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- what identifies a process ------------------------------------------------------- */

static uint64_t
take_over_pipe_number(int fd)
{
	struct stat st;

	return fd != -1 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) ? st.st_ino : 0;
}

void
child_origin(const struct process *process, struct child_origin *origin)
{
	const struct child *child = process->child;

	*origin = (struct child_origin){
		.born_first = child->born_first,
		.born_last = child->born_last,
		.mark = child->mark,
		.cgroup = child->cgroup,
	};
	origin->stdin_fd = child->input != NULL ? child->input->fd : -1;
	origin->stdin_pipe = take_over_pipe_number(origin->stdin_fd);
	for (int c = 0; c < OUTPUT_MAX; c++) {
		origin->output_fds[c] =
		    child->outputs[c] != NULL ? child->outputs[c]->fd : -1;
		origin->output_pipes[c] = take_over_pipe_number(origin->output_fds[c]);
	}
}

/* --- its pipes ----------------------------------------------------------------------- */

/* The device of all pipes; 0 = unknown. */
static dev_t
take_over_pipe_device(void)
{
	struct stat st = { .st_dev = 0 };
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return 0;
	(void)fstat(fds[0], &st);
	close(fds[0]);
	close(fds[1]);
	return st.st_dev;
}

/* Opens our end of a pipe again, whose other end is a descriptor of the process. The
 * process may have put anything there, so it is opened only if it is the pipe. -1 = not
 * possible. */
static int
take_over_open_pipe(pid_t pid, int theirs, uint64_t number, int flags)
{
	char path[64];
	struct stat st;
	int found, fd = -1;

	if (number == 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, theirs);
	found = open(path, O_PATH | O_CLOEXEC);
	if (found == -1)
		return -1;
	if (fstat(found, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_ino == number &&
	    st.st_dev == take_over_pipe_device()) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
		fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
	}
	close(found);
	return fd;
}

/* Output is logged as if it had come from a spawn by this daemon. */
static int
take_over_output(struct process *process, enum output_id id, int fd)
{
	struct logfile *log = NULL;

	if (child_open_log(process, id, -1, &log) == -1 ||
	    child_add_output(process, id, fd, log,
		process->child->context->config->loglevel > LEVEL_DEBUG) == -1) {
		logfile_free(log);
		return -1;
	}
	return child_listen(process, id);
}

/* A pipe that cannot be had is left out: the process runs without it. */
static void
take_over_pipes(struct process *process, pid_t pid, const struct child_origin *origin)
{
	struct child *child = process->child;
	int fd = origin->stdin_fd;

	if (fd == -1)
		fd = take_over_open_pipe(pid, STDIN_FILENO, origin->stdin_pipe, O_WRONLY);
	if (fd != -1)
		child->input =
		    stdin_queue_new(child->context->loop, fd, child_stdin_max(process));
	if (child->input == NULL)
		fd_close(fd);
	for (int c = 0; c < OUTPUT_MAX; c++) {
		fd = origin->output_fds[c];
		if (fd == -1)
			fd = take_over_open_pipe(
			    pid, STDOUT_FILENO + c, origin->output_pipes[c], O_RDONLY);
		if (fd == -1 && origin->output_pipes[c] != 0)
			log_warn("%s: the pipe of its %s cannot be opened again; what it "
				 "writes there is lost until it is restarted",
			    process->config->name, output_words[c]);
		if (fd == -1 || take_over_output(process, (enum output_id)c, fd) == 0)
			continue;
		log_warn("%s: cannot log its %s: %s", process->config->name,
		    output_words[c], strerror(errno));
		if (child->outputs[c] == NULL)
			fd_close(fd);
	}
}

/* --- the process --------------------------------------------------------------------- */

int
child_take_over(
    struct process *process, pid_t pid, int pidfd, const struct child_origin *origin)
{
	struct child *child = process->child;

	if (reaper_watch_pidfd(child->context->reaper, pid, pidfd, child_reaped, process) ==
	    -1)
		return -1;
	child->pidfd = pidfd;
	child->born_first = origin->born_first;
	child->born_last = origin->born_last;
	free(child->mark);
	child->mark = origin->mark != NULL ? strdup(origin->mark) : NULL;
	free(child->cgroup);
	child->cgroup = origin->cgroup != NULL ? strdup(origin->cgroup) : NULL;
	take_over_pipes(process, pid, origin);
	return 0;
}

void
child_close_pidfd(struct child *child)
{
	fd_close(child->pidfd);
	child->pidfd = -1;
}

/* A process that was taken over is reaped by its parent; then another process may get its
 * pid. */
int
child_signal(const struct process *process, pid_t target, int signo)
{
	int pidfd = process->child->pidfd;

	if (pidfd == -1)
		return kill(target, signo);
	if (target > 0)
		return pidfd_kill(pidfd, signo);
	return pidfd_kill(pidfd, 0) == 0 ? kill(target, signo) : -1;
}
