#include "proto/grant.h"

#include "common/mem.h"
#include "common/str.h"
#include "proto/program_set.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum grant_list { GRANT_PROGRAMS, GRANT_METHODS, GRANT_DENY_METHODS, GRANT_LISTS };

struct grant {
	unsigned refs; /* 0 = never freed */
	enum role role;
	char *user;
	char **lists[GRANT_LISTS];    /* as given */
	struct program_set *programs; /* NULL = all */
	uint64_t more, denied;        /* commands of the matching methods */
};

static void
grant_free_list(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

/* New; NULL with ENOMEM. */
static char **
grant_copy_list(const char *const *list)
{
	size_t n = 0;
	char **copy;

	while (list[n] != NULL)
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (size_t i = 0; copy != NULL && i < n; i++) {
		copy[i] = strdup(list[i]);
		if (copy[i] == NULL) {
			grant_free_list(copy);
			return NULL;
		}
	}
	return copy;
}

static bool
grant_matches_name(char *const *pattern, const char *name)
{
	while (*pattern != NULL && fnmatch(*pattern, name, 0) != 0)
		pattern++;
	return *pattern != NULL;
}

/* Whether the list has the method, by either of its names. */
static bool
grant_matches(const struct grant *grant, enum grant_list which, const char *name)
{
	char *const *patterns = grant->lists[which];
	const char *other;

	if (patterns == NULL)
		return false;
	if (grant_matches_name(patterns, name))
		return true;
	other = api_other_name(name);
	return other != NULL && grant_matches_name(patterns, other);
}

/* The commands of the methods that a list matches. CMD_HELLO is not sent for a method.
 * Whoever is denied the states of all processes may not receive them by the stream either,
 * but is not allowed the stream with them: it tells more. */
static uint64_t
grant_commands(const struct grant *grant, enum grant_list which)
{
	const struct api_method *method;
	uint64_t commands = 0;

	if (grant->lists[which] == NULL)
		return 0;
	for (size_t i = 0; (method = api_nth(i)) != NULL; i++)
		if (method->cmd != CMD_HELLO && grant_matches(grant, which, method->name))
			commands |= UINT64_C(1) << method->cmd;
	if (which == GRANT_DENY_METHODS &&
	    (grant_matches(grant, which, "supervisor.getAllProcessInfo") ||
		grant_matches(grant, which, api_methods[API_GET_ALL_PROCESS_INFO].name)))
		commands |= CMD_BIT(SUBSCRIBE);
	return commands;
}

static void
grant_free(struct grant *grant)
{
	for (size_t i = 0; i < GRANT_LISTS; i++)
		grant_free_list(grant->lists[i]);
	program_set_free(grant->programs);
	free(grant->user);
	free(grant);
}

struct grant *
grant_new(const struct grant_source *source)
{
	const char *const *const lists[GRANT_LISTS] = { source->programs, source->methods,
		source->deny_methods };
	struct grant *grant = calloc(1, sizeof(*grant));

	if (grant == NULL)
		return NULL;
	grant->refs = 1;
	grant->role = source->role;
	if (source->user != NULL && (grant->user = strdup(source->user)) == NULL)
		goto fail;
	for (size_t i = 0; i < GRANT_LISTS; i++)
		if (lists[i] != NULL &&
		    (grant->lists[i] = grant_copy_list(lists[i])) == NULL)
			goto fail;
	if (source->programs != NULL &&
	    (grant->programs = program_set_new(source->programs)) == NULL)
		goto fail;
	if (grant->programs != NULL && program_set_is_all(grant->programs)) {
		program_set_free(grant->programs);
		grant->programs = NULL;
	}
	grant->more = grant_commands(grant, GRANT_METHODS);
	grant->denied = grant_commands(grant, GRANT_DENY_METHODS);
	return grant;
fail:
	grant_free(grant);
	errno = ENOMEM;
	return NULL;
}

struct grant *
grant_of_role(enum role role)
{
	static struct grant roles[ROLE_MAX] = {
		[ROLE_NONE] = { .role = ROLE_NONE },
		[ROLE_STATES] = { .role = ROLE_STATES },
		[ROLE_VIEW] = { .role = ROLE_VIEW },
		[ROLE_OPERATE] = { .role = ROLE_OPERATE },
		[ROLE_ADMIN] = { .role = ROLE_ADMIN },
	};

	return &roles[(unsigned)role < ROLE_MAX ? role : ROLE_NONE];
}

struct grant *
grant_ref(struct grant *grant)
{
	if (grant->refs > 0)
		grant->refs++;
	return grant;
}

void
grant_unref(struct grant *grant)
{
	if (grant != NULL && grant->refs > 0 && --grant->refs == 0)
		grant_free(grant);
}

const char *
grant_user(const struct grant *grant)
{
	return grant->user;
}

enum role
grant_role(const struct grant *grant)
{
	return grant->role;
}

bool
grant_sees_all(const struct grant *grant)
{
	return grant->programs == NULL;
}

bool
grant_sees(const struct grant *grant, const char *group, const char *name)
{
	return grant->programs == NULL || program_set_has(grant->programs, group, name);
}

bool
grant_sees_group(const struct grant *grant, const char *group)
{
	return grant->programs == NULL || program_set_has_group(grant->programs, group);
}

/* FNV-1a of the items and the NULs behind them. */
uint64_t
grant_sight(const struct grant *grant)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	const char *at;

	if (grant->programs == NULL)
		return 0;
	for (char *const *item = grant->lists[GRANT_PROGRAMS]; *item != NULL; item++) {
		at = *item;
		do
			hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
		while (*at++ != '\0');
	}
	return hash;
}

