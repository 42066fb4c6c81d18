#include "rpcd/http/server.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "rpcd/http/verify.h"
#include "rpcd/methods/process_list.h"
#include "rpcd/reports.h"
#include "rpcd/rendered.h"
#include "rpcd/confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Memory for the headers of a request and its answer. More would cost time: libmicrohttpd
 * clears all of it after each request. */
#define CONN_MEMORY 16384
#define CONNECTIONS_MAX 8192 /* of a listener */
#define FILES_RESERVED 64    /* descriptors for other uses than connections and logs */
#define IDLE_SECONDS 1800    /* as in supervisord */
#define ACCEPTS_MAX 64       /* connections that server_accept accepts in one turn */
#define ACCEPT_MS 1000       /* between two attempts while there are no descriptors */
#define RUNS_MAX 16          /* of libmicrohttpd in one turn of the loop */
#define RUNS_MS 4            /* time after which no further run begins */

struct http_server {
	struct http_endpoint endpoint;
	struct MHD_Daemon *daemon;
	int fd;                  /* the listening socket, owned once quiesced, else -1 */
	int socket;              /* the listening socket, not owned */
	int shortage;            /* errno of a failed accept in libmicrohttpd, or 0 */
	struct source *accept;   /* timer: for server_accept_due */
	struct source *ready;    /* the epoll set of libmicrohttpd */
	struct source *deadline; /* timer: timeouts of libmicrohttpd and of conntable.h */
};

/* ---- creation ---- */

/* Divides memory and descriptors equally among the listeners, so that none can exhaust
 * another. Half of the descriptors of a listener are for connections, half for logs: two
 * for each stream, one for each call that waits for a log, the rest for replies. */
static void
server_set_bounds(struct http_endpoint *e)
{
	size_t parts = e->rpcd->nlisteners > 0 ? e->rpcd->nlisteners : 1;
	struct rlimit files;
	size_t half, most;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max > CONFINEMENT_FILES)
		files.rlim_max = CONFINEMENT_FILES;
	if (files.rlim_max < 2 * FILES_RESERVED)
		files.rlim_max = 2 * FILES_RESERVED;
	half = (files.rlim_max - FILES_RESERVED) / parts / 2;
	most = MIN(half, CONNECTIONS_MAX);
	e->connections =
	    conntable_new(most > CONNTABLE_LEAST ? (unsigned)most : CONNTABLE_LEAST);
	e->tails.max = e->pages.max = MIN(half / 8, HTTP_STREAMS_MAX);
	budget_init(&e->bodies, e->name, MIN(HTTP_BODIES_ALL / parts, HTTP_BODIES_MAX), 0);
	budget_init(&e->share.budget, e->name, MIN(BUDGET_ALL / parts, BUDGET_MAX),
	    half - 2 * (e->tails.max + e->pages.max) - MIN(half / 4, HTTP_PARKED_MAX));
}

