#include "master/child/fcgi_program.h"

#include "master/child/child_impl.h"
#include "master/child/fcgi_socket.h"
#include "master/process/group.h"

#include <fcntl.h>

static int
fcgi_program_check(const struct group_config *config, char **why)
{
	return fcgi_socket_check(&config->fcgi, why);
}

static int
fcgi_program_added(struct group *group)
{
	group->shared = fcgi_socket_new(&group->config->fcgi);
	return group->shared == NULL ? -1 : 0;
}

static void
fcgi_program_removed(struct group *group)
{
	fcgi_socket_free(group->shared);
	group->shared = NULL;
}

/* Before the command is looked up, as in supervisord. */
static int
fcgi_program_prepare(struct process *process, char **why)
{
	if (fcgi_socket_take(process->group->shared, why) == -1)
		return -1;
	process->child->uses_socket = true;
	return 0;
}

static int
fcgi_program_plumb(struct process *process, struct group_fds *fds)
{
	fds->input = fcntl(fcgi_socket_fd(process->group->shared), F_DUPFD_CLOEXEC, 0);
	return fds->input == -1 ? -1 : 0;
}

static void
fcgi_program_released(struct process *process)
{
	if (!process->child->uses_socket)
		return;
	process->child->uses_socket = false;
	fcgi_socket_drop(process->group->shared);
}

static int
fcgi_program_input_fd(const struct process *process)
{
	return process->child->uses_socket ? fcgi_socket_fd(process->group->shared) : -1;
}

/* All processes of the group name the same descriptor. */
static void
fcgi_program_adopt_input(struct process *process, int fd)
{
	fcgi_socket_adopt(process->group->shared, fd);
	process->child->uses_socket = true;
}

const struct group_ops fcgi_program_group_ops = {
    .has_no_stdin = true,
    .check = fcgi_program_check,
    .added = fcgi_program_added,
    .removed = fcgi_program_removed,
    .prepare = fcgi_program_prepare,
    .plumb = fcgi_program_plumb,
    .released = fcgi_program_released,
    .input_fd = fcgi_program_input_fd,
    .adopt_input = fcgi_program_adopt_input,
};
