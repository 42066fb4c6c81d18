#include "master/child/fcgi_socket.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/sock_unix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Blocking, because the child that inherits it waits in accept(). The path of a Unix socket
 * is never removed, as in supervisord. -1 with errno. */
static int
fcgi_socket_open(const struct fcgi_config *config)
{
	const struct sock_unix want = {.path = config->path, .mode = config->mode,
	    .uid = config->uid, .gid = config->gid, .backlog = config->backlog};
	struct safepath_id unused;
	int fd;

	log_info("Creating socket %s", config->url);
	if (config->path != NULL)
		return sock_unix_listen_here(&want, &unused);
	if (config->address == NULL)
		return -1; /* config->why is the reason */
	fd = sock_listen_tcp(config->address, config->port, config->backlog);
	if (fd == -1 || fcntl(fd, F_SETFL, 0) == 0)
		return fd;
	return fd_fail(fd, errno);
}

int
fcgi_socket_acquire(struct fcgi_socket *fcgi, char **why)
{
	const struct fcgi_config *config = fcgi->config;

	if (fcgi->fd == -1)
		fcgi->fd = fcgi_socket_open(config);
	if (fcgi->fd != -1) {
		fcgi->processes++;
		return 0;
	}
	/* With the error's number, as Python prints it. */
	*why = config->why != NULL ?
	    mem_printf("Could not create FastCGI socket %s: %s", config->url, config->why) :
	    mem_printf("Could not create FastCGI socket %s: [Errno %d] %s", config->url,
		errno, strerror(errno));
	return -1;
}

void
fcgi_socket_release(struct fcgi_socket *fcgi)
{
	if (--fcgi->processes > 0)
		return;
	log_info("Closing socket %s", fcgi->config->url);
	close(fcgi->fd);
	fcgi->fd = -1;
}

int
fcgi_socket_check(const struct fcgi_config *config, char **why)
{
	struct fcgi_socket fcgi = { .config = config, .fd = -1 };

	if (fcgi_socket_acquire(&fcgi, why) == -1)
		return -1;
	fcgi_socket_release(&fcgi);
	return 0;
}
