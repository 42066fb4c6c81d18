#include "common/fd.h"
#include "common/log.h"
#include "common/sock_unix.h"
#include "master/control/control_impl.h"
#include "master/control/rights.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* Owner and mode come from the first Unix HTTP socket, whose users may call everything
 * anyway. If it requires a password, only our own user has access, unless the kernel's word
 * on who a client is counts instead (peer_users=). */
static void
control_socket_access(const struct control *control, struct sock_unix *want)
{
	const struct config *config = control->master->config;

	want->mode = 0700;
	want->uid = (uid_t)-1;
	want->gid = (gid_t)-1;
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *l = &config->listeners[i];

		if (!l->is_unix)
			continue;
		if (l->username != NULL && !rights_have_peers(control->rights))
			return;
		want->mode = (mode_t)l->mode;
		want->uid = l->uid;
		want->gid = l->gid;
		return;
	}
}

/* Accepts clients of this socket in place of the old one. 0, or -1 with errno and nothing
 * changed. */
static int
control_use(struct control *control, const struct control_socket_record *socket,
    const struct sock_unix *access)
{
	struct source *accepting = loop_fd(
	    control->master->loop, socket->fd, EPOLLIN, control_accept_clients, control);

	if (accepting == NULL)
		return -1;
	source_free(control->accepting);
	fd_close(control->socket.fd);
	control->accepting = accepting;
	control->socket = *socket;
	control->bound = *access;
	return 0;
}

/* Binds a new socket. 0, or -1 with errno and nothing changed. */
static int
control_bind(struct control *control)
{
	struct sock_unix want = { .path = control->path, .backlog = CONTROL_CLIENTS };
	struct control_socket_record socket;

	control_socket_access(control, &want);
	socket.fd = sock_unix_listen(&want, &socket.made);
	if (socket.fd == -1)
		return -1;
	if (control_use(control, &socket, &want) == 0)
		return 0;
	sock_unix_unlink(control->path, &socket.made);
	return fd_fail(socket.fd, errno);
}

void
control_unlisten(struct control *control)
{
	source_free(control->accepting);
	source_free(control->retry);
	if (control->path != NULL)
		sock_unix_unlink(control->path, &control->socket.made);
	fd_close(control->socket.fd);
	free(control->path);
}

/* The socket is open for others only as long as peer_users= decides what they may do. The
 * new socket has no clients that have connected to the old one but were not accepted. */
void
control_update_access(struct control *control)
{
	struct sock_unix want = { .path = control->path };

	control_socket_access(control, &want);
	if (control->socket.fd == -1 ||
	    !sock_unix_has_path(control->path, &control->socket.made) ||
	    (want.mode == control->bound.mode && want.uid == control->bound.uid &&
		want.gid == control->bound.gid))
		return;
	if (control_bind(control) == 0)
		return;
	log_error("control socket %s: cannot bind it with another mode, removing it: %s",
	    control->path, strerror(errno));
	sock_unix_unlink(control->path, &control->socket.made);
}

static void
control_warn_of_second(const struct second_daemon *second, const struct master *master)
{
	const char *path = master->config->control_socket;

	if (second->kind == SECOND_SILENT && second->pid > 0)
		log_warn(
		    "control socket %s belongs to process %d, which does not answer; "
		    "running %s without one: stop that process, or set control_socket= to "
		    "another path",
		    path, (int)second->pid, master->config_path);
	else if (second->kind == SECOND_SILENT)
		log_warn(
		    "control socket %s belongs to a process that does not answer; "
		    "running %s without one: stop that process, or set control_socket= to "
		    "another path",
		    path, master->config_path);
	else
		log_warn("control socket %s belongs to reeved (%d), which runs %s; running "
			 "%s without one: set control_socket= to another path",
		    path, (int)second->pid,
		    second->file != NULL ? second->file : "another configuration",
		    master->config_path);
}

/* The path and the timer. 0, or -1 with errno. */
static int
control_prepare(struct control *control)
{
	control->path = strdup(control->master->config->control_socket);
	control->retry = loop_timer(control->master->loop, control_retry_due, control);
	return control->path == NULL || control->retry == NULL ? -1 : 0;
}

void
control_listen(struct control *control)
{
	const char *path = control->master->config->control_socket;

	if (*path == '\0') {
		log_warn("pidfile %s is not a regular file, so there is no control socket "
			 "next to it; set control_socket= to a path",
		    control->master->config->pidfile);
		return;
	}
	if (control->master->second.kind != SECOND_NONE) {
		control_warn_of_second(&control->master->second, control->master);
		return;
	}
	if (control_prepare(control) == -1 || control_bind(control) == -1)
		log_warn("cannot create the control socket %s: %s; running without one",
		    path, strerror(errno));
}

const struct control_socket_record *
control_socket(const struct control *control)
{
	return &control->socket;
}

int
control_resume_socket(struct control *control, const struct control_socket_record *socket)
{
	struct sock_unix access;

	if (socket->fd == -1)
		return 0;
	if (control_prepare(control) == -1)
		return -1;
	access = (struct sock_unix){ .path = control->path };
	control_socket_access(control, &access);
	return control_use(control, socket, &access);
}

void
control_listen_again(struct control *control)
{
	if (control->accepting == NULL ||
	    sock_unix_has_path(control->path, &control->socket.made))
		return;
	if (sock_unix_check_free(control->path) == 0 && control_bind(control) == 0)
		log_limited(&control->missing, LEVEL_WARN,
		    "control socket %s was removed "
		    "or replaced; bound it again",
		    control->path);
	else
		log_limited(&control->missing, LEVEL_ERROR,
		    "control socket %s was removed "
		    "or replaced, and cannot be bound again: %s",
		    control->path, strerror(errno));
}
