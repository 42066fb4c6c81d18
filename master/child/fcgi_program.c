#include "master/child/fcgi_program.h"

#include "common/fd.h"
#include "master/child/fcgi_socket.h"
#include "master/process/group.h"

#include <fcntl.h>
#include <stdlib.h>

/* group->shared is the socket; so is kind_state of each process that uses it. */

static int
fcgi_program_check(const struct group_config *config, char **why)
{
	return fcgi_socket_check(&config->fcgi, why);
}

static int
fcgi_program_added(struct group *group)
{
	struct fcgi_socket *fcgi = malloc(sizeof(*fcgi));

	group->shared = fcgi;
	if (fcgi == NULL)
		return -1;
	*fcgi = (struct fcgi_socket){ .config = &group->config->fcgi, .fd = -1 };
	return 0;
}

static void
fcgi_program_removed(struct group *group)
{
	struct fcgi_socket *fcgi = group->shared;

	if (fcgi != NULL)
		fd_close(fcgi->fd);
	free(fcgi);
	group->shared = NULL;
}

/* Before the command is resolved, as in supervisord. */
static int
fcgi_program_prepare(struct process *process, char **why)
{
	if (fcgi_socket_acquire(process->group->shared, why) == -1)
		return -1;
	process->kind_state = process->group->shared;
	return 0;
}

static int
fcgi_program_plumb(struct process *process, struct group_fds *fds)
{
	const struct fcgi_socket *fcgi = process->kind_state;

	fds->input = fcntl(fcgi->fd, F_DUPFD_CLOEXEC, 0);
	return fds->input == -1 ? -1 : 0;
}

static void
fcgi_program_released(struct process *process)
{
	if (process->kind_state != NULL)
		fcgi_socket_release(process->kind_state);
	process->kind_state = NULL;
}

static int
fcgi_program_input_fd(const struct process *process)
{
	const struct fcgi_socket *fcgi = process->kind_state;

	return fcgi != NULL ? fcgi->fd : -1;
}

/* The state document gives all processes of the group the same descriptor. */
static void
fcgi_program_adopt_input(struct process *process, int fd)
{
	struct fcgi_socket *fcgi = process->group->shared;

	fcgi->fd = fd;
	fcgi->processes++;
	process->kind_state = fcgi;
}

const struct group_ops fcgi_program_group_ops = {
    .has_no_stdin = true,
    .needs_its_daemon = true,
    .check = fcgi_program_check,
    .added = fcgi_program_added,
    .removed = fcgi_program_removed,
    .prepare = fcgi_program_prepare,
    .plumb = fcgi_program_plumb,
    .released = fcgi_program_released,
    .input_fd = fcgi_program_input_fd,
    .adopt_input = fcgi_program_adopt_input,
};
