#include "ctl/daemon/http_client.h"

#include "common/base64.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/str.h"
#include "ctl/daemon/http_response.h"
#include "ctl/daemon/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HTTP_CLIENT_ROOM (64 * 1024)		/* bytes read at once */

struct http_client {
	int fd;
	struct http_response response;
};

static const char unix_scheme[] = "unix://", http_scheme[] = "http://";

bool
http_client_knows(const char *url)
{
	return str_starts(url, unix_scheme) || str_starts(url, http_scheme);
}

/* --- connecting --- */

/* Adds why one of several addresses failed to *why, which is new or NULL. */
static void
http_client_add_reason(char **why, const struct addrinfo *a, int error)
{
	char host[NI_MAXHOST] = "?", *longer;

	(void)getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), NULL, 0,
	    NI_NUMERICHOST);
	longer = xasprintf("%s%s%s: %s", *why != NULL ? *why : "", *why != NULL ? ", " : "",
	    host, strerror(error));
	free(*why);
	*why = longer;
}

/* A connected descriptor, or -1 with errno; then *why is new when there was more than one
 * address. */
static int
http_client_connect_first(const struct addrinfo *list, char **why)
{
	int fd = -1, error = 0;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd != -1 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		error = errno;
		fd_close(fd);
		fd = -1;
		if (list->ai_next != NULL)
			http_client_add_reason(why, a, error);
	}
	if (fd != -1)
		mem_freep(why);
	errno = error;
	return fd;
}

/* A connected descriptor, or -1 with errno and, where that does not say all, *why new. */
static int
http_client_connect_tcp(const char *host, const char *port, char **why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int fd, error, saved;
	int64_t number;

	/* The system takes the number modulo 65536. */
	if (str_to_int(port, &number) == -1 || number < 0 || number > UINT16_MAX) {
		*why = xstrdup("this is no number of a port");
		return fail_with(EINVAL);
	}
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0) {
		*why = xstrdup(gai_strerror(error));
		return fail_with(EINVAL);
	}
	fd = http_client_connect_first(list, why);
	saved = errno;
	freeaddrinfo(list);
	errno = saved;
	return fd;
}

/* New: what stands between the scheme and a slash. A value of several lines brings their
 * ends along, and Python takes such bytes out of a URL. */
static char *
http_client_authority(const char *url)
{
	const char *start = url + strlen(http_scheme);
	char *text = xstrndup(start, strcspn(start, "/")), *out = text;

	for (const char *c = text; *c != '\0'; c++)
		if (strchr("\t\r\n", *c) == NULL)
			*out++ = *c;
	*out = '\0';
	return text;
}

/* New: "HOST:PORT" in two; an IPv6 address stands in brackets. A user before an "@" is
 * nothing to supervisorctl either. */
static char *
http_client_split_host(const char *url, char **port)
{
	char *all = http_client_authority(url), *at = strrchr(all, '@'), *host, *colon;
	size_t n;

	host = xstrdup(at != NULL ? at + 1 : all);
	free(all);
	colon = strrchr(host, ':');
	n = strlen(host);
	*port = xstrdup("80");
	if (colon != NULL && strchr(colon, ']') == NULL) {
		if (colon[1] != '\0') {
			free(*port);
			*port = xstrdup(colon + 1);
		}
		*colon = '\0';
		n = (size_t)(colon - host);
	}
	if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
		memmove(host, host + 1, n - 2);
		host[n - 2] = '\0';
	}
	return host;
}

char *
http_client_host(const char *url)
{
	char *host, *port;

	if (!str_starts(url, http_scheme))
		return NULL;
	host = http_client_split_host(url, &port);
	free(port);
	return host;
}

static int
http_client_connect(const char *url, char **why)
{
	char *host, *port;
	int fd, saved;

	if (str_starts(url, unix_scheme)) {
		fd = sock_connect_unix(url + strlen(unix_scheme));
		if (fd != -1)
			(void)fcntl(fd, F_SETFL, 0);
		return fd;
	}
	if (!str_starts(url, http_scheme)) {
		*why = xstrdup("unknown protocol");
		return fail_with(EINVAL);
	}
	host = http_client_split_host(url, &port);
	fd = http_client_connect_tcp(host, port, why);
	saved = errno;
	free(host);
	free(port);
	errno = saved;
	return fd;
}

/* A password is for whom it protects: on a Unix socket another user could have bound the
 * name. */
static bool
http_client_may_have_password(const struct http_client_request *r, int fd, char **why)
{
	char *reason;

	if (!str_starts(r->url, unix_scheme) ||
	    (r->username == NULL && r->password == NULL) ||
	    trust_peer(fd, r->daemon_uid, &reason))
		return true;
	*why = xasprintf("%s; the password is not sent", reason);
	free(reason);
	return false;
}

