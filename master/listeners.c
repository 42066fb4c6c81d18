#include "master/listeners.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/sock_unix.h"
#include "common/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 1024

struct listener {
	char *address;	/* "inet HOST:PORT" or "unix PATH MODE UID GID": what must stay */
	char *path;	/* of a Unix socket, else NULL */
	struct safepath_id made;	/* what the path stood for when we bound it */
	int fd;		/* -1 = not bound */
};

struct listeners {
	struct listener *items;
	size_t count;
};

static char *
address_of(const struct listener_config *config)
{
	if (config->is_unix)
		return xasprintf("unix %s %o %d %d", config->path, (unsigned)config->mode,
		    (int)config->uid, (int)config->gid);
	return xasprintf("inet %s:%d", config->host, config->port);
}

static void
listener_clear(struct listener *listener)
{
	if (listener->fd != -1) {
		if (listener->path != NULL)
			sock_unix_unlink(listener->path, &listener->made);
		close(listener->fd);
	}
	free(listener->address);
	free(listener->path);
}

void
listeners_free(struct listeners *listeners)
{
	if (listeners == NULL)
		return;
	for (size_t i = 0; i < listeners->count; i++)
		listener_clear(&listeners->items[i]);
	free(listeners->items);
	free(listeners);
}

/* The socket of an earlier run at the same address, taken out of `old`; or -1. */
static int
take_kept(struct listeners *old, const char *address, struct safepath_id *made)
{
	if (old == NULL)
		return -1;
	for (size_t i = 0; i < old->count; i++) {
		struct listener *listener = &old->items[i];
		int fd = listener->fd;

		if (fd == -1 || !str_equal(listener->address, address))
			continue;
		listener->fd = -1;
		*made = listener->made;
		return fd;
	}
	return -1;
}

/* Why a connection failed: because nobody can answer there. */
static bool
is_nobody(int errnum)
{
	return errnum == ENOENT || errnum == ECONNREFUSED || errnum == EPROTOTYPE ||
	    errnum == ELOOP;
}

static int
listen_unix(struct listener *listener, const struct listener_config *config)
{
	const struct sock_unix want = {.path = config->path, .mode = (mode_t)config->mode,
	    .uid = config->uid, .gid = config->gid, .backlog = BACKLOG};

	return sock_unix_listen(&want, &listener->made);
}

/* A path that somebody answers at is in use; what nobody answers at is stale, be it a
 * socket, a file or a link to nowhere. */
static int
bind_unix(struct listener *listener, const struct listener_config *config)
{
	int fd = sock_connect_unix(config->path);
	struct stat st;

	/* EAGAIN: somebody listens who is too busy to accept. */
	if (fd != -1 || errno == EAGAIN) {
		if (fd != -1)
			close(fd);
		errno = EADDRINUSE;
		return -1;
	}
	if (!is_nobody(errno))
		return -1;
	if (lstat(config->path, &st) == 0)
		fprintf(stderr, "Unlinking stale socket %s\n", config->path);
	return listen_unix(listener, config);
}

static char *
chown_error(const struct listener_config *config)
{
	const struct passwd *pw = getpwuid(geteuid());

	return xasprintf("Not permitted to chown %s to uid/gid (%d, %d); adjust "
	    "\"sockchown\" value in config file or on command line to values that the "
	    "current user (%s) can successfully chown",
	    config->path, (int)config->uid, (int)config->gid,
	    pw == NULL ? "unknown" : pw->pw_name);
}

static char *
bind_error(const struct listener_config *config, int errnum)
{
	if (errnum == EADDRINUSE)
		return xstrdup("Another program is already listening on a port that one of "
		    "our HTTP servers is configured to use.  Shut this program down first "
		    "before starting supervisord.");
	if (errnum == EPERM && config->is_unix)
		return chown_error(config);
	return xasprintf("Cannot open an HTTP server: socket.error reported errno.%s (%d)",
	    str_errno_name(errnum), errnum);
}

static int
bind_one(const struct listener_config *config, struct listener *listener, char **error)
{
	if (listener->fd == -1)
		listener->fd = config->is_unix ? bind_unix(listener, config) :
		    sock_listen_tcp(config->host, config->port, BACKLOG);
	if (listener->fd != -1)
		return 0;
	*error = bind_error(config, errno);
	return -1;
}

struct listeners *
listeners_open(const struct config *config, struct listeners *old, char **error)
{
	struct listeners *listeners = xcalloc(1, sizeof(*listeners));
	int rc = 0;

	listeners->items = xcalloc(config->nlisteners + 1, sizeof(*listeners->items));
	listeners->count = config->nlisteners;
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *one = &config->listeners[i];

		listeners->items[i] = (struct listener){.address = address_of(one),
		    .path = one->is_unix ? xstrdup(one->path) : NULL};
		listeners->items[i].fd = take_kept(
		    old, listeners->items[i].address, &listeners->items[i].made);
	}
	/* Before the others are bound: an old address may overlap a new one. */
	listeners_free(old);
	for (size_t i = 0; rc == 0 && i < config->nlisteners; i++)
		rc = bind_one(&config->listeners[i], &listeners->items[i], error);
	if (rc == 0)
		return listeners;
	listeners_free(listeners);
	return NULL;
}

void
listeners_announce(const struct config *config)
{
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *l = &config->listeners[i];

		for (size_t n = 0; n < config->ninterfaces; n++)
			log_info("RPC interface '%s' initialized", config->interfaces[n]);
		if (l->username != NULL)
			continue;
		log_critical("Server '%s' running without any HTTP authentication checking",
		    l->section);
	}
}

/* A front end can shut a listening socket down for all who hold it. */
static bool
is_dead(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLRDHUP};

	return poll(&look, 1, 0) == 1 &&
	    (look.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static void
revive(struct listener *listener, const struct listener_config *config)
{
	int fd;

	log_warn("[%s] was shut down by the front end; listening anew", config->section);
	if (!config->is_unix) {
		if (listen(listener->fd, BACKLOG) == -1)
			log_error("[%s]: %s", config->section, strerror(errno));
		return;
	}
	fd = listen_unix(listener, config);
	if (fd == -1) {
		log_error("[%s]: %s", config->section, strerror(errno));
		return;
	}
	close(listener->fd);
	listener->fd = fd;
}

void
listeners_revive(struct listeners *listeners, const struct config *config)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (is_dead(listeners->items[i].fd))
			revive(&listeners->items[i], &config->listeners[i]);
}

int
listeners_fd(const struct listeners *listeners, size_t i)
{
	return listeners->items[i].fd;
}
