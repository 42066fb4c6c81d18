#include "master/control/rights.h"

#include "common/map.h"
#include "common/sock.h"

#include <errno.h>
#include <stdlib.h>

/* An entry of peer_users=. */
struct rights_peer {
	bool is_group;
	uint32_t id;
	struct grant *grant; /* borrowed from the map */
};

struct rights {
	uid_t own;
	struct map *grants; /* by the name of the user */
	struct rights_peer *peers;
	size_t npeers; /* 0: the mode of the socket decides */
	bool has_groups;
};

void
rights_free(struct rights *rights)
{
	struct grant *grant;
	size_t cursor = 0;

	if (rights == NULL)
		return;
	while (rights->grants != NULL &&
	    (grant = map_next(rights->grants, &cursor, NULL)) != NULL)
		grant_unref(grant);
	map_free(rights->grants);
	free(rights->peers);
	free(rights);
}

static int
rights_add(struct rights *rights, const struct user_config *config)
{
	const struct grant_source source = {
		.user = config->name,
		.role = config->role,
		.programs = (const char *const *)config->programs,
		.methods = (const char *const *)config->methods,
		.deny_methods = (const char *const *)config->deny_methods,
	};
	struct grant *grant = grant_new(&source);

	if (grant == NULL)
		return -1;
	if (map_set(rights->grants, config->name, grant) == -1) {
		grant_unref(grant);
		return -1;
	}
	return 0;
}

static void
rights_add_peer(struct rights *rights, const struct peer_config *config)
{
	struct grant *grant = rights_of_user(rights, config->user);

	rights->peers[rights->npeers++] = (struct rights_peer){
		.is_group = config->is_group,
		.id = config->id,
		.grant = grant != NULL ? grant : grant_of_role(ROLE_NONE),
	};
	rights->has_groups = rights->has_groups || config->is_group;
}

struct rights *
rights_new(const struct config *config, uid_t own)
{
	struct rights *rights = calloc(1, sizeof(*rights));

	if (rights == NULL)
		return NULL;
	rights->own = own;
	rights->grants = map_new();
	rights->peers = calloc(config->peers.count + 1, sizeof(*rights->peers));
	if (rights->grants == NULL || rights->peers == NULL)
		goto fail;
	for (size_t i = 0; i < config->nusers; i++)
		if (rights_add(rights, &config->users[i]) == -1)
			goto fail;
	for (size_t i = 0; i < config->peers.count; i++)
		rights_add_peer(rights, &config->peers.entries[i]);
	return rights;
fail:
	rights_free(rights);
	errno = ENOMEM;
	return NULL;
}

struct grant *
rights_of_user(const struct rights *rights, const char *name)
{
	return map_get(rights->grants, name);
}

bool
rights_have_peers(const struct rights *rights)
{
	return rights->npeers > 0;
}

/* Whether the user has all rights whatever peer_users= says. */
static bool
rights_is_admin(const struct rights *rights, uid_t uid)
{
	return rights->npeers == 0 || uid == 0 || uid == rights->own;
}

bool
rights_need_groups(const struct rights *rights, uid_t uid)
{
	return rights->has_groups && !rights_is_admin(rights, uid);
}

static bool
rights_peer_is(
    const struct rights_peer *peer, uid_t uid, const gid_t *groups, size_t ngroups)
{
	if (!peer->is_group)
		return peer->id == uid;
	for (size_t i = 0; i < ngroups; i++)
		if (peer->id == groups[i])
			return true;
	return false;
}

struct grant *
rights_of_peer(const struct rights *rights, uid_t uid, const gid_t *groups, size_t ngroups)
{
	if (rights_is_admin(rights, uid))
		return grant_of_role(ROLE_ADMIN);
	for (size_t i = 0; i < rights->npeers; i++)
		if (rights_peer_is(&rights->peers[i], uid, groups, ngroups))
			return rights->peers[i].grant;
	return grant_of_role(ROLE_NONE);
}

struct grant *
rights_of_socket(const struct rights *rights, int fd)
{
	struct grant *grant = grant_of_role(ROLE_NONE);
	gid_t gid, *groups = NULL;
	size_t count = 0;
	uid_t uid;
	pid_t pid;

	if (sock_peer(fd, &pid, &uid, &gid) == -1)
		return grant;
	if (!rights_need_groups(rights, uid))
		return rights_of_peer(rights, uid, NULL, 0);
	groups = sock_peer_groups(fd, &count);
	if (groups != NULL)
		grant = rights_of_peer(rights, uid, groups, count);
	free(groups);
	return grant;
}
