#include "rpcd/http/browser.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"
#define AUTHORITY_ENDS "/?#" BLANKS

/* ---- headers ---- */

static bool
browser_value_is(const char *value, const char *word)
{
	size_t n;

	value += strspn(value, BLANKS);
	n = strcspn(value, BLANKS);
	return n == strlen(word) && strncasecmp(value, word, n) == 0 &&
	    value[n + strspn(value + n, BLANKS)] == '\0';
}

enum browser_field { HOST, ORIGIN, SITE, MODE, DEST, FORWARDED };

static const struct browser_row {
	const char *name;
	bool is_prefix;
	enum browser_field field;
} rows[] = {
	{"Host", false, HOST},
	{"Origin", false, ORIGIN},
	{"Sec-Fetch-Site", false, SITE},
	{"Sec-Fetch-Mode", false, MODE},
	{"Sec-Fetch-Dest", false, DEST},
	{"Forwarded", true, FORWARDED},
	{"X-Forwarded", true, FORWARDED},
	{"X-Real-IP", false, FORWARDED},
	{"X-Client-IP", false, FORWARDED},
	{"X-Cluster-Client-IP", false, FORWARDED},
	{"X-Original-Forwarded-For", false, FORWARDED},
	{"True-Client-IP", false, FORWARDED},
	{"CF-Connecting-IP", false, FORWARDED},
	{"Via", false, FORWARDED},
};

static void
browser_set_field(
    struct browser_request *request, enum browser_field field, const char *value)
{
	switch (field) {
	case HOST:
		value += strspn(value, BLANKS);
		if (*value != '\0')
			request->host = value;
		break;
	case ORIGIN:
		request->several_origins = request->origin != NULL;
		request->origin = value;
		break;
	case SITE:
		request->has_site = true;
		if (!browser_value_is(value, "same-origin") &&
		    !browser_value_is(value, "none"))
			request->is_foreign = true;
		break;
	case MODE:
		request->is_navigation = browser_value_is(value, "navigate");
		break;
	case DEST:
		request->is_document = browser_value_is(value, "document");
		break;
	case FORWARDED:
		request->is_forwarded = true;
		if (request->forwarded == NULL)
			request->forwarded = value;
		break;
	}
}

void
browser_header(struct browser_request *request, const char *name, const char *value)
{
	const struct browser_row *row;
	size_t n;

	if (strncasecmp(name, "Sec-Fetch-", strlen("Sec-Fetch-")) == 0)
		request->has_fetch = true;
	for (row = rows; row < rows + nitems(rows); row++) {
		/* The first letter already excludes most headers. */
		if (((row->name[0] ^ name[0]) & ~0x20) != 0)
			continue;
		n = strlen(row->name);
		if (strncasecmp(row->name, name, n) == 0 &&
		    (row->is_prefix || name[n] == '\0'))
			browser_set_field(request, row->field, value != NULL ? value : "");
	}
}

/* ---- hosts ---- */

/* The parts of "NAME:PORT", "NAME" or "[ADDRESS]:PORT". */
struct authority {
	const char *name;
	size_t len; /* with brackets, without a dot at the end */
	const char *port;
	size_t port_len; /* 0 = none */
};

static struct authority
browser_authority_read(const char *text)
{
	size_t len = strcspn(text, AUTHORITY_ENDS);
	const char *end = *text == '[' ? memchr(text, ']', len) : NULL;
	const char *from = end != NULL ? end : text;
	const char *colon = memchr(from, ':', len - (size_t)(from - text));
	struct authority authority = { .name = text, .len = len };

	if (colon != NULL) {
		authority.len = (size_t)(colon - text);
		authority.port = colon + 1;
		authority.port_len = len - authority.len - 1;
	}
	if (authority.len > 1 && text[authority.len - 1] == '.')
		authority.len--;
	return authority;
}

static bool
browser_authority_is(const struct authority *authority, const char *name, size_t len)
{
	return authority->len == len && strncasecmp(authority->name, name, len) == 0;
}

/* An IPv4 address, or an IPv6 address in brackets. */
static bool
browser_authority_is_address(const struct authority *authority)
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
browser_authority_is_named(const struct authority *authority, const char *names)
{
	while (names != NULL && *(names += strspn(names, BLANKS)) != '\0') {
		size_t len = strcspn(names, BLANKS);

		if (browser_authority_is(authority, names, len))
			return true;
		names += len;
	}
	return browser_authority_is(authority, "localhost", strlen("localhost"));
}

static bool
browser_same_port(
    const struct authority *a, const struct authority *b, const char *otherwise)
{
	const char *port = a->port_len > 0 ? a->port : otherwise;
	const char *other = b->port_len > 0 ? b->port : otherwise;
	size_t len = a->port_len > 0 ? a->port_len : strlen(otherwise);

	return len == (b->port_len > 0 ? b->port_len : strlen(otherwise)) &&
	    memcmp(port, other, len) == 0;
}

/* The origin "null", of sandboxed pages and of files, is foreign. */
static bool
browser_is_own_origin(const char *origin, const char *host)
{
	const char *mark = strstr(origin, "://"), *end;
	struct authority theirs, ours;
	bool is_https = strncasecmp(origin, "https:", strlen("https:")) == 0;

	if (mark == NULL || host == NULL)
		return false;
	mark += strlen("://");
	theirs = browser_authority_read(mark);
	ours = browser_authority_read(host);
	/* Only blanks may follow: no path and no second origin. */
	end = mark + strcspn(mark, AUTHORITY_ENDS);
	return theirs.len > 0 && end[strspn(end, BLANKS)] == '\0' &&
	    browser_authority_is(&ours, theirs.name, theirs.len) &&
	    browser_same_port(&theirs, &ours, is_https ? "443" : "80");
}

/* ---- result ---- */

static bool
browser_is_foreign_site(
    const struct browser_request *request, const struct browser_rules *rules)
{
	if (request->has_site)
		return request->is_foreign &&
		    !(rules->is_page && request->is_navigation && request->is_document);
	if (request->origin == NULL)
		return false;
	return request->several_origins ||
	    !browser_is_own_origin(request->origin, request->host);
}

/* Clients that are not browsers may send any name or none: no page causes their
 * requests. */
static bool
browser_is_foreign_name(
    const struct browser_request *request, const struct browser_rules *rules)
{
	struct authority host;

	if (rules->has_password)
		return false;
	if (!request->has_fetch && request->origin == NULL &&
	    (!rules->is_read || rules->is_unix || request->host == NULL))
		return false;
	if (request->host == NULL)
		return true;
	host = browser_authority_read(request->host);
	return host.len == 0 ||
	    (!browser_authority_is_address(&host) &&
		!browser_authority_is_named(&host, rules->names));
}

enum browser_result
browser_check(const struct browser_request *request, const struct browser_rules *rules)
{
	if (browser_is_foreign_site(request, rules))
		return BROWSER_FOREIGN_SITE;
	return browser_is_foreign_name(request, rules) ? BROWSER_FOREIGN_NAME : BROWSER_OK;
}
