#include "rpcd/caller.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void
caller_set_address(struct caller_origin *origin, const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		memcpy(&origin->address.in4, address, sizeof(origin->address.in4));
	else if (address->sa_family == AF_INET6)
		memcpy(&origin->address.in6, address, sizeof(origin->address.in6));
}

void
caller_identify(struct caller *caller, enum caller_kind kind, struct grant *grant)
{
	struct grant *old = caller->grant;

	caller->kind = kind;
	caller->grant = grant_ref(grant);
	grant_unref(old);
}

void
caller_clear(struct caller *caller)
{
	grant_unref(caller->grant);
	caller->grant = NULL;
	caller->kind = CALLER_UNKNOWN;
}

/* ---- rights ---- */

static const struct grant *
caller_grant(const struct caller *caller)
{
	return caller->grant != NULL ? caller->grant : grant_of_role(ROLE_NONE);
}

enum role
caller_role(const struct caller *caller)
{
	enum role role = grant_role(caller_grant(caller));

	return role < caller->ceiling ? role : caller->ceiling;
}

const char *
caller_user(const struct caller *caller)
{
	return caller->kind == CALLER_SERVER ? caller->username :
					       grant_user(caller_grant(caller));
}

enum grant_verdict
caller_check_method(const struct caller *caller, const struct api_method *method)
{
	return grant_check_method(caller_grant(caller), caller->ceiling, method);
}

enum grant_verdict
caller_check_cmd(const struct caller *caller, enum cmd_id cmd)
{
	return grant_check_cmd(caller_grant(caller), caller->ceiling, cmd);
}

bool
caller_sees(const struct caller *caller, const char *group, const char *name)
{
	return grant_sees(caller_grant(caller), group, name);
}

char *
caller_why(const struct caller *caller, enum grant_verdict verdict, const char *name,
    enum role needed)
{
	const struct grant *grant = caller_grant(caller);
	bool is_unmapped = caller->kind == CALLER_PEER && grant_role(grant) == ROLE_NONE &&
	    grant_user(grant) == NULL;
	char *why;

	if (is_unmapped && caller->forwarded != NULL)
		return xasprintf("%s needs role %s, and peer_users= does not hold for "
				 "requests that a proxy passes on",
		    name, role_name(needed));
	if (is_unmapped)
		return xasprintf(
		    "%s needs role %s, and peer_users= has no entry for uid %u", name,
		    role_name(needed), (unsigned)caller->origin->uid);
	why = grant_why(grant, caller->ceiling, verdict, name, needed);
	mem_must(why != NULL ? 0 : -1);
	return why;
}

/* ---- for the master ---- */

/* New: "uid 1000 pid 42", "192.0.2.1:4711" or "[2001:db8::1]:4711". getnameinfo() is not
 * used, because it opens a socket for some addresses, which the confinement forbids. */
static char *
caller_from(const struct caller_origin *origin)
{
	const struct sockaddr_in *in4 = &origin->address.in4;
	const struct sockaddr_in6 *in6 = &origin->address.in6;
	char host[INET6_ADDRSTRLEN];

	if (origin->is_unix)
		return xasprintf("uid %u pid %d", (unsigned)origin->uid, (int)origin->pid);
	if (in4->sin_family == AF_INET &&
	    inet_ntop(AF_INET, &in4->sin_addr, host, sizeof(host)) != NULL)
		return xasprintf("%s:%u", host, ntohs(in4->sin_port));
	if (in6->sin6_family == AF_INET6 &&
	    inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)) != NULL)
		return xasprintf("[%s]:%u", host, ntohs(in6->sin6_port));
	return xstrdup("unknown");
}

/* New: the text of a proxy, which may contain anything, as printable characters. */
static json_t *
caller_forwarded(const char *text)
{
	char *valid = str_to_utf8(text);
	json_t *value;

	if (valid == NULL)
		fatal("out of memory for a header");
	if (strlen(valid) > CALLER_FORWARDED_MAX)
		valid[str_utf8_cut(valid, CALLER_FORWARDED_MAX)] = '\0';
	str_make_plain(valid, "");
	value = json_string(valid);
	free(valid);
	return value;
}

json_t *
caller_by(const struct caller *caller, const char *method)
{
	char *from = caller_from(caller->origin);
	const char *user = caller_user(caller);
	json_t *by = json_pack(
	    "{s:s, s:s, s:s}", "from", from, "listener", caller->section, "method", method);

	mem_must(by != NULL ? 0 : -1);
	if (user != NULL)
		json_object_set_new(by, "user", json_string(user));
	if (caller->kind == CALLER_SERVER)
		json_object_set_new(by, "server", json_true());
	if (caller->forwarded != NULL)
		json_object_set_new(by, "forwarded", caller_forwarded(caller->forwarded));
	free(from);
	return by;
}
