/* Types of the options that say who callers are and what they may do. */
#include "master/config/options/option_types.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/user_config.h"
#include "master/config/values/users.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX (32 * 1024) /* bytes of a list: a message has three, in JSON */
#define PEERS_MAX 1000

/* --- roles --- */

static int
option_users_role_decode(const char *text, size_t n UNUSED, void *slot)
{
	int role = role_parse(text);

	if (role == -1)
		return -1;
	*(enum role *)slot = (enum role)role;
	return 0;
}

static char *
option_users_role_print(const void *slot)
{
	return xstrdup(role_name(*(const enum role *)slot));
}

/* --- lists of patterns --- */

static void
option_users_list_clear(void *slot)
{
	char ***list = slot;

	for (char **item = *list; item != NULL && *item != NULL; item++)
		free(*item);
	mem_freep(list);
}

/* Items are separated by commas, and empty ones are none. */
static int
option_users_list_decode(const char *text, size_t n UNUSED, void *slot)
{
	char *copy = strdup(text), *rest = copy, *item, **list;
	size_t most = 2, count = 0;

	for (const char *c = text; *c != '\0'; c++)
		most += *c == ',';
	list = *(char ***)slot = calloc(most, sizeof(char *));
	if (copy == NULL || list == NULL)
		goto fail;
	while ((item = strsep(&rest, ",")) != NULL) {
		item = str_strip(item);
		if (*item == '\0')
			continue;
		list[count] = strdup(item);
		if (list[count++] == NULL)
			goto fail;
	}
	free(copy);
	return 0;
fail:
	free(copy);
	errno = ENOMEM;
	return -1;
}

static int
option_users_list_parse(const char *text, void *slot, char **why)
{
	if (strlen(text) > LIST_MAX) {
		*why = xasprintf("a list of patterns has more than %d bytes", LIST_MAX);
		return -1;
	}
	mem_must(option_users_list_decode(text, 0, slot));
	return 0;
}

static char *
option_users_list_print(const void *slot)
{
	char *const *list = *(char *const *const *)slot, *text = xstrdup("");

	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		xappendf(&text, "%s%s", i > 0 ? ", " : "", list[i]);
	return text;
}

/* A list without items is not the same as none. */
static bool
option_users_list_equal(const void *a, const void *b)
{
	char *const *x = *(char *const *const *)a, *const *y = *(char *const *const *)b;

	if (x == NULL || y == NULL)
		return x == y;
	while (*x != NULL && str_equal(*x, *y)) {
		x++;
		y++;
	}
	return *x == *y;
}

/* --- local users --- */

static void
option_users_peers_clear(void *slot)
{
	user_config_clear_peers(slot);
}

/* Looks up "NAME" or "@GROUP". 0, or -1 with *why new. */
static int
option_users_peer_find(struct peer_config *peer, const char *name, char **why)
{
	uid_t uid;
	gid_t gid;

	peer->is_group = *name == '@';
	peer->name = xstrdup(name + peer->is_group);
	if (peer->is_group ? users_find_group(peer->name, &gid) == -1 :
			     users_find_owner(peer->name, &uid, &gid) == -1)
		return conf_type_refuse(why,
		    peer->is_group ? "peer_users: this machine has no group " :
				     "peer_users: this machine has no user ",
		    peer->name, "");
	peer->id = peer->is_group ? (uint32_t)gid : (uint32_t)uid;
	return 0;
}

static int
option_users_peers_add(struct peer_list *peers, const char *entry, char **why)
{
	struct peer_config *peer = &peers->entries[peers->count++];
	const char *equals = strchr(entry, '=');
	char *name, *user, *copy = xstrdup(entry);
	int rc;

	*peer = (struct peer_config){ .name = NULL };
	copy[equals != NULL ? equals - entry : 0] = '\0';
	name = str_strip(copy);
	user = equals != NULL ? str_strip(copy + (equals - entry) + 1) : copy;
	if (name[*name == '@'] != '\0' && *user != '\0' && strchr(entry, ':') == NULL &&
	    user[strcspn(user, " \t\n=")] == '\0') {
		peer->user = xstrdup(user);
		rc = option_users_peer_find(peer, name, why);
	} else {
		rc = conf_type_refuse(why, "not a valid entry of peer_users: ", entry,
		    " (NAME=USER or @GROUP=USER, separated by commas)");
	}
	free(copy);
	return rc;
}

