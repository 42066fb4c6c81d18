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
/* Of a Unix socket. Its queue keeps connections whose client has left, and those behind
 * them wait until reeve-rpcd has handled these: a flood of such clients fills any queue. A
 * client for which the queue has no room waits in connect(2). */
#define BACKLOG_UNIX 64

struct http_socket {
	union {
		struct http_socket_record record;
		struct FIELDS(HTTP_SOCKET_FIELDS);
	};
	struct log_limit missing; /* log lines about a shut-down socket or missing path */
	struct log_limit failing; /* log lines about failures to bind it again */
};

struct http_sockets {
	struct http_socket *items;
	size_t count;
};

/* ---- binding ---- */

/* Closes the socket, and removes the path if it still names this socket. A child that was
 * forked just now may have a copy, which must not keep the port in use. */
static void
http_sockets_clear(struct http_socket *one)
{
	if (one->fd != -1) {
		if (one->path != NULL)
			sock_unix_unlink(one->path, &one->made);
		else
			(void)shutdown(one->fd, SHUT_RDWR);
		close(one->fd);
	}
	free(one->address);
	free(one->path);
}

void
http_sockets_free(struct http_sockets *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->count; i++)
		http_sockets_clear(&all->items[i]);
	free(all->items);
	free(all);
}

/* Whether the path still names the socket that was bound. */
static bool
http_sockets_has_path(const struct http_socket *one)
{
	return one->path == NULL || sock_unix_has_path(one->path, &one->made);
}

static int
http_sockets_listen_unix(struct http_socket *one, const struct listener_config *config)
{
	const struct sock_unix want = {.path = config->path, .mode = (mode_t)config->mode,
	    .uid = config->uid, .gid = config->gid, .backlog = BACKLOG_UNIX};

	return sock_unix_listen(&want, &one->made);
}

char *
http_sockets_in_use(void)
{
	return xstrdup(
	    "Another program is already listening on a port that one of "
	    "our HTTP servers is configured to use.  Shut this program down first "
	    "before starting supervisord.");
}

/* Prints the address, which most of supervisord's texts do not name. The main log is
 * not open yet. */
static void
http_sockets_print_failure(const struct listener_config *config, int errnum)
{
	if (config->is_unix)
		fprintf(stderr, "[%s] cannot listen on %s: %s\n", config->section,
		    config->path, strerror(errnum));
	else
		fprintf(stderr, "[%s] cannot listen on %s:%d: %s\n", config->section,
		    *config->host != '\0' ? config->host : "*", config->port,
		    strerror(errnum));
}

static char *
http_sockets_error(const struct listener_config *config, int errnum)
{
	const struct passwd *pw;

	if (errnum == EPERM && config->is_unix) {
		pw = getpwuid(geteuid());
		return xasprintf(
		    "Not permitted to chown %s to uid/gid (%d, %d); adjust \"sockchown\" "
		    "value in config file or on command line to values that the current "
		    "user (%s) can successfully chown",
		    config->path, (int)config->uid, (int)config->gid,
		    pw == NULL ? "unknown" : pw->pw_name);
	}
	http_sockets_print_failure(config, errnum);
	if (errnum == EADDRINUSE)
		return http_sockets_in_use();
	return xasprintf("Cannot open an HTTP server: socket.error reported errno.%s (%d)",
	    str_errno_name(errnum), errnum);
}

/* Binds the path again, unless another process is listening there. True when the
 * descriptor has changed. */
static bool
http_sockets_bind_again(struct http_socket *one, const struct listener_config *config)
{
	int fd = -1;

	if (http_sockets_has_path(one) || sock_unix_check_free(config->path) == 0)
		fd = http_sockets_listen_unix(one, config);
	if (fd == -1) {
		log_limited(&one->failing, LEVEL_ERROR,
		    "[%s] cannot bind %s again: %s; only existing connections are served",
		    config->section, config->path, strerror(errno));
		return false;
	}
	close(one->fd);
	one->fd = fd;
	log_limit_reset(&one->failing);
	return true;
}

