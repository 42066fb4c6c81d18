#include "master/child/fcgi_socket.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/sock_unix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fcgi_socket {
	const struct fcgi_config *config;
	int fd; /* -1 = no socket */
	size_t users;
};

struct fcgi_socket *
fcgi_socket_new(const struct fcgi_config *config)
{
	struct fcgi_socket *fcgi = malloc(sizeof(*fcgi));

	if (fcgi != NULL)
		*fcgi = (struct fcgi_socket){ .config = config, .fd = -1 };
	return fcgi;
}

void
fcgi_socket_free(struct fcgi_socket *fcgi)
{
	if (fcgi != NULL && fcgi->fd != -1)
		close(fcgi->fd);
	free(fcgi);
}

/* A child accepts, and would not wait on a socket of the master's usual kind. */
static int
fcgi_socket_open_tcp(const struct fcgi_config *config)
{
	int fd = sock_listen_tcp(config->address, config->port, config->backlog);

	if (fd == -1 || fcntl(fd, F_SETFL, 0) == 0)
		return fd;
	return fd_fail(fd, errno);
}

/* The path stays when the socket is closed, as with supervisord. */
static int
fcgi_socket_open_unix(const struct fcgi_config *config)
{
	const struct sock_unix want = {.path = config->path, .mode = config->mode,
	    .uid = config->uid, .gid = config->gid, .backlog = config->backlog};
	struct safepath_id unused;

	return sock_unix_listen_here(&want, &unused);
}

/* The text with the number, as Python shows an error. */
static char *
fcgi_socket_failure(const struct fcgi_config *config, int errnum)
{
	if (config->why != NULL)
		return mem_printf(
		    "Could not create FastCGI socket %s: %s", config->url, config->why);
	return mem_printf("Could not create FastCGI socket %s: [Errno %d] %s", config->url,
	    errnum, strerror(errnum));
}

int
fcgi_socket_take(struct fcgi_socket *fcgi, char **why)
{
	const struct fcgi_config *config = fcgi->config;

	if (fcgi->fd == -1) {
		log_info("Creating socket %s", config->url);
		if (config->path != NULL)
			fcgi->fd = fcgi_socket_open_unix(config);
		else if (config->address != NULL)
			fcgi->fd = fcgi_socket_open_tcp(config);
	}
	if (fcgi->fd == -1)
		*why = fcgi_socket_failure(config, errno);
	else
		fcgi->users++;
	return fcgi->fd;
}

void
fcgi_socket_drop(struct fcgi_socket *fcgi)
{
	if (--fcgi->users > 0)
		return;
	log_info("Closing socket %s", fcgi->config->url);
	close(fcgi->fd);
	fcgi->fd = -1;
}

int
fcgi_socket_check(const struct fcgi_config *config, char **why)
{
	struct fcgi_socket fcgi = { .config = config, .fd = -1 };

	if (fcgi_socket_take(&fcgi, why) == -1)
		return -1;
	fcgi_socket_drop(&fcgi);
	return 0;
}

void
fcgi_socket_adopt(struct fcgi_socket *fcgi, int fd)
{
	fcgi->fd = fd;
	fcgi->users++;
}

int
fcgi_socket_fd(const struct fcgi_socket *fcgi)
{
	return fcgi->fd;
}
