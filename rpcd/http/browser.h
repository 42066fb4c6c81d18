/* Browser: recognises requests that a browser sends, and refuses those that a page of
 * another site has made it send; recognises requests that a proxy has passed on. A page
 * can send a POST without asking, and with a name of its own that resolves to this machine
 * its Origin is that of the listener: then only the name in Host differs. */
#ifndef RPCD_HTTP_BROWSER_H
#define RPCD_HTTP_BROWSER_H

#include "common/compiler.h"

#include <stdbool.h>

/* From the headers of a request; all borrowed, zero at first. */
struct browser_request {
	const char *host; /* NULL = none */
	const char *origin;
	bool several_origins;
	bool has_fetch;     /* some Sec-Fetch-* */
	bool has_site;      /* Sec-Fetch-Site … */
	bool is_foreign;    /* … other than same-origin and none */
	bool is_navigation; /* Sec-Fetch-Mode: navigate … */
	bool is_document;   /* … and Sec-Fetch-Dest: document: the whole tab */
	bool is_forwarded;  /* a proxy names another client */
};

/* The kind of resource, and the listener that serves it. */
struct browser_rules {
	bool has_password; /* of the listener */
	bool is_unix;
	const char *names; /* of the server, separated by blanks; NULL = none */
	bool is_page;      /* a GET of what a browser shows */
	bool is_read;      /* … or of a stream or JSON: a page could read it */
};

enum browser_verdict {
	BROWSER_OK,
	BROWSER_FOREIGN_SITE,	/* a page of another site sends it */
	BROWSER_FOREIGN_NAME,	/* Host is none of the server's names */
};

/* Takes a header into account. */
void browser_header(struct browser_request *, const char *name, const char *value);
enum browser_verdict browser_judge(
    const struct browser_request *, const struct browser_rules *);

#endif