bool
http_sockets_listen_again(struct http_sockets *all, const struct config *whole, size_t i)
{
	const struct listener_config *config = &whole->listeners[i];
	struct http_socket *one = &all->items[i];
	struct pollfd look = { .fd = one->fd, .events = POLLRDHUP };
	/* reeve-rpcd can shut a listening socket down for all processes that have it. */
	bool dead =
	    poll(&look, 1, 0) == 1 && (look.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;

	if (!dead && http_sockets_has_path(one))
		return false;
	if (dead)
		log_limited(&one->missing, LEVEL_WARN,
		    "[%s] was shut down by reeve-rpcd; listening again", config->section);
	else
		log_limited(&one->missing, LEVEL_WARN,
		    "[%s] %s was removed or replaced; binding it again", config->section,
		    config->path);
	if (config->is_unix)
		return http_sockets_bind_again(one, config);
	if (listen(one->fd, BACKLOG) == -1)
		log_limited(&one->failing, LEVEL_ERROR, "[%s] cannot listen again: %s",
		    config->section, strerror(errno));
	return false;
}

/* Binds a socket that was not kept from an earlier run. 0, or -1 with *error new. */
static int
http_sockets_bind(
    struct http_socket *one, const struct listener_config *config, char **error)
{
	struct stat st;

	if (!config->is_unix) {
		one->fd = sock_listen_tcp(
		    config->address != NULL ? config->address : config->host, config->port,
		    BACKLOG);
	} else if (sock_unix_check_free(config->path) == 0) {
		if (lstat(config->path, &st) == 0)
			fprintf(stderr, "Unlinking stale socket %s\n", config->path);
		one->fd = http_sockets_listen_unix(one, config);
	}
	if (one->fd != -1)
		return 0;
	*error = http_sockets_error(config, errno);
	return -1;
}

/* An unbound socket, or the one with the same address, which is removed from `old`. */
static void
http_sockets_init(
    struct http_socket *one, const struct listener_config *config, struct http_sockets *old)
{
	*one = (struct http_socket){ .fd = -1 };
	if (config->is_unix) {
		one->path = xstrdup(config->path);
		one->address = xasprintf("unix %s %o %d %d", config->path,
		    (unsigned)config->mode, (int)config->uid, (int)config->gid);
	} else {
		one->address = xasprintf("inet %s:%d", config->host, config->port);
	}
	for (size_t i = 0; old != NULL && one->fd == -1 && i < old->count; i++)
		if (str_equal(one->address, old->items[i].address)) {
			one->made = old->items[i].made;
			one->fd = old->items[i].fd;
			old->items[i].fd = -1;
		}
}

struct http_sockets *
http_sockets_open(const struct config *config, struct http_sockets *old, char **error)
{
	struct http_sockets *all = xcalloc(1, sizeof(*all));

	all->items = xcalloc(config->nlisteners + 1, sizeof(*all->items));
	all->count = config->nlisteners;
	for (size_t i = 0; i < all->count; i++)
		http_sockets_init(&all->items[i], &config->listeners[i], old);
	/* Before binding, because an old address may overlap a new one. */
	http_sockets_free(old);
	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].fd != -1) {
			(void)http_sockets_listen_again(all, config, i);
		} else if (http_sockets_bind(
			       &all->items[i], &config->listeners[i], error) == -1) {
			http_sockets_free(all);
			return NULL;
		}
	}
	return all;
}

const struct http_socket_record *
http_sockets_get(const struct http_sockets *all, size_t i)
{
	return all != NULL && i < all->count ? &all->items[i].record : NULL;
}

struct http_sockets *
http_sockets_restore(struct http_socket_record *take, size_t count)
{
	struct http_sockets *all = xcalloc(1, sizeof(*all));

	all->items = xcalloc(count + 1, sizeof(*all->items));
	all->count = count;
	for (size_t i = 0; i < count; i++)
		all->items[i].record = take[i];
	return all;
}

