#include "master/frontend/waiting_clients.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct waiting_clients {
	struct loop *loop;
	void (*fn)(void *ctx);
	void *ctx;
	size_t nsockets;
	struct waiting_socket {
		struct waiting_clients *all;
		int fd;
		struct source *source; /* NULL = not watched */
	} sockets[];
};

static void
waiting_clients_want(struct waiting_clients *all, uint32_t want)
{
	for (size_t i = 0; i < all->nsockets; i++)
		if (all->sockets[i].source != NULL)
			source_want(all->sockets[i].source, want);
}

static void
waiting_clients_ready(void *ctx, uint32_t ready)
{
	struct waiting_socket *socket = ctx;

	/* A socket that reeve-rpcd has shut down would be reported for ever. */
	if (ready & (EPOLLHUP | EPOLLERR)) {
		source_free(socket->source);
		socket->source = NULL;
	}
	waiting_clients_want(socket->all, 0);
	socket->all->fn(socket->all->ctx);
}

struct waiting_clients *
waiting_clients_new(struct loop *loop, size_t nsockets, void (*fn)(void *ctx), void *ctx)
{
	struct waiting_clients *all =
	    malloc(sizeof(*all) + nsockets * sizeof(all->sockets[0]));

	if (all != NULL)
		*all = (struct waiting_clients){ .loop = loop, .fn = fn, .ctx = ctx };
	return all;
}

void
waiting_clients_add(struct waiting_clients *all, int fd)
{
	struct waiting_socket *socket = all == NULL ? NULL : &all->sockets[all->nsockets];
	int copy = socket == NULL ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy == -1)
		return;
	*socket = (struct waiting_socket){ .all = all, .fd = copy };
	socket->source = loop_fd(all->loop, copy, EPOLLIN, waiting_clients_ready, socket);
	all->nsockets++;
}

void
waiting_clients_watch(struct waiting_clients *all)
{
	if (all != NULL)
		waiting_clients_want(all, EPOLLIN);
}

void
waiting_clients_free(struct waiting_clients *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->nsockets; i++) {
		source_free(all->sockets[i].source);
		close(all->sockets[i].fd);
	}
	free(all);
}
