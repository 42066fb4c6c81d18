/* Browser: recognises requests that a browser sends and refuses those that a page of
 * another site caused; recognises requests that a proxy forwarded. Any page can send a POST
 * without the user's consent. A page whose host name resolves to this machine even has the
 * listener as its Origin (DNS rebinding): then only the name in Host is foreign. */
#ifndef RPCD_HTTP_BROWSER_H
#define RPCD_HTTP_BROWSER_H

#include "common/compiler.h"

#include <stdbool.h>

/* From the headers of a request. Texts are borrowed. Zero-initialized. */
struct browser_request {
	const char *host; /* NULL = none */
	const char *origin;
	bool several_origins;
	bool has_fetch;        /* any Sec-Fetch-* */
	bool has_site;         /* Sec-Fetch-Site */
	bool is_foreign;       /* a Sec-Fetch-Site other than same-origin and none */
	bool is_navigation;    /* Sec-Fetch-Mode: navigate */
	bool is_document;      /* Sec-Fetch-Dest: document, which is a whole tab */
	bool is_forwarded;     /* a header of a proxy, which names another client */
	const char *forwarded; /* the first of these headers; NULL = none */
};

/* The listener and the kind of resource. */
struct browser_rules {
	bool has_password; /* of the listener */
	bool is_unix;
	const char *names; /* names of the server, separated by blanks; NULL = none */
	bool is_page;      /* a GET of a page, which a browser shows */
	bool is_read; /* a GET of a page, a stream or JSON, which another page could read */
};

enum browser_result {
	BROWSER_OK,
	BROWSER_FOREIGN_SITE,	/* a page of another site has sent it */
	BROWSER_FOREIGN_NAME,	/* Host is not a name of the server */
};

/* Adds a header of the request. */
void browser_header(struct browser_request *, const char *name, const char *value);
enum browser_result browser_check(
    const struct browser_request *, const struct browser_rules *);

#endif
