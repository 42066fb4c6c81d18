#include "rpcd/http/access.h"

#include "common/base64.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SCHEME "basic "

bool
access_is_closed(const struct access_rules *rules)
{
	return rules->access->own != NULL ||
	    (!rules->is_unix && users_exist(rules->users) && !rules->access->has_role);
}

/* ---- without credentials ---- */

/* The rights of the process at the other end of a Unix socket. A proxy's requests come from
 * others, so that they do not have the rights of the proxy. */
static struct grant *
access_of_peer(const struct access_rules *rules, const struct access_client *client,
    const struct caller_origin *origin)
{
	struct grant *grant;
	gid_t *groups = NULL;
	size_t n = 0;

	if (client->forwarded)
		return grant_of_role(ROLE_NONE);
	if (origin->uid == 0 || origin->uid == rules->daemon_uid)
		return grant_of_role(ROLE_ADMIN);
	if (users_need_groups(rules->users))
		groups = sock_peer_groups(client->fd, &n);
	grant = users_of_peer(rules->users, origin->uid, groups, groups != NULL ? n : 0);
	free(groups);
	return grant != NULL ? grant : grant_of_role(ROLE_NONE);
}

/* Sets the grant, which is borrowed. */
static enum access_result
access_of_open(const struct access_rules *rules, const struct access_client *client,
    const struct caller_origin *origin, enum caller_kind *kind, struct grant **grant)
{
	bool local = client->is_local && !client->forwarded;

	if (rules->access->own != NULL)
		return ACCESS_REQUIRED;
	if (rules->is_unix && users_have_peers(rules->users)) {
		*kind = CALLER_PEER;
		*grant = access_of_peer(rules, client, origin);
		return ACCESS_OK;
	}
	if (access_is_closed(rules))
		return ACCESS_REQUIRED;
	*kind = CALLER_OPEN;
	*grant = grant_of_role(local ? rules->access->local : rules->access->remote);
	return ACCESS_OK;
}

/* ---- credentials ---- */

static enum access_result
access_of_user(
    const struct access_rules *rules, struct caller *caller, struct access_given *given)
{
	const struct credential credential = { given->text, given->len };
	struct grant *grant;

	given->version = users_version(rules->users);
	switch (users_check(rules->users, &credential, &given->digest, &grant)) {
	case USERS_OK:
		caller_identify(caller, CALLER_USER, grant);
		return ACCESS_OK;
	case USERS_UNVERIFIED:
		return ACCESS_UNVERIFIED;
	default:
		return ACCESS_WRONG;
	}
}

static enum access_result
access_of_credentials(
    const struct access_rules *rules, struct caller *caller, struct access_given *given)
{
	const struct credential credential = { given->text, given->len };
	const struct credentials *own = rules->access->own;
	struct credentials_digest digest;

	if (own != NULL && credentials_find(own, &credential, &digest) != NULL) {
		caller_identify(caller, CALLER_SERVER, grant_of_role(ROLE_ADMIN));
		return ACCESS_OK;
	}
	return access_of_user(rules, caller, given);
}

/* Reads "USER:PASSWORD" in base64. */
static enum access_result
access_read(const char *encoded, struct access_given *given)
{
	size_t size = strlen(encoded);
	char *text = xmalloc(size + 1);
	ssize_t len = base64_decode(encoded, size, text);
	char *colon = len > 0 ? memchr(text, ':', (size_t)len) : NULL;

	*given = (struct access_given){ .text = text, .len = len > 0 ? (size_t)len : size };
	if (colon == NULL || !str_is_utf8(text, given->len))
		return ACCESS_MALFORMED;
	/* No name and no password of the configuration has a NUL. */
	if (memchr(text, '\0', given->len) != NULL)
		return ACCESS_WRONG;
	*colon = '\0';
	return ACCESS_OK;
}

void
access_given_clear(struct access_given *given)
{
	if (given->text != NULL)
		mem_wipe(given->text, given->len);
	mem_freep(&given->text);
}

/* ---- both ---- */

enum access_result
access_check(const struct access_rules *rules, const struct access_client *client,
    const char *header, struct caller *caller, struct access_given *given)
{
	bool reads = rules->access->own != NULL || users_exist(rules->users);
	enum access_result result;
	enum caller_kind kind;
	struct grant *grant;

	*given = (struct access_given){ 0 };
	if (!reads || header == NULL || strncasecmp(header, SCHEME, strlen(SCHEME)) != 0) {
		result = access_of_open(rules, client, caller->origin, &kind, &grant);
		if (result == ACCESS_OK)
			caller_identify(caller, kind, grant);
		return result;
	}
	result = access_read(header + strlen(SCHEME), given);
	if (result == ACCESS_OK)
		result = access_of_credentials(rules, caller, given);
	if (result != ACCESS_UNVERIFIED)
		access_given_clear(given);
	return result;
}

enum access_result
access_check_again(
    const struct access_rules *rules, struct caller *caller, struct access_given *given)
{
	return access_of_user(rules, caller, given);
}

bool
access_is_unchanged(const struct access_rules *rules, const struct access_client *client,
    const struct caller *caller)
{
	struct grant *grant = NULL;
	enum caller_kind kind = caller->kind;

	if (kind == CALLER_SERVER)
		return true;
	if (kind == CALLER_USER)
		grant = users_grant(rules->users, grant_user(caller->grant));
	else if (access_of_open(rules, client, caller->origin, &kind, &grant) != ACCESS_OK)
		return false;
	return grant != NULL && grant_equal(grant, caller->grant);
}