/* Sets the name of the listener in log lines. */
static void
server_set_name(struct http_endpoint *e, int fd)
{
	struct sockaddr_storage own = { 0 };
	struct sockaddr *address = (struct sockaddr *)&own;
	socklen_t len = sizeof(own);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (e->is_unix)
		snprintf(e->name, sizeof(e->name), "the Unix socket");
	else if (getsockname(fd, address, &len) < 0 ||
	    getnameinfo(address, len, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(e->name, sizeof(e->name), "a TCP listener");
	else
		snprintf(e->name, sizeof(e->name),
		    strchr(host, ':') != NULL ? "[%.40s]:%.5s" : "%.40s:%.5s", host, port);
}

static bool
server_is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void PRINTF_LIKE(2, 0) server_log(void *ctx, const char *fmt, va_list ap)
{
	struct http_server *s = ctx;
	char text[256];

	if (server_is_shortage(errno))
		s->shortage = errno;
	vsnprintf(text, sizeof(text), fmt, ap);
	log_debug("http: %s", text);
}

static void
server_panic(void *ctx UNUSED, const char *file, unsigned line, const char *why)
{
	fatal("libmicrohttpd: %s:%u: %s", file, line, why);
}

static struct MHD_Daemon *
server_daemon(struct http_server *s)
{
	struct http_endpoint *e = &s->endpoint;

	MHD_set_panic_func(server_panic, NULL);
	return MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
	    http_request_handle, e, MHD_OPTION_EXTERNAL_LOGGER, server_log, s,
	    MHD_OPTION_LISTEN_SOCKET, s->socket, MHD_OPTION_CONNECTION_LIMIT,
	    e->connections->limit, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONN_MEMORY,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
	    MHD_OPTION_URI_LOG_CALLBACK, http_request_new, e, MHD_OPTION_NOTIFY_COMPLETED,
	    http_request_free, e, MHD_OPTION_NOTIFY_CONNECTION, http_connection_notify, e,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

static void
server_clear(struct http_server *s)
{
	rendered_free(s->endpoint.list_page);
	rendered_free(s->endpoint.metrics);
	process_list_free(s->endpoint.share.processes);
	reports_free(s->endpoint.share.reports);
	conntable_free(s->endpoint.connections);
	free(s);
}

/* Creates libmicrohttpd's daemon before the sandbox forbids its system calls. It does not
 * run before http_server_start; until then clients wait in the backlog of the socket. */
struct http_server *
http_server_new(struct rpcd *rpcd, struct setup_listener *listener)
{
	int flags = fcntl(listener->fd, F_GETFL);
	struct http_endpoint *e;
	struct http_server *s;

	if (flags < 0 || fcntl(listener->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->fd = -1;
	s->socket = listener->fd;
	e = &s->endpoint;
	e->rpcd = rpcd;
	TAILQ_INIT(&e->all);
	TAILQ_INIT(&e->left);
	TAILQ_INIT(&e->delayed);
	TAILQ_INIT(&e->verifications);
	e->is_unix = listener->is_unix;
	server_set_name(e, s->socket);
	server_set_bounds(e);
	e->share.processes = process_list_new(rpcd, &e->share.budget);
	e->share.reports = reports_new(rpcd);
	e->list_page = rendered_new(
	    rpcd, &e->share.budget, RENDERED_BY_GRANT, http_pages_write_list, rpcd);
	e->metrics = rendered_new(
	    rpcd, &e->share.budget, RENDERED_BY_PROCESSES, http_metrics_write, rpcd);
	if (e->share.processes != NULL && e->share.reports != NULL &&
	    e->list_page != NULL && e->metrics != NULL)
		s->daemon = server_daemon(s);
	if (s->daemon == NULL) {
		server_clear(s);
		return NULL;
	}
	e->access = listener->access;
	e->names = listener->names;
	e->section = listener->section;
	*listener = (struct setup_listener){ .fd = -1 };
	return s;
}

/* ---- running ---- */

/* Accepts connections. 0, or the errno of a shortage. */
static int
server_accept(struct http_server *s)
{
	const struct conntable *all = s->endpoint.connections;
	size_t most = MIN(all->limit - all->count, ACCEPTS_MAX);
	struct sockaddr_storage storage;
	struct sockaddr *peer = (struct sockaddr *)&storage;
	socklen_t len;
	int fd;

	for (size_t n = 0; n < most; n++) {
		len = sizeof(storage);
		fd = accept4(s->socket, peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno != ECONNABORTED)
			return server_is_shortage(errno) ? errno : 0;
		if (fd >= 0)
			(void)MHD_add_connection(s->daemon, fd, peer, len);
	}
	return 0;
}

/* After a shortage of descriptors or memory, libmicrohttpd retries without a pause while it
 * has no connection, and otherwise not before one of its connections ends, which can take
 * very long. Therefore we accept ourselves, once a second. */
static void
server_accept_due(void *ctx, uint32_t ready UNUSED)
{
	struct http_server *s = ctx;
	struct http_endpoint *e = &s->endpoint;
	bool idle = e->connections->count == 0;
	int error;

	if (s->fd >= 0)
		return;
	error = server_accept(s);
	if (error != 0)
		log_limited(&e->shortages, LEVEL_WARN, "%s: cannot accept connections: %s",
		    e->name, strerror(error));
	else
		source_arm(e->timer, 0);
	source_want(s->ready, error != 0 && idle ? 0 : EPOLLIN);
	if (error != 0 || e->paused)
		source_arm(s->accept, clock_mono_ms() + ACCEPT_MS);
}

/* True: libmicrohttpd must run again. At its limit of connections it does not accept before
 * the run that follows the close of one. */
static bool
server_run_once(struct http_server *s)
{
	const struct conntable *all = s->endpoint.connections;
	size_t before = all->count;

	errno = 0;
	MHD_run(s->daemon);
	return http_connections_tend(&s->endpoint) ||
	    (before >= all->limit && all->count < before);
}

/* Arms the timer only for an earlier deadline. A wake-up that is too early costs one turn;
 * setting the timer for each request would cost a system call for each. */
static void
server_arm(struct http_server *s, int64_t deadline)
{
	int64_t set = source_deadline(s->deadline);

	if (deadline >= 0 && (set < 0 || deadline < set))
		source_arm(s->deadline, deadline);
}

static void
server_run(void *ctx, uint32_t ready UNUSED)
{
	struct http_server *s = ctx;
	struct http_endpoint *e = &s->endpoint;
	MHD_UNSIGNED_LONG_LONG left = 0;
	bool again = true, waits = true;
	int64_t end = 0;

	/* This run does the work for which the timer was armed. */
	source_arm(e->timer, -1);
	for (int runs = 0; again && runs < RUNS_MAX; runs++) {
		e->now = clock_mono_ms();
		if (runs == 0)
			end = e->now + RUNS_MS;
		else if (e->now >= end)
			break;
		again = server_run_once(s);
		waits = MHD_get_timeout(s->daemon, &left) == MHD_YES;
		again = again || (waits && left == 0);
	}
	if (again)
		source_arm(e->timer, 0);
	else if (waits)
		server_arm(s, e->now + (int64_t)left);
	server_arm(s, http_connections_deadline(e));
	if (s->shortage != 0) {
		s->shortage = 0;
		e->paused = e->connections->count > 0;
		server_accept_due(s, 0);
	}
}

int
http_server_start(struct http_server *s)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct http_endpoint *e = &s->endpoint;
	struct loop *loop = e->rpcd->loop;

	if (info == NULL)
		return -1;
	e->timer = loop_timer(loop, server_run, s);
	s->deadline = loop_timer(loop, server_run, s);
	e->refusals = loop_timer(loop, http_auth_delay_due, e);
	s->accept = loop_timer(loop, server_accept_due, s);
	if (e->timer == NULL || s->deadline == NULL || e->refusals == NULL ||
	    s->accept == NULL)
		return -1;
	s->ready = loop_fd(loop, info->epoll_fd, EPOLLIN, server_run, s);
	return s->ready != NULL ? 0 : -1;
}

const struct http_endpoint *
http_server_endpoint(const struct http_server *s)
{
	return &s->endpoint;
}

void
http_server_users_changed(struct http_server *s)
{
	http_requests_revoke(&s->endpoint);
}

/* ---- end ---- */

void
http_server_quiesce(struct http_server *s)
{
	if (s->fd < 0)
		s->fd = MHD_quiesce_daemon(s->daemon);
}

size_t
http_server_connections(const struct http_server *s)
{
	return s->endpoint.connections->count;
}

void
http_server_end(struct http_server *s)
{
	http_server_quiesce(s);
	http_verify_end(&s->endpoint);
}

void
http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	http_verify_end(&s->endpoint);
	http_request_abandon_all(&s->endpoint);
	source_free(s->ready);
	source_free(s->endpoint.timer);
	source_free(s->endpoint.refusals);
	source_free(s->deadline);
	source_free(s->accept);
	MHD_stop_daemon(s->daemon);
	fd_close(s->fd);
	setup_access_clear(&s->endpoint.access);
	free(s->endpoint.names);
	free(s->endpoint.section);
	server_clear(s);
}
