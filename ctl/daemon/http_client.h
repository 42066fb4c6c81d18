/* Http client: one blocking request to an HTTP server, over TCP or a Unix socket. Supports
 * what supervisord and reeve-rpcd use of HTTP/1.1: Basic authentication; a body with a
 * length, in chunks, or up to the end of the connection. */
#ifndef CTL_DAEMON_HTTP_CLIENT_H
#define CTL_DAEMON_HTTP_CLIENT_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct http_client;

struct http_client_request {             /* all borrowed */
	const char *url;                 /* "http://HOST[:PORT]" or "unix://PATH" */
	const char *path;                /* "/RPC2" */
	const char *username, *password; /* NULL = none */
	uid_t daemon_uid;                /* trusted with them, as root and this user are */
	const char *body;                /* NULL: GET, else POST of text/xml */
	size_t length;
};

/* Whether http_client_open supports the scheme. */
bool http_client_supports(const char *url);
/* New: the host of an http:// URL, NULL for others. */
char *http_client_host(const char *url);
/* Connects, sends the request and reads the head of the response. REACH_OK with *http new;
 * else *why is new. */
NODISCARD enum reach http_client_open(
    const struct http_client_request *, struct http_client **http, char **why);
void http_client_free(struct http_client *); /* NULL is fine */
/* The response, after its head was read. Borrowed. */
const struct http_response *http_client_response(const struct http_client *);
/* Reads bytes of the body: their number, 0 at its end, or -1 with errno; EAGAIN if `wait`
 * is false and none have arrived. */
NODISCARD ssize_t http_client_read(struct http_client *, char *bytes, size_t n, bool wait);
/* A descriptor to poll for input before http_client_read. */
int http_client_fd(const struct http_client *);

#endif
