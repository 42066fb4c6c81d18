/* Http client: one blocking request to an HTTP server, over TCP or a Unix socket.
 * HTTP/1.1 as far as supervisord and reeve-rpcd use it: Basic authentication, a body of
 * known length, in chunks, or up to the end. */
#ifndef CTL_HTTP_CLIENT_H
#define CTL_HTTP_CLIENT_H

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
	uid_t daemon_uid;                /* may receive them, besides root and this user */
	const char *body;                /* NULL: GET, else POST of text/xml */
	size_t length;
};

/* The scheme is one that http_client_open knows. */
bool http_client_knows(const char *url);
/* New: the host of an http:// URL, NULL for another. */
char *http_client_host(const char *url);
/* Connects, sends, and has the response's head when it returns REACH_OK with *http new.
 * Else *why is new. */
NODISCARD enum reach http_client_open(
    const struct http_client_request *, struct http_client **http, char **why);
void http_client_free(struct http_client *); /* NULL is fine */
/* The response, of which the head has been read. Borrowed. */
const struct http_response *http_client_response(const struct http_client *);
/* Bytes of the body: how many, 0 at its end, or -1 with errno. Without `wait` EAGAIN means
 * that none have come. */
NODISCARD ssize_t http_client_read(struct http_client *, char *bytes, size_t n, bool wait);
/* A descriptor to poll for input before http_client_read. */
int http_client_fd(const struct http_client *);

#endif
