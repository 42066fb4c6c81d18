/* Http: one request to an HTTP server, over TCP or a Unix socket, and its response as it
 * comes; blocking. HTTP/1.1 as far as supervisord and reeve-rpcd speak it: Basic
 * authentication, a body of known length, in chunks, or up to the end. */
#ifndef CTL_HTTP_CLIENT_H
#define CTL_HTTP_CLIENT_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct http;

struct http_request { /* all borrowed */
	const char *url;	/* "http://HOST[:PORT]" or "unix://PATH" */
	const char *path;	/* "/RPC2" */
	const char *username, *password; /* NULL = none */
	uid_t daemon_uid;	/* who may have them, besides root and us */
	const char *body;	/* NULL: GET, else POST of text/xml */
	size_t length;
};

/* The scheme is one that http_open knows. */
bool http_knows(const char *url);
/* New: the host of an http:// URL, NULL for another. */
char *http_host(const char *url);
/* Connects, sends, and has the response's head when it returns REACH_OK with *http new.
 * Else *why is new. */
NODISCARD enum reach http_open(const struct http_request *, struct http **http, char **why);
void http_free(struct http *);	/* NULL is fine */
int http_code(const struct http *);
/* The status line after the protocol: "401 Unauthorized". Borrowed. */
const char *http_status(const struct http *);
/* Bytes of the body: how many, 0 at its end, or -1 with errno. Without `wait` EAGAIN means
 * that none have come. */
NODISCARD ssize_t http_read(struct http *, char *bytes, size_t n, bool wait);
/* Something to poll for input before http_read. */
int http_fd(const struct http *);

#endif
