#include "master/frontend/http_sockets.h"

#include "common/log.h"
#include "common/loglimit.h"
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
	struct log_limit missing, failing;	/* its path; to bind it again */
};

struct http_sockets {
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
http_sockets_free(struct http_sockets *listeners)
{
	if (listeners == NULL)
		return;
	for (size_t i = 0; i < listeners->count; i++)
		listener_clear(&listeners->items[i]);
	free(listeners->items);
	free(listeners);
}

/* Takes the socket of an earlier run at the same address, if there is one, out of `old`. */
static void
take_kept(struct listener *listener, struct http_sockets *old)
{
	for (size_t i = 0; old != NULL && i < old->count; i++) {
		struct listener *kept = &old->items[i];

		if (kept->fd == -1 || !str_equal(listener->address, kept->address))
			continue;
		listener->made = kept->made;
		listener->fd = kept->fd;
		kept->fd = -1;
		return;
	}
}

/* Whether the path still stands for the socket that was bound. */
static bool
has_path(const struct listener *listener)
{
	return listener->path == NULL ||
	    sock_unix_has_path(listener->path, &listener->made);
}

static int
listen_unix(struct listener *listener, const struct listener_config *config)
{
	const struct sock_unix want = {.path = config->path, .mode = (mode_t)config->mode,
	    .uid = config->uid, .gid = config->gid, .backlog = BACKLOG};

	return sock_unix_listen(&want, &listener->made);
}

static int
bind_unix(struct listener *listener, const struct listener_config *config)
{
	struct stat st;

	if (sock_unix_check_free(config->path) == -1)
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

char *
http_sockets_in_use(void)
{
	return xstrdup("Another program is already listening on a port that one of "
	    "our HTTP servers is configured to use.  Shut this program down first "
	    "before starting supervisord.");
}

static char *
bind_error(const struct listener_config *config, int errnum)
{
	if (errnum == EADDRINUSE)
		return http_sockets_in_use();
	if (errnum == EPERM && config->is_unix)
		return chown_error(config);
	return xasprintf("Cannot open an HTTP server: socket.error reported errno.%s (%d)",
	    str_errno_name(errnum), errnum);
}

/* reeve-rpcd can shut a listening socket down for all that hold it. */
static bool
is_dead(int fd)
{
	struct pollfd look = {.fd = fd, .events = POLLRDHUP};

	return poll(&look, 1, 0) == 1 &&
	    (look.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

/* Binds the path once more, unless another process has taken it over. */
static bool
bind_again(struct listener *listener, const struct listener_config *config)
{
	int fd = -1;

	if (has_path(listener) || sock_unix_check_free(config->path) == 0)
		fd = listen_unix(listener, config);
	if (fd == -1) {
		log_limited(&listener->failing, LEVEL_ERROR, "[%s] cannot bind %s again: "
		    "%s; only connections made before are served", config->section,
		    config->path, strerror(errno));
		return false;
	}
	close(listener->fd);
	listener->fd = fd;
	log_limit_reset(&listener->failing);
	return true;
}

/* Makes a socket that nobody can reach any more listen again: one that was shut down, or
 * whose path was removed or replaced. True when it has another descriptor now. */
static bool
mend(struct listener *listener, const struct listener_config *config)
{
	bool dead = is_dead(listener->fd);

	if (!dead && has_path(listener))
		return false;
	if (dead)
		log_limited(&listener->missing, LEVEL_WARN,
		    "[%s] was shut down by reeve-rpcd; listening again",
		    config->section);
	else
		log_limited(&listener->missing, LEVEL_WARN, "[%s] %s was removed or "
		    "replaced; binding it again", config->section, config->path);
	if (config->is_unix)
		return bind_again(listener, config);
	if (listen(listener->fd, BACKLOG) == -1)
		log_limited(&listener->failing, LEVEL_ERROR, "[%s] cannot listen again: %s",
		    config->section, strerror(errno));
	return false;
}

static int
bind_one(const struct listener_config *config, struct listener *listener, char **error)
{
	if (listener->fd != -1) {
		(void)mend(listener, config);
		return 0;
	}
	listener->fd = config->is_unix ? bind_unix(listener, config) :
	    sock_listen_tcp(config->host, config->port, BACKLOG);
	if (listener->fd != -1)
		return 0;
	*error = bind_error(config, errno);
	return -1;
}

struct http_sockets *
http_sockets_open(const struct config *config, struct http_sockets *old, char **error)
{
	struct http_sockets *listeners = xcalloc(1, sizeof(*listeners));
	int rc = 0;

	listeners->items = xcalloc(config->nlisteners + 1, sizeof(*listeners->items));
	listeners->count = config->nlisteners;
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *one = &config->listeners[i];

		listeners->items[i] = (struct listener){.address = address_of(one),
		    .path = one->is_unix ? xstrdup(one->path) : NULL};
		listeners->items[i].fd = -1;
		take_kept(&listeners->items[i], old);
	}
	/* Before the others are bound: an old address may overlap a new one. */
	http_sockets_free(old);
	for (size_t i = 0; rc == 0 && i < config->nlisteners; i++)
		rc = bind_one(&config->listeners[i], &listeners->items[i], error);
	if (rc == 0)
		return listeners;
	http_sockets_free(listeners);
	return NULL;
}

/* --- before a restart ---------------------------------------------------------------- */

/* Whether one of our own sockets is in the way, which is closed before the others are
 * bound. */
static bool
is_ours(const struct http_sockets *old, const struct listener_config *config)
{
	char *tail = xasprintf(":%d", config->port);
	bool ours = false;

	for (size_t i = 0; old != NULL && i < old->count && !ours; i++) {
		const char *path = old->items[i].path, *address = old->items[i].address;

		if (config->is_unix)
			ours = path != NULL && str_equal(path, config->path) &&
			    has_path(&old->items[i]);
		else
			ours = path == NULL && str_equal(strrchr(address, ':'), tail);
	}
	free(tail);
	return ours;
}

/* Whether a socket may take the place of what has the name. */
static int
check_name(const char *path)
{
	struct safepath sp;
	int rc = safepath_find(&sp, path, SAFEPATH_LAST);

	if (rc == 0)
		rc = safepath_check_replace(&sp, sp.name);
	safepath_close(&sp);
	return rc;
}

/* Tries it under another name in the same directory. */
static int
check_unix(const struct http_sockets *old, const struct listener_config *config)
{
	const char *slash = strrchr(config->path, '/');
	struct listener_config other = *config;
	struct listener trial = {.fd = -1};

	if (!is_ours(old, config) && (sock_unix_check_free(config->path) == -1 ||
	    check_name(config->path) == -1))
		return -1;
	other.path = trial.path = xasprintf("%.*s.reeve-check-%d",
	    slash == NULL ? 0 : (int)(slash + 1 - config->path), config->path,
	    (int)getpid());
	trial.fd = listen_unix(&trial, &other);
	if (trial.fd == -1) {
		free(trial.path);
		return -1;
	}
	listener_clear(&trial);
	return 0;
}

static int
check_tcp(const struct http_sockets *old, const struct listener_config *config)
{
	if (sock_check_tcp(config->host, config->port) == 0)
		return 0;
	return errno == EADDRINUSE && is_ours(old, config) ? 0 : -1;
}

static bool
is_same_address(const struct listener_config *one, const struct listener_config *other)
{
	if (one->is_unix || other->is_unix)
		return one->is_unix && other->is_unix && str_equal(one->path, other->path);
	return one->port == other->port && sock_hosts_overlap(one->host, other->host);
}

int
http_sockets_check(const struct http_sockets *old, const struct config *config, size_t i,
    char **error)
{
	const struct listener_config *one = &config->listeners[i];
	int rc;

	for (size_t n = 0; n < i; n++) {
		if (!is_same_address(&config->listeners[n], one))
			continue;
		*error = xasprintf("[%s] and [%s] cannot both listen at this address",
		    config->listeners[n].section, one->section);
		return -1;
	}
	rc = one->is_unix ? check_unix(old, one) : check_tcp(old, one);
	if (rc == -1)
		*error = bind_error(one, errno);
	return rc;
}

void
http_sockets_announce(const struct config *config)
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

bool
http_sockets_revive(struct http_sockets *listeners, const struct config *config, size_t i)
{
	return mend(&listeners->items[i], &config->listeners[i]);
}

int
http_sockets_fd(const struct http_sockets *listeners, size_t i)
{
	return listeners->items[i].fd;
}