/* --- the request --- */

/* New: the header line, or "". */
static char *
http_client_authorization(const struct http_client_request *r)
{
	char *pair, *encoded, *line;
	size_t n;

	if (r->username == NULL && r->password == NULL)
		return xstrdup("");
	pair = xasprintf("%s:%s", r->username != NULL ? r->username : "",
	    r->password != NULL ? r->password : "");
	n = strlen(pair);
	encoded = xmalloc(BASE64_SIZE(n));
	base64_encode(pair, n, encoded);
	line = xasprintf("Authorization: Basic %s\r\n", encoded);
	mem_wiping_free(pair);
	mem_wiping_free(encoded);
	return line;
}

/* New: the request's head. */
static char *
http_client_head(const struct http_client_request *r)
{
	bool tcp = str_starts(r->url, http_scheme);
	char *host = tcp ? http_client_authority(r->url) : xstrdup("localhost");
	char *auth = http_client_authorization(r), *text, *body = xstrdup("");

	if (r->body != NULL) {
		free(body);
		body = xasprintf("Content-Type: text/xml\r\nContent-Length: %zu\r\n",
		    r->length);
	}
	text = xasprintf("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: reevectl\r\n"
	    "Accept: */*\r\n%s%s%s\r\n", r->body != NULL ? "POST" : "GET", r->path,
	    host, r->body != NULL ? "Connection: close\r\n" : "",
	    auth, body);
	mem_wipe(auth, strlen(auth));
	free(host);
	free(auth);
	free(body);
	return text;
}

static int
http_client_send_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent == -1 && errno == EINTR)
			continue;
		if (sent == -1)
			return -1;
		bytes += sent;
		n -= (size_t)sent;
	}
	return 0;
}

/* An answer may come before all was sent, and ends the sending. */
static void
http_client_send(int fd, const struct http_client_request *r)
{
	char *text = http_client_head(r);

	if (http_client_send_all(fd, text, strlen(text)) == 0 && r->body != NULL)
		(void)http_client_send_all(fd, r->body, r->length);
	mem_wipe(text, strlen(text));
	free(text);
}

/* --- the response --- */

/* Takes what has come, or that nothing more does; 0, or -1 with errno. */
static int
http_client_fill(struct http_client *h, bool wait)
{
	char *room = http_response_reserve(&h->response, HTTP_CLIENT_ROOM);
	ssize_t n;

	if (room == NULL)
		return -1;
	do {
		n = recv(h->fd, room, HTTP_CLIENT_ROOM, wait ? 0 : MSG_DONTWAIT);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	http_response_commit(&h->response, (size_t)n);
	return 0;
}

/* 0, or -1 with errno. */
static int
http_client_await_head(struct http_client *h)
{
	int rc;

	while ((rc = http_response_head(&h->response)) == -1 && errno == EAGAIN)
		if (http_client_fill(h, true) == -1)
			return -1;
	return rc;
}

enum reach
http_client_open(const struct http_client_request *r, struct http_client **http, char **why)
{
	struct http_client *h;
	int fd;

	*why = NULL;
	fd = http_client_connect(r->url, why);
	if (fd == -1) {
		int error = errno;
		if (*why == NULL)
			*why = xstrdup(strerror(error));
		return error == ENOENT ? REACH_NO_FILE :
		    error == ECONNREFUSED ? REACH_REFUSED : REACH_FAILED;
	}
	if (!http_client_may_have_password(r, fd, why)) {
		close(fd);
		return REACH_FAILED;
	}
	h = xcalloc(1, sizeof(*h));
	h->fd = fd;
	http_response_init(&h->response);
	http_client_send(fd, r);
	if (http_client_await_head(h) == -1) {
		*why = xstrdup(errno == EPROTO ? "no HTTP server answers there" :
		    strerror(errno));
		http_client_free(h);
		return REACH_FAILED;
	}
	*http = h;
	return REACH_OK;
}

void
http_client_free(struct http_client *h)
{
	if (h == NULL)
		return;
	close(h->fd);
	http_response_clear(&h->response);
	free(h);
}

int
http_client_code(const struct http_client *h)
{
	return h->response.code;
}

const char *
http_client_status(const struct http_client *h)
{
	return h->response.status;
}

int
http_client_fd(const struct http_client *h)
{
	return h->fd;
}

ssize_t
http_client_read(struct http_client *h, char *bytes, size_t n, bool wait)
{
	ssize_t got;

	while ((got = http_response_body(&h->response, bytes, n)) == -1 && errno == EAGAIN)
		if (http_client_fill(h, wait) == -1)
			return -1;
	return got;
}
