#include "rpcd/http/browser.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define AUTHORITY_ENDS "/?#" BLANKS

/* ---- headers ---- */

static bool
header_is(const char *value, const char *word)
{
	size_t n;

	value += strspn(value, BLANKS);
	n = strcspn(value, BLANKS);
	return n == strlen(word) && strncasecmp(value, word, n) == 0 &&
	    value[n + strspn(value + n, BLANKS)] == '\0';
}

static void
take_host(struct browser_request *request, const char *value)
{
	value += strspn(value, BLANKS);
	if (*value != '\0')
		request->host = value;
}

static void
take_origin(struct browser_request *request, const char *value)
{
	request->several_origins = request->origin != NULL;
	request->origin = value;
}

static void
take_site(struct browser_request *request, const char *value)
{
	request->has_site = true;
	if (!header_is(value, "same-origin") && !header_is(value, "none"))
		request->is_foreign = true;
}

static void
take_mode(struct browser_request *request, const char *value)
{
	request->is_navigation = header_is(value, "navigate");
}

static void
take_dest(struct browser_request *request, const char *value)
{
	request->is_document = header_is(value, "document");
}

static void
take_forwarded(struct browser_request *request, const char *value UNUSED)
{
	request->is_forwarded = true;
}

static const struct header_row {
	const char *name;
	bool is_prefix;
	void (*take)(struct browser_request *, const char *value);
} headers[] = {
	{"Host", false, take_host},
	{"Origin", false, take_origin},
	{"Sec-Fetch-Site", false, take_site},
	{"Sec-Fetch-Mode", false, take_mode},
	{"Sec-Fetch-Dest", false, take_dest},
	{"Forwarded", true, take_forwarded},
	{"X-Forwarded", true, take_forwarded},
	{"X-Real-IP", false, take_forwarded},
	{"X-Client-IP", false, take_forwarded},
	{"X-Cluster-Client-IP", false, take_forwarded},
	{"X-Original-Forwarded-For", false, take_forwarded},
	{"True-Client-IP", false, take_forwarded},
	{"CF-Connecting-IP", false, take_forwarded},
	{"Via", false, take_forwarded},
};

static bool
row_matches(const struct header_row *row, const char *name)
{
	size_t n;

	/* Most headers are none of these: the first letter tells, in either case. */
	if (((row->name[0] ^ name[0]) & ~0x20) != 0)
		return false;
	n = strlen(row->name);
	return strncasecmp(row->name, name, n) == 0 && (row->is_prefix || name[n] == '\0');
}

void
browser_header(struct browser_request *request, const char *name, const char *value)
{
	if (value == NULL)
		value = "";
	if (strncasecmp(name, "Sec-Fetch-", strlen("Sec-Fetch-")) == 0)
		request->has_fetch = true;
	for (size_t i = 0; i < nitems(headers); i++)
		if (row_matches(&headers[i], name))
			headers[i].take(request, value);
}

/* ---- hosts ---- */

/* The name and the port of "NAME:PORT", "NAME" or "[ADDRESS]:PORT". */
struct authority {
	const char *name;
	size_t len;		/* without one dot at the end; with brackets */
	const char *port;
	size_t port_len;	/* 0 = none */
};

static struct authority
authority_read(const char *text)
{
	size_t len = strcspn(text, AUTHORITY_ENDS);
	const char *end = *text == '[' ? memchr(text, ']', len) : NULL;
	const char *from = end != NULL ? end : text;
	const char *colon = memchr(from, ':', len - (size_t)(from - text));
	struct authority authority = {.name = text, .len = len};

	if (colon != NULL) {
		authority.len = (size_t)(colon - text);
		authority.port = colon + 1;
		authority.port_len = len - authority.len - 1;
	}
	if (authority.len > 1 && text[authority.len - 1] == '.')
		authority.len--;
	return authority;
}

/* Something other than blanks follows it: a path, or the next origin of a list. */
static bool
authority_has_more(const char *text)
{
	text += strcspn(text, AUTHORITY_ENDS);
	return text[strspn(text, BLANKS)] != '\0';
}

static bool
authority_is(const struct authority *authority, const char *name, size_t len)
{
	return authority->len == len && strncasecmp(authority->name, name, len) == 0;
}

static bool
authority_is_address(const struct authority *authority)
{
	bool bracketed = authority->name[0] == '[' &&
	    authority->name[authority->len - 1] == ']' && authority->len > 2;
	const char *begin = authority->name + (bracketed ? 1 : 0);
	size_t len = authority->len - (bracketed ? 2 : 0);
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (len == 0 || len >= sizeof(text))
		return false;
	memcpy(text, begin, len);
	text[len] = '\0';
	return inet_pton(bracketed ? AF_INET6 : AF_INET, text, &address) == 1;
}

static bool
authority_is_named(const struct authority *authority, const char *names)
{
	while (names != NULL && *(names += strspn(names, BLANKS)) != '\0') {
		size_t len = strcspn(names, BLANKS);

		if (authority_is(authority, names, len))
			return true;
		names += len;
	}
	return authority_is(authority, "localhost", strlen("localhost"));
}

static bool
is_own_name(const char *host, const char *names)
{
	struct authority authority;

	if (host == NULL)
		return false;
	authority = authority_read(host);
	return authority.len > 0 &&
	    (authority_is_address(&authority) || authority_is_named(&authority, names));
}

/* The port that a scheme leaves out. */
static const char *
default_port(const char *origin)
{
	return strncasecmp(origin, "https:", strlen("https:")) == 0 ? "443" : "80";
}

static bool
same_port(const struct authority *a, const struct authority *b, const char *otherwise)
{
	const char *port = a->port_len > 0 ? a->port : otherwise;
	const char *other = b->port_len > 0 ? b->port : otherwise;
	size_t len = a->port_len > 0 ? a->port_len : strlen(otherwise);

	return len == (b->port_len > 0 ? b->port_len : strlen(otherwise)) &&
	    memcmp(port, other, len) == 0;
}

/* "null", which sandboxed pages and files have, is nobody's. */
static bool
is_own_origin(const char *origin, const char *host)
{
	const char *mark = strstr(origin, "://");
	struct authority theirs, ours;

	if (mark == NULL || host == NULL)
		return false;
	mark += strlen("://");
	theirs = authority_read(mark);
	ours = authority_read(host);
	return theirs.len > 0 && !authority_has_more(mark) &&
	    authority_is(&ours, theirs.name, theirs.len) &&
	    same_port(&theirs, &ours, default_port(origin));
}

/* ---- verdict ---- */

static bool
is_foreign_site(const struct browser_request *request, const struct browser_rules *rules)
{
	if (request->has_site)
		return request->is_foreign &&
		    !(rules->is_page && request->is_navigation && request->is_document);
	if (request->origin == NULL)
		return false;
	return request->several_origins || !is_own_origin(request->origin, request->host);
}

/* A client that is no browser may send any name, or none: it is not sent by a page. */
static bool
needs_own_name(const struct browser_request *request, const struct browser_rules *rules)
{
	if (rules->has_password)
		return false;
	if (request->has_fetch || request->origin != NULL)
		return true;
	return rules->is_read && !rules->is_unix && request->host != NULL;
}

enum browser_verdict
browser_judge(const struct browser_request *request, const struct browser_rules *rules)
{
	if (is_foreign_site(request, rules))
		return BROWSER_FOREIGN_SITE;
	if (needs_own_name(request, rules) && !is_own_name(request->host, rules->names))
		return BROWSER_FOREIGN_NAME;
	return BROWSER_OK;
}
