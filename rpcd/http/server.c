#include "rpcd/http/server.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "rpcd/http/auth_failures.h"
#include "rpcd/http/request.h"
#include "rpcd/methods/process_list.h"
#include "rpcd/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A request's headers and those of its answer. libmicrohttpd overwrites all of it, and
 * some of it twice, after each request. */
#define CONN_MEMORY 16384
#define CONNECTIONS_MAX 8192 /* a listener */
#define FILES_RESERVED 64    /* descriptors that are no connections */
#define IDLE_SECONDS 1800    /* supervisord's */
#define ACCEPTS_MAX 64	     /* connections that we accept ourselves in one turn */
#define ACCEPT_MS 1000	     /* between two tries while there are no descriptors */
#define RUNS_MAX 16	     /* of libmicrohttpd in one turn of the loop … */
#define RUNS_MS 4	     /* … begun within so many milliseconds */

struct http_server {
	struct http_endpoint endpoint;
	struct MHD_Daemon *daemon;
	int fd; /* the listening socket once it is quiesced, else -1 */
	int socket;		 /* the same always; not owned */
	int shortage;		 /* errno of an accept that libmicrohttpd gave up, or 0 */
	bool paused;		 /* it accepts no more until a connection of its ends */
	struct source *accept;	 /* timer: when we accept instead of it */
	struct source *ready;	 /* libmicrohttpd's epoll set … */
	struct source *deadline; /* … and its time-outs and ours */
};

/* The share of a listener in what all of them have. */
static size_t
listener_part(const struct rpcd *rpcd, size_t all)
{
	return all / (rpcd->nlisteners > 0 ? rpcd->nlisteners : 1);
}

static size_t
at_most(size_t n, size_t most)
{
	return n < most ? n : most;
}

/* Descriptors for a listener. */
static size_t
listener_files(const struct rpcd *rpcd)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max > SANDBOX_FILES)
		files.rlim_max = SANDBOX_FILES;
	if (files.rlim_max < 2 * FILES_RESERVED)
		files.rlim_max = 2 * FILES_RESERVED;
	return listener_part(rpcd, files.rlim_max - FILES_RESERVED);
}

/* What no other listener can take from this one. Half of the descriptors are for
 * connections, half for the logs that they read: two for one that is followed, one for each
 * call that waits for a log. */
static void
listener_bounds(struct http_server *l)
{
	const struct rpcd *rpcd = l->endpoint.rpcd;
	size_t half = listener_files(rpcd) / 2;
	size_t most = at_most(half, CONNECTIONS_MAX);

	l->endpoint.connections = conntable_new(
	    most > CONNTABLE_LEAST ? (unsigned)most : CONNTABLE_LEAST);
	l->endpoint.max_tails = at_most(half / 8, HTTP_TAILS_MAX);
	budget_init(&l->endpoint.bodies, l->endpoint.name,
	    at_most(listener_part(rpcd, HTTP_BODIES_ALL), HTTP_BODIES_MAX), 0);
	budget_init(&l->endpoint.share.budget, l->endpoint.name,
	    at_most(listener_part(rpcd, BUDGET_ALL), BUDGET_MAX),
	    half - 2 * l->endpoint.max_tails - at_most(half / 4, HTTP_PARKED_MAX));
}

static void *
listener_uri(void *ctx, const char *uri, struct MHD_Connection *connection)
{
	struct http_server *l = ctx;

	return http_request_new(&l->endpoint, connection, uri);
}

static enum MHD_Result
listener_access(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *size, void **request)
{
	(void)ctx;
	(void)connection;
	(void)url;
	if (*request == NULL)
		return MHD_NO;
	return http_request_handle(*request, method, version, data, size);
}

static void
listener_completed(void *ctx, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode how)
{
	(void)ctx;
	(void)connection;
	(void)how;
	if (*request != NULL)
		http_request_free(*request);
	*request = NULL;
}

static void
listener_connection(void *ctx, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	struct http_server *l = ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = http_connection_open(&l->endpoint, connection);
	} else {
		http_connection_close(*context);
		*context = NULL;
		l->paused = false;
	}
}