/* ---- before a restart ---- */

/* Whether the address is used by a socket of ours, which is closed before others are
 * bound. */
static bool
http_sockets_is_ours(const struct http_sockets *old, const struct listener_config *config)
{
	char *tail = xasprintf(":%d", config->port);
	bool ours = false;

	for (size_t i = 0; old != NULL && i < old->count && !ours; i++) {
		const char *path = old->items[i].path, *address = old->items[i].address;

		if (config->is_unix)
			ours = path != NULL && str_equal(path, config->path) &&
			    http_sockets_has_path(&old->items[i]);
		else
			ours = path == NULL && str_equal(strrchr(address, ':'), tail);
	}
	free(tail);
	return ours;
}

/* Whether the rule of safepath.h permits replacing the path with a socket. 0, or -1. */
static int
http_sockets_check_name(const char *path)
{
	struct safepath sp;
	int rc = safepath_find(&sp, path, SAFEPATH_LAST);

	if (rc == 0)
		rc = safepath_check_replace(&sp, sp.name);
	safepath_close(&sp);
	return rc;
}

/* Tries to bind another name in the same directory. 0, or -1 with errno. */
static int
http_sockets_check_unix(
    const struct http_sockets *old, const struct listener_config *config)
{
	const char *slash = strrchr(config->path, '/');
	struct listener_config other = *config;
	struct http_socket trial = { .fd = -1 };
	int rc;

	if (!http_sockets_is_ours(old, config) &&
	    (sock_unix_check_free(config->path) == -1 ||
		http_sockets_check_name(config->path) == -1))
		return -1;
	other.path = trial.path = xasprintf("%.*s.reeve-check-%d",
	    slash == NULL ? 0 : (int)(slash + 1 - config->path), config->path,
	    (int)getpid());
	trial.fd = http_sockets_listen_unix(&trial, &other);
	rc = trial.fd == -1 ? -1 : 0;
	http_sockets_clear(&trial);
	return rc;
}

static bool
http_sockets_overlap(const struct listener_config *one, const struct listener_config *other)
{
	if (one->is_unix || other->is_unix)
		return one->is_unix && other->is_unix && str_equal(one->path, other->path);
	return one->port == other->port && sock_hosts_overlap(one->host, other->host);
}

int
http_sockets_check(
    const struct http_sockets *old, const struct config *config, size_t i, char **error)
{
	const struct listener_config *one = &config->listeners[i];
	int rc;

	for (size_t n = 0; n < i; n++)
		if (http_sockets_overlap(&config->listeners[n], one)) {
			*error = xasprintf("[%s] and [%s] cannot both listen at this "
					   "address",
			    config->listeners[n].section, one->section);
			return -1;
		}
	if (one->is_unix)
		rc = http_sockets_check_unix(old, one);
	else if ((rc = sock_check_tcp(one->host, one->port)) == -1 && errno == EADDRINUSE &&
	    http_sockets_is_ours(old, one))
		rc = 0;
	if (rc == -1)
		*error = http_sockets_error(one, errno);
	return rc;
}

/* Whether clients without a password, whom nothing else identifies, have rights. */
static bool
http_sockets_is_open(const struct config *config, const struct listener_config *l)
{
	if (l->username != NULL)
		return false;
	return l->is_unix ? config->peers.count == 0 : config->nusers == 0 || l->has_role;
}

void
http_sockets_announce(const struct config *config)
{
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *l = &config->listeners[i];

		for (size_t n = 0; n < config->ninterfaces; n++)
			log_info("RPC interface '%s' initialized", config->interfaces[n]);
		if (http_sockets_is_open(config, l))
			log_critical("Server '%s' running without any HTTP authentication "
				     "checking",
			    l->section);
	}
}

int
http_sockets_fd(const struct http_sockets *all, size_t i)
{
	return all->items[i].fd;
}
