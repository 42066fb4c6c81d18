#include "rpcd/users.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

struct user {
	struct grant *grant; /* owned */
	bool slow;           /* only the master can verify the password */
	bool remembered;
	struct credentials_digest digest; /* of the credential that is remembered */
};

struct users_peer {
	bool is_group;
	json_int_t id;
	char *user; /* owned */
};

struct users_table {
	struct map *by_name; /* of struct user, owned */
	struct credentials *credentials;
	bool has_slow;
	struct users_peer *peers; /* owned */
	size_t npeers;
	bool has_groups; /* a peer is a group */
};

struct users {
	struct users_table *table;
	struct users_table *incoming; /* being received, or NULL */
	uint64_t version;
	void (*changed)(void *ctx);
	void *ctx;
};

/* ---- tables ---- */

static void
users_table_free(struct users_table *table)
{
	size_t cursor = 0;
	struct user *user;

	if (table == NULL)
		return;
	while ((user = map_next(table->by_name, &cursor, NULL)) != NULL) {
		grant_unref(user->grant);
		mem_wipe(user, sizeof(*user));
		free(user);
	}
	map_free(table->by_name);
	credentials_free(table->credentials);
	for (size_t i = 0; i < table->npeers; i++)
		free(table->peers[i].user);
	free(table->peers);
	free(table);
}

static struct users_table *
users_table_new(void)
{
	struct users_table *table = xcalloc(1, sizeof(*table));

	table->by_name = map_new();
	mem_must(table->by_name != NULL ? 0 : -1);
	table->credentials = credentials_new();
	if (table->credentials != NULL)
		return table;
	users_table_free(table);
	return NULL;
}

struct users *
users_new(void)
{
	struct users *users = xcalloc(1, sizeof(*users));

	users->table = users_table_new();
	if (users->table != NULL)
		return users;
	free(users);
	return NULL;
}

void
users_free(struct users *users)
{
	if (users == NULL)
		return;
	users_table_free(users->table);
	users_table_free(users->incoming);
	free(users);
}

void
users_observe(struct users *users, void (*changed)(void *ctx), void *ctx)
{
	users->changed = changed;
	users->ctx = ctx;
}

bool
users_are_coming(const struct users *users)
{
	return users->incoming != NULL;
}

uint64_t
users_version(const struct users *users)
{
	return users->version;
}

bool
users_exist(const struct users *users)
{
	return map_count(users->table->by_name) > 0;
}

bool
users_have_slow(const struct users *users)
{
	return users->table->has_slow;
}

struct grant *
users_grant(const struct users *users, const char *name)
{
	const struct user *user = map_get(users->table->by_name, name);

	return user != NULL ? user->grant : NULL;
}

/* ---- the master's notifications ---- */

/* *list is new and ends with NULL, with borrowed texts; NULL = no such member. 0, or -1: it
 * is not an array of strings. */
static int
users_read_list(const json_t *params, const char *name, const char ***list)
{
	const json_t *array = json_object_get(params, name), *item;
	size_t i;

	*list = NULL;
	if (array == NULL)
		return 0;
	if (!json_is_array(array))
		return -1;
	*list = xcalloc(json_array_size(array) + 1, sizeof(**list));
	json_array_foreach(array, i, item) {
		(*list)[i] = json_string_value(item);
		if ((*list)[i] == NULL)
			return -1;
	}
	return 0;
}

/* New, or NULL when malformed. */
static struct grant *
users_read_grant(const char *name, const json_t *params)
{
	const char *word = json_string_value(json_object_get(params, "role"));
	int role = word != NULL ? role_parse(word) : -1;
	const char **programs = NULL, **methods = NULL, **denied = NULL;
	struct grant *grant = NULL;

	if (role >= 0 && users_read_list(params, "programs", &programs) == 0 &&
	    users_read_list(params, "methods", &methods) == 0 &&
	    users_read_list(params, "deny_methods", &denied) == 0) {
		grant = grant_new(&(struct grant_source){
		    .user = name,
		    .role = (enum role)role,
		    .programs = programs,
		    .methods = methods,
		    .deny_methods = denied,
		});
		mem_must(grant != NULL ? 0 : -1);
	}
	free(programs);
	free(methods);
	free(denied);
	return grant;
}