static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void PRINTF_LIKE(2, 0) listener_log(void *ctx, const char *fmt, va_list ap)
{
	struct http_server *l = ctx;
	char text[256];

	if (is_shortage(errno))
		l->shortage = errno;
	vsnprintf(text, sizeof(text), fmt, ap);
	log_debug("http: %s", text);
}

static struct MHD_Daemon *
listener_daemon(struct http_server *l, int fd)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;

	return MHD_start_daemon(flags, 0, NULL, NULL, listener_access, l,
	    MHD_OPTION_EXTERNAL_LOGGER, listener_log, l, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_CONNECTION_LIMIT, conntable_limit(l->endpoint.connections),
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONN_MEMORY,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
	    MHD_OPTION_URI_LOG_CALLBACK, listener_uri, l, MHD_OPTION_NOTIFY_COMPLETED,
	    listener_completed, l, MHD_OPTION_NOTIFY_CONNECTION, listener_connection, l,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

/* What log lines call it. */
static void
listener_name(struct http_server *l, int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
	} own = {0};
	socklen_t len = sizeof(own);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (l->endpoint.is_unix)
		snprintf(l->endpoint.name, sizeof(l->endpoint.name), "the Unix socket");
	else if (getsockname(fd, &own.any, &len) < 0 ||
		 getnameinfo(&own.any, len, host, sizeof(host), port, sizeof(port),
		     NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(l->endpoint.name, sizeof(l->endpoint.name), "a TCP listener");
	else
		snprintf(l->endpoint.name, sizeof(l->endpoint.name),
		    strchr(host, ':') != NULL ? "[%.40s]:%.5s" : "%.40s:%.5s", host, port);
}

/* The daemon is made now, while its calls are still allowed; nobody runs it, so that
 * clients wait in the socket's backlog until http_server_start. */
struct http_server *
http_server_new(
    struct rpcd *rpcd, int fd, bool is_unix, struct auth *auth_take, char *names_take)
{
	struct http_server *l;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->endpoint.rpcd = rpcd;
	TAILQ_INIT(&l->endpoint.all);
	TAILQ_INIT(&l->endpoint.left);
	TAILQ_INIT(&l->endpoint.delayed);
	l->endpoint.auth_failures = auth_failures_new();
	l->endpoint.is_unix = is_unix;
	listener_name(l, fd);
	listener_bounds(l);
	l->fd = -1;
	l->socket = fd;
	l->endpoint.share.processes = process_list_new(rpcd, &l->endpoint.share.budget);
	l->daemon = l->endpoint.share.processes != NULL ? listener_daemon(l, fd) : NULL;
	if (l->daemon == NULL) {
		process_list_free(l->endpoint.share.processes);
		conntable_free(l->endpoint.connections);
		auth_failures_free(l->endpoint.auth_failures);
		free(l);
		return NULL;
	}
	l->endpoint.auth = auth_take;
	l->endpoint.names = names_take;
	return l;
}

/* A wake-up that comes too early costs one turn, a timer set after each request one system
 * call a request. */
static void
listener_arm(struct http_server *l, int64_t deadline)
{
	int64_t set = source_deadline(l->deadline);

	if (set < 0 || deadline < set)
		source_arm(l->deadline, deadline);
}

/* At its limit libmicrohttpd does not accept; it begins again only in the run after the one
 * that closed a connection. */
static bool
listener_run_once(struct http_server *l)
{
	struct conntable *all = l->endpoint.connections;
	size_t before = conntable_count(all);

	errno = 0;
	MHD_run(l->daemon);
	return http_connections_tend(&l->endpoint) ||
	       (before >= conntable_limit(all) && conntable_count(all) < before);
}

/* 0, or the errno of a shortage. */
static int
listener_accept(struct http_server *l)
{
	struct conntable *all = l->endpoint.connections;
	size_t free_places = conntable_limit(all) - conntable_count(all);
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
	} peer;
	socklen_t len;
	int fd;

	for (size_t n = 0; n < free_places && n < ACCEPTS_MAX; n++) {
		len = sizeof(peer);
		fd = accept4(l->socket, &peer.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno != ECONNABORTED)
			return is_shortage(errno) ? errno : 0;
		if (fd >= 0)
			(void)MHD_add_connection(l->daemon, fd, &peer.any, len);
	}
	return 0;
}

/* At a shortage libmicrohttpd tries again without a pause while it has no connection, and
 * else not before one of its own ends, which can take very long. Both are replaced by a try
 * of ours a second. */
static void
listener_accept_due(void *ctx, uint32_t ready)
{
	struct http_server *l = ctx;
	bool idle = conntable_count(l->endpoint.connections) == 0;
	int error;

	(void)ready;
	if (l->fd >= 0)
		return;
	error = listener_accept(l);
	if (error != 0)
		log_limited(&l->endpoint.shortages, LEVEL_WARN,
		    "%s: cannot accept connections: %s", l->endpoint.name, strerror(error));
	else
		source_arm(l->endpoint.timer, 0);
	source_want(l->ready, error != 0 && idle ? 0 : EPOLLIN);
	if (error != 0 || l->paused)
		source_arm(l->accept, clock_mono_ms() + ACCEPT_MS);
}

static void
listener_run(void *ctx, uint32_t ready)
{
	struct http_server *l = ctx;
	MHD_UNSIGNED_LONG_LONG left = 0;
	bool again = true, waits = true;
	int64_t end = 0, deadline;

	(void)ready;
	/* Whatever it was armed for is done now. */
	source_arm(l->endpoint.timer, -1);
	for (int runs = 0; again && runs < RUNS_MAX; runs++) {
		l->endpoint.now = clock_mono_ms();
		if (runs == 0)
			end = l->endpoint.now + RUNS_MS;
		else if (l->endpoint.now >= end)
			break;
		again = listener_run_once(l);
		waits = MHD_get_timeout(l->daemon, &left) == MHD_YES;
		again = again || (waits && left == 0);
	}
	if (again)
		source_arm(l->endpoint.timer, 0);
	else if (waits)
		listener_arm(l, l->endpoint.now + (int64_t)left);
	deadline = http_connections_deadline(&l->endpoint);
	if (deadline >= 0)
		listener_arm(l, deadline);
	if (l->shortage != 0) {
		l->shortage = 0;
		l->paused = conntable_count(l->endpoint.connections) > 0;
		listener_accept_due(l, 0);
	}
}

int
http_server_start(struct http_server *l)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (info == NULL)
		return -1;
	l->endpoint.timer = loop_timer(l->endpoint.rpcd->loop, listener_run, l);
	l->deadline = loop_timer(l->endpoint.rpcd->loop, listener_run, l);
	l->endpoint.refusals =
	    loop_timer(l->endpoint.rpcd->loop, http_auth_delay_due, &l->endpoint);
	l->accept = loop_timer(l->endpoint.rpcd->loop, listener_accept_due, l);
	if (l->endpoint.timer == NULL || l->deadline == NULL ||
	    l->endpoint.refusals == NULL || l->accept == NULL)
		return -1;
	l->ready =
	    loop_fd(l->endpoint.rpcd->loop, info->epoll_fd, EPOLLIN, listener_run, l);
	return l->ready != NULL ? 0 : -1;
}

void
http_server_quiesce(struct http_server *l)
{
	if (l->fd < 0)
		l->fd = MHD_quiesce_daemon(l->daemon);
}

size_t
http_server_busy(const struct http_server *l)
{
	return l->endpoint.count;
}

void
http_server_free(struct http_server *l)
{
	if (l == NULL)
		return;
	http_request_drop_all(&l->endpoint);
	source_free(l->ready);
	source_free(l->endpoint.timer);
	source_free(l->endpoint.refusals);
	source_free(l->deadline);
	source_free(l->accept);
	MHD_stop_daemon(l->daemon);
	fd_close(l->fd);
	process_list_free(l->endpoint.share.processes);
	conntable_free(l->endpoint.connections);
	auth_free(l->endpoint.auth);
	auth_failures_free(l->endpoint.auth_failures);
	free(l->endpoint.names);
	free(l);
}

static void
listener_panic(void *ctx, const char *file, unsigned line, const char *why)
{
	(void)ctx;
	fatal("libmicrohttpd: %s:%u: %s", file, line, why);
}

void
http_server_log_panics(void)
{
	MHD_set_panic_func(listener_panic, NULL);
}