static int
option_users_peers_parse(const char *text, void *slot, char **why)
{
	struct peer_list *peers = slot;
	char *copy = xstrdup(text), *rest = copy, *item;
	int rc = 0;

	peers->entries = xcalloc(PEERS_MAX, sizeof(*peers->entries));
	while (rc == 0 && (item = strsep(&rest, ",")) != NULL) {
		item = str_strip(item);
		if (*item == '\0')
			continue;
		if (peers->count < PEERS_MAX) {
			rc = option_users_peers_add(peers, item, why);
			continue;
		}
		*why = xasprintf("peer_users has more than %d entries", PEERS_MAX);
		rc = -1;
	}
	if (rc == 0 && peers->count == 0) {
		*why = xstrdup("peer_users has no entry; remove it, or name users");
		rc = -1;
	}
	free(copy);
	return rc;
}

static char *
option_users_peers_print(const void *slot)
{
	const struct peer_list *peers = slot;
	char *text = xstrdup("");

	for (size_t i = 0; i < peers->count; i++)
		xappendf(&text, "%s%s%s=%s", i > 0 ? ", " : "",
		    peers->entries[i].is_group ? "@" : "", peers->entries[i].name,
		    peers->entries[i].user);
	return text;
}

static bool
option_users_peers_equal(const void *a, const void *b)
{
	const struct peer_list *x = a, *y = b;

	for (size_t i = 0; x->count == y->count && i < x->count; i++) {
		const struct peer_config *p = &x->entries[i], *q = &y->entries[i];

		if (p->is_group != q->is_group || p->id != q->id ||
		    !str_equal(p->name, q->name) || !str_equal(p->user, q->user))
			return false;
	}
	return x->count == y->count;
}

/* Appends for each entry "uID" or "gID", the name and the user, each with a NUL. */
static void
option_users_peers_encode(const void *slot, struct buf *out)
{
	const struct peer_list *peers = slot;

	for (size_t i = 0; i < peers->count; i++) {
		const struct peer_config *peer = &peers->entries[i];

		mem_must(buf_printf(out, "%c%u%c%s%c%s%c", peer->is_group ? 'g' : 'u',
		    peer->id, '\0', peer->name, '\0', peer->user, '\0'));
	}
}

/* Reads the text of one entry and moves *text behind it. */
static int
option_users_peer_decode(struct peer_config *peer, const char **text)
{
	char kind;

	if (sscanf(*text, "%c%u", &kind, &peer->id) != 2)
		return -1;
	peer->is_group = kind == 'g';
	*text += strlen(*text) + 1;
	peer->name = strdup(*text);
	*text += strlen(*text) + 1;
	peer->user = strdup(*text);
	*text += strlen(*text) + 1;
	if (peer->name != NULL && peer->user != NULL)
		return 0;
	errno = ENOMEM;
	return -1;
}

static int
option_users_peers_decode(const char *text, size_t n, void *slot)
{
	struct peer_list *peers = slot;
	const char *end = text + n;
	size_t ends = 0;

	for (const char *c = text; c < end; c++)
		ends += *c == '\0';
	if (ends % 3 != 0 || (n > 0 && end[-1] != '\0'))
		return -1;
	peers->entries = calloc(ends / 3 + 1, sizeof(*peers->entries));
	if (peers->entries == NULL) {
		errno = ENOMEM;
		return -1;
	}
	while (text < end)
		if (option_users_peer_decode(&peers->entries[peers->count++], &text) == -1)
			return -1;
	return 0;
}

const struct conf_type conf_any_role = {
	.name = "role", .size = sizeof(enum role), .decode = option_users_role_decode,
	.refusal = { "not a valid role: ", " (none, states, view, operate or admin)" },
	.print = option_users_role_print,
};
const struct conf_type conf_patterns = {
	.name = "list of patterns", .size = sizeof(char **),
	.parse = option_users_list_parse, .print = option_users_list_print,
	.equal = option_users_list_equal, .clear = option_users_list_clear,
	.decode = option_users_list_decode,
};
const struct conf_type conf_peers = {
	.name = "list", .size = sizeof(struct peer_list),
	.parse = option_users_peers_parse, .print = option_users_peers_print,
	.equal = option_users_peers_equal, .clear = option_users_peers_clear,
	.encode = option_users_peers_encode, .decode = option_users_peers_decode,
};
