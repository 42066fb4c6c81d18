#include "ctl/daemon/http_client.h"

#include "common/base64.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/daemon/connect.h"
#include "ctl/daemon/http_response.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HTTP_CLIENT_PIECE (64 * 1024) /* bytes read at once */

struct http_client {
	int fd;
	struct http_response response;
};

static const char unix_scheme[] = "unix://", http_scheme[] = "http://";

bool
http_client_supports(const char *url)
{
	return str_starts(url, unix_scheme) || str_starts(url, http_scheme);
}

/* New: the text between the scheme and the next slash. Removes newlines and tabs as Python
 * does; a configured value may have several lines. */
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

/* New: the host, with *port new. An IPv6 address is in brackets. A user name before "@" is
 * ignored, as by supervisorctl. */
static char *
http_client_split_host(const char *url, char **port)
{
	char *all = http_client_authority(url), *at = strrchr(all, '@');
	char *host = xstrdup(at != NULL ? at + 1 : all), *colon = strrchr(host, ':');
	size_t n;

	free(all);
	if (colon != NULL && strchr(colon, ']') == NULL)
		*colon++ = '\0';
	else
		colon = NULL;
	*port = xstrdup(colon != NULL && *colon != '\0' ? colon : "80");
	n = strlen(host);
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

/* Connects; with a password, only to a trusted server on a Unix socket, because another
 * user may have bound the path. */
static enum reach
http_client_connect(const struct http_client_request *r, int *fd, char **why)
{
	char *host, *port, *reason;
	enum reach reached = REACH_FAILED;

	if (str_starts(r->url, http_scheme)) {
		host = http_client_split_host(r->url, &port);
		reached = connect_tcp(host, port, fd, why);
		free(host);
		free(port);
		return reached;
	}
	if (!str_starts(r->url, unix_scheme)) {
		*why = xstrdup("unknown protocol");
		return REACH_FAILED;
	}
	reached = connect_unix(r->url + strlen(unix_scheme), fd, why);
	if (reached != REACH_OK)
		return reached;
	(void)fcntl(*fd, F_SETFL, 0);
	if ((r->username == NULL && r->password == NULL) ||
	    connect_is_trusted(*fd, r->daemon_uid, &reason))
		return REACH_OK;
	*why = xasprintf("%s; the password is not sent", reason);
	free(reason);
	return REACH_FAILED;
}

/* New: user name and password in base64, or NULL without both. */
static char *
http_client_credentials(const struct http_client_request *r)
{
	char *pair, *encoded;
	size_t n;

	if (r->username == NULL && r->password == NULL)
		return NULL;
	pair = xasprintf("%s:%s", r->username != NULL ? r->username : "",
	    r->password != NULL ? r->password : "");
	n = strlen(pair);
	encoded = xmalloc(BASE64_SIZE(n));
	base64_encode(pair, n, encoded);
	mem_wiping_free(pair);
	return encoded;
}

/* New: the request's head. */
static char *
http_client_head(const struct http_client_request *r)
{
	char *host = str_starts(r->url, http_scheme) ? http_client_authority(r->url) :
						       xstrdup("localhost");
	char *credentials = http_client_credentials(r), *text, length[128] = "";

	if (r->body != NULL)
		snprintf(length, sizeof(length),
		    "Content-Type: text/xml\r\n"
		    "Content-Length: %zu\r\n",
		    r->length);
	text = xasprintf("%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: reevectl\r\n"
			 "Accept: */*\r\n%s%s%s%s%s\r\n",
	    r->body != NULL ? "POST" : "GET", r->path, host,
	    r->body != NULL ? "Connection: close\r\n" : "",
	    credentials != NULL ? "Authorization: Basic " : "",
	    credentials != NULL ? credentials : "", credentials != NULL ? "\r\n" : "",
	    length);
	mem_wiping_free(credentials);
	free(host);
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

/* Sends the request. An error is not reported: the server may have sent its response before
 * it read everything. */
static void
http_client_send(int fd, const struct http_client_request *r)
{
	char *text = http_client_head(r);

	if (http_client_send_all(fd, text, strlen(text)) == 0 && r->body != NULL)
		(void)http_client_send_all(fd, r->body, r->length);
	mem_wiping_free(text);
}

/* Receives more bytes of the response, or its end; 0, or -1 with errno. */
static int
http_client_fill(struct http_client *h, bool wait)
{
	char *piece = http_response_reserve(&h->response, HTTP_CLIENT_PIECE);
	ssize_t n;

	if (piece == NULL)
		return -1;
	do {
		n = recv(h->fd, piece, HTTP_CLIENT_PIECE, wait ? 0 : MSG_DONTWAIT);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	http_response_commit(&h->response, (size_t)n);
	return 0;
}

enum reach
http_client_open(const struct http_client_request *r, struct http_client **http, char **why)
{
	struct http_client *h = xcalloc(1, sizeof(*h));
	enum reach reached;
	int rc;

	*why = NULL;
	h->fd = -1;
	reached = http_client_connect(r, &h->fd, why);
	if (reached == REACH_OK) {
		http_client_send(h->fd, r);
		while ((rc = http_response_head(&h->response)) == -1 && errno == EAGAIN &&
		    http_client_fill(h, true) == 0)
			;
		if (rc == 0) {
			*http = h;
			return REACH_OK;
		}
		*why =
		    xstrdup(errno == EPROTO ? "the response is not HTTP" : strerror(errno));
		reached = REACH_FAILED;
	}
	http_client_free(h);
	return reached;
}

void
http_client_free(struct http_client *h)
{
	if (h == NULL)
		return;
	fd_close(h->fd);
	http_response_clear(&h->response);
	free(h);
}

const struct http_response *
http_client_response(const struct http_client *h)
{
	return &h->response;
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