int
grant_write_programs(const struct grant *grant, char **text)
{
	size_t len = 1;
	char *end;

	*text = NULL;
	if (grant->programs == NULL)
		return 0;
	for (char *const *item = grant->lists[GRANT_PROGRAMS]; *item != NULL; item++)
		len += strlen(*item) + 1;
	end = *text = calloc(len, 1);
	if (end == NULL)
		return -1;
	for (char *const *item = grant->lists[GRANT_PROGRAMS]; *item != NULL; item++) {
		if (end != *text)
			*end++ = ',';
		end = stpcpy(end, *item);
	}
	return 0;
}

struct grant *
grant_read_programs(const char *text)
{
	char *copy = strdup(text), *rest = copy;
	struct grant *grant = NULL;
	const char **items;
	size_t n = 1;

	for (const char *at = text; *at != '\0'; at++)
		n += *at == ',';
	items = calloc(n + 1, sizeof(*items));
	if (copy != NULL && items != NULL) {
		for (size_t i = 0; i < n; i++)
			items[i] = strsep(&rest, ",");
		grant = grant_new(&(struct grant_source){ .programs = items });
	}
	free(items);
	free(copy);
	return grant;
}

static bool
grant_lists_equal(char *const *a, char *const *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != NULL && str_equal(*a, *b)) {
		a++;
		b++;
	}
	return *a == *b;
}

bool
grant_equal(const struct grant *a, const struct grant *b)
{
	if (a == b)
		return true;
	for (size_t i = 0; i < GRANT_LISTS; i++)
		if (!grant_lists_equal(a->lists[i], b->lists[i]))
			return false;
	return a->role == b->role && str_equal(a->user, b->user);
}

enum grant_verdict
grant_check_method(
    const struct grant *grant, enum role ceiling, const struct api_method *method)
{
	bool named;

	if (ceiling < method->role)
		return GRANT_ROLE;
	if (grant_matches(grant, GRANT_DENY_METHODS, method->name) ||
	    (grant->denied & cmd_table[method->cmd].parts) != 0)
		return GRANT_DENIED;
	named = grant_matches(grant, GRANT_METHODS, method->name);
	if (grant->role < method->role && !named)
		return GRANT_ROLE;
	if (grant->programs == NULL)
		return GRANT_OK;
	if (cmd_table[method->cmd].flags & CMD_NEEDS_ALL)
		return GRANT_NEEDS_ALL;
	return named || api_find(method->name) != NULL ? GRANT_OK : GRANT_NEEDS_ALL;
}

/* A command, or one of the others that it consists of. bits: of both. */
static enum grant_verdict
grant_check_part(const struct grant *grant, uint64_t bits, const struct cmd *cmd)
{
	if (grant->denied & bits)
		return GRANT_DENIED;
	return grant->role >= cmd->role || (grant->more & bits) != 0 ? GRANT_OK :
								       GRANT_ROLE;
}

enum grant_verdict
grant_check_cmd(const struct grant *grant, enum role ceiling, enum cmd_id id)
{
	const struct cmd *cmd = &cmd_table[id];
	uint64_t whole = UINT64_C(1) << id, parts = cmd->parts != 0 ? cmd->parts : whole;
	enum grant_verdict verdict = ceiling < cmd->role ? GRANT_ROLE : GRANT_OK;

	for (int part = 0; verdict == GRANT_OK && parts >> part != 0; part++)
		if (parts >> part & 1)
			verdict = grant_check_part(
			    grant, UINT64_C(1) << part | whole, &cmd_table[part]);
	if (verdict == GRANT_OK && grant->programs != NULL && cmd->flags & CMD_NEEDS_ALL)
		verdict = GRANT_NEEDS_ALL;
	return verdict;
}

char *
grant_why(const struct grant *grant, enum role ceiling, enum grant_verdict verdict,
    const char *name, enum role needed)
{
	const char *user = grant->user != NULL ? grant->user : "";

	if (verdict == GRANT_DENIED)
		return mem_printf("%s is denied by deny_methods= of [user:%s]", name, user);
	if (verdict == GRANT_NEEDS_ALL)
		return mem_printf("%s needs programs=all in [user:%s]", name, user);
	if (ceiling < needed && (grant->role >= needed || grant->user != NULL))
		return mem_printf("%s needs role %s, and max_role= of the server is %s",
		    name, role_name(needed), role_name(ceiling));
	if (grant->user == NULL)
		return mem_printf("%s needs role %s", name, role_name(needed));
	return mem_printf("%s needs role %s, and role= of [user:%s] is %s", name,
	    role_name(needed), user, role_name(grant->role));
}