static int
users_on_user(struct users_table *table, const json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	const char *password = json_string_value(json_object_get(params, "password"));
	bool slow = json_is_true(json_object_get(params, "slow"));
	struct grant *grant;
	struct user *user;

	if (name == NULL || map_get(table->by_name, name) != NULL ||
	    (password != NULL && slow))
		return -1;
	grant = users_read_grant(name, params);
	if (grant == NULL)
		return -1;
	user = xcalloc(1, sizeof(*user));
	user->grant = grant;
	user->slow = slow;
	table->has_slow |= slow;
	mem_must(map_set(table->by_name, name, user));
	return password == NULL ? 0 :
				  credentials_add(table->credentials, name, password, user);
}

static int
users_on_peer(struct users_table *table, const json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "user"));
	const json_t *id = json_object_get(params, "id");
	struct users_peer *peer;

	if (name == NULL || !json_is_integer(id))
		return -1;
	table->peers =
	    xreallocarray(table->peers, table->npeers + 1, sizeof(*table->peers));
	peer = &table->peers[table->npeers++];
	peer->is_group = json_is_true(json_object_get(params, "group"));
	peer->id = json_integer_value(id);
	peer->user = xstrdup(name);
	table->has_groups |= peer->is_group;
	return 0;
}

static void
users_replace(struct users *users)
{
	struct users_table *old = users->table;

	users->table = users->incoming;
	users->incoming = NULL;
	users->version++;
	users_table_free(old);
	if (users->changed != NULL)
		users->changed(users->ctx);
}

int
users_notification(struct users *users, const char *method, const json_t *params)
{
	bool begins = strcmp(method, "users.begin") == 0;
	bool ends = strcmp(method, "users.end") == 0;
	bool is_user = strcmp(method, "users.user") == 0;
	int rc = 0;

	if (!begins && !ends && !is_user && strcmp(method, "users.peer") != 0)
		return 0;
	if (begins) {
		users_table_free(users->incoming);
		users->incoming = users_table_new();
	}
	if (users->incoming == NULL)
		return -1;
	if (ends)
		users_replace(users);
	else if (!begins)
		rc = is_user ? users_on_user(users->incoming, params) :
			       users_on_peer(users->incoming, params);
	return rc == 0 ? 1 : -1;
}

/* ---- credentials ---- */

static bool
users_may_be_password(const struct credential *given)
{
	size_t name = strnlen(given->text, given->len);
	size_t len = given->len > name ? given->len - name - 1 : 0;

	return len > 0 && len <= USERS_PASSWORD_MAX;
}

enum users_result
users_check(const struct users *users, const struct credential *given,
    struct credentials_digest *digest, struct grant **grant)
{
	const struct users_table *table = users->table;
	const struct user *user;

	if (!users_may_be_password(given))
		return USERS_WRONG;
	user = credentials_find(table->credentials, given, digest);
	if (user == NULL)
		return table->has_slow ? USERS_UNVERIFIED : USERS_WRONG;
	*grant = user->grant;
	return USERS_OK;
}

struct grant *
users_accept(struct users *users, uint64_t version, const char *name,
    const struct credentials_digest *digest)
{
	struct users_table *table = users->table;
	struct user *user = map_get(table->by_name, name);

	if (user == NULL || !user->slow || version != users->version)
		return NULL;
	if (user->remembered)
		credentials_forget(table->credentials, &user->digest);
	user->remembered = true;
	user->digest = *digest;
	mem_must(credentials_remember(table->credentials, digest, user));
	return user->grant;
}

/* ---- clients of Unix sockets ---- */

bool
users_have_peers(const struct users *users)
{
	return users->table->npeers > 0;
}

bool
users_need_groups(const struct users *users)
{
	return users->table->has_groups;
}

static bool
users_peer_is(const struct users_peer *peer, uid_t uid, const gid_t *groups, size_t ngroups)
{
	if (!peer->is_group)
		return peer->id == (json_int_t)uid;
	for (size_t i = 0; i < ngroups; i++)
		if (peer->id == (json_int_t)groups[i])
			return true;
	return false;
}

struct grant *
users_of_peer(const struct users *users, uid_t uid, const gid_t *groups, size_t ngroups)
{
	const struct users_table *table = users->table;

	for (size_t i = 0; i < table->npeers; i++)
		if (users_peer_is(&table->peers[i], uid, groups, ngroups))
			return users_grant(users, table->peers[i].user);
	return NULL;
}
