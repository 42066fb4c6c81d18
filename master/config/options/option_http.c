/* Types of the options of HTTP servers, whose slots are in a listener_config. */
#include "master/config/options/option_types.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/config.h"
#include "master/config/values/users.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The listener of a slot that is its member `field`. */
#define LISTENER(slot, field) container_of_const(slot, struct listener_config, field)

static int
option_http_role_decode(const char *text, size_t n UNUSED, void *slot)
{
	struct listener_config *listener =
	    container_of(slot, struct listener_config, unauthenticated_role);
	int role = role_parse(text);

	if (role == -1)
		return -1;
	listener->unauthenticated_role = (enum role)role;
	listener->has_role = true;
	return 0;
}

static char *
option_http_role_print(const void *slot)
{
	const struct listener_config *listener = LISTENER(slot, unauthenticated_role);

	return xstrdup(listener->has_role ? role_name(listener->unauthenticated_role) : "");
}

static bool
option_http_role_equal(const void *a, const void *b)
{
	const struct listener_config *x = LISTENER(a, unauthenticated_role);
	const struct listener_config *y = LISTENER(b, unauthenticated_role);

	return x->has_role == y->has_role &&
	    x->unauthenticated_role == y->unauthenticated_role;
}

/* Parses a port. 0, or -1 with *why new. */
static int
option_http_port_number(const char *text, int *port, char **why)
{
	int64_t value;

	if (conf_type_parse(&conf_integer, text, &value, why) == -1)
		return -1;
	if (value < 1 || value > 65535) {
		*why = xasprintf("%lld is %s bound (%d)", (long long)value,
		    value < 1 ? "below lower" : "above upper", value < 1 ? 1 : 65535);
		return -1;
	}
	*port = (int)value;
	return 0;
}

/* Whether the n bytes are an IPv6 address without a zone in brackets: "[::1]". */
static bool
option_http_port_is_bracketed(const char *host, size_t n)
{
	char bare[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (n < 3 || n - 2 >= sizeof(bare) || host[0] != '[' || host[n - 1] != ']')
		return false;
	memcpy(bare, host + 1, n - 2);
	bare[n - 2] = '\0';
	return inet_pton(AF_INET6, bare, &address) == 1;
}

/* Rejects a host with a colon or a bracket that is no IPv6 address in brackets. */
static int
option_http_port_check_host(const char *host, size_t n, char **why)
{
	char *copy;

	if (option_http_port_is_bracketed(host, n) ||
	    (memchr(host, ':', n) == NULL && memchr(host, '[', n) == NULL &&
		memchr(host, ']', n) == NULL))
		return 0;
	copy = xstrndup(host, n);
	conf_type_refuse(why, "not a valid host: ", copy,
	    " (write an IPv6 address in brackets, as in [::1]:9001)");
	free(copy);
	return -1;
}

static void
option_http_port_set_host(struct listener_config *listener, const char *host, size_t n)
{
	free(listener->host);
	listener->host = n == 1 && host[0] == '*' ? xstrdup("") : xstrndup(host, n);
	str_lower(listener->host);
}

static int
option_http_port_parse(const char *text, void *slot, char **why)
{
	struct listener_config *listener = container_of(slot, struct listener_config, port);
	const char *colon = strrchr(text, ':');

	if (colon == NULL) {
		option_http_port_set_host(listener, "", 0);
		if (option_http_port_number(text, &listener->port, why) == 0)
			return 0;
		free(*why);
		return conf_type_refuse(why, "not a valid port number: ", text, " ");
	}
	if (colon[1] == '\0') {
		*why = xstrdup("no port number specified in ''");
		return -1;
	}
	option_http_port_set_host(listener, text, (size_t)(colon - text));
	if (option_http_port_number(colon + 1, &listener->port, why) == -1)
		return -1;
	return option_http_port_check_host(text, (size_t)(colon - text), why);
}

static char *
option_http_port_print(const void *slot)
{
	const struct listener_config *listener = LISTENER(slot, port);

	return xasprintf(
	    "%s:%d", listener->host[0] != '\0' ? listener->host : "*", listener->port);
}

/* Reads the text of option_http_port_print. */
static int
option_http_port_decode(const char *text, size_t n UNUSED, void *slot)
{
	struct listener_config *listener = container_of(slot, struct listener_config, port);
	const char *colon = strrchr(text, ':');
	int64_t port;

	if (colon == NULL || str_to_int(colon + 1, &port) == -1 || port < 1 || port > 65535)
		return -1;
	listener->port = (int)port;
	listener->host = *text == '*' ? strdup("") : strndup(text, (size_t)(colon - text));
	return listener->host == NULL ? -1 : 0;
}

static bool
option_http_port_equal(const void *a, const void *b)
{
	const struct listener_config *x = LISTENER(a, port), *y = LISTENER(b, port);

	return x->port == y->port && str_equal(x->host, y->host);
}

static void
option_http_port_clear(void *slot)
{
	mem_freep(&container_of(slot, struct listener_config, port)->host);
}

static int
option_http_owner_parse(const char *text, void *slot, char **why)
{
	struct listener_config *listener = container_of(slot, struct listener_config, uid);

	if (users_find_owner(text, &listener->uid, &listener->gid) == 0)
		return 0;
	*why = xasprintf("Invalid sockchown value %s", text);
	return -1;
}

static char *
option_http_owner_print(const void *slot)
{
	const struct listener_config *listener = LISTENER(slot, uid);

	return listener->uid == (uid_t)-1 ? xstrdup("") :
					    users_print_owner(listener->uid, listener->gid);
}

/* Appends "UID:GID"; an id of -1 (4294967295) leaves the owner as it is. */
static void
option_http_owner_encode(const void *slot, struct buf *out)
{
	const struct listener_config *listener = LISTENER(slot, uid);

	mem_must(buf_printf(out, "%u:%u", listener->uid, listener->gid));
}

static int
option_http_owner_decode(const char *text, size_t n UNUSED, void *slot)
{
	struct listener_config *listener = container_of(slot, struct listener_config, uid);

	return sscanf(text, "%u:%u", &listener->uid, &listener->gid) == 2 ? 0 : -1;
}

static bool
option_http_owner_equal(const void *a, const void *b)
{
	const struct listener_config *x = LISTENER(a, uid), *y = LISTENER(b, uid);

	return x->uid == y->uid && x->gid == y->gid;
}

const struct conf_type conf_role = {
	.name = "role", .size = sizeof(enum role), .decode = option_http_role_decode,
	.refusal = { "not a valid unauthenticated_role: ",
	    " (none, states, view, operate or admin)" },
	.print = option_http_role_print, .equal = option_http_role_equal,
};
const struct conf_type conf_port = {
	.name = "host:port", .size = sizeof(int), .parse = option_http_port_parse,
	.print = option_http_port_print, .equal = option_http_port_equal,
	.clear = option_http_port_clear, .decode = option_http_port_decode,
};
const struct conf_type conf_owner = {
	.name = "user:group", .size = sizeof(uid_t), .parse = option_http_owner_parse,
	.print = option_http_owner_print, .equal = option_http_owner_equal,
	.encode = option_http_owner_encode, .decode = option_http_owner_decode,
};
