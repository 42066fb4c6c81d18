/* Names without wildcards are hashed; the others are tried one after another. */
#include "proto/program_set.h"

#include "common/map.h"
#include "common/str.h"
#include "proto/state.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* The processes of one group, or of the groups that a pattern matches. */
struct program_group {
	struct program_group *next; /* of the patterns */
	char *pattern;              /* NULL: has its place in the map */
	struct program_names {
		struct program_names *next;
		char *pattern;
	} * names;         /* the patterns */
	struct map *exact; /* the names, to a value that is not used */
	bool whole;
};

struct program_set {
	bool all;
	struct map *groups; /* by name */
	struct program_group *patterns;
};

static bool
program_is_pattern(const char *text)
{
	return strpbrk(text, "*?[\\") != NULL;
}

static void
program_group_free(struct program_group *group)
{
	struct program_names *names;

	while ((names = group->names) != NULL) {
		group->names = names->next;
		free(names->pattern);
		free(names);
	}
	map_free(group->exact);
	free(group->pattern);
	free(group);
}

void
program_set_free(struct program_set *set)
{
	struct program_group *group;
	size_t cursor = 0;

	if (set == NULL)
		return;
	while (
	    set->groups != NULL && (group = map_next(set->groups, &cursor, NULL)) != NULL)
		program_group_free(group);
	while ((group = set->patterns) != NULL) {
		set->patterns = group->next;
		program_group_free(group);
	}
	map_free(set->groups);
	free(set);
}

/* The entry of a group, which is new for a pattern; NULL with ENOMEM. */
static struct program_group *
program_set_group(struct program_set *set, const char *name)
{
	bool is_pattern = program_is_pattern(name);
	struct program_group *group = is_pattern ? NULL : map_get(set->groups, name);

	if (group != NULL)
		return group;
	group = calloc(1, sizeof(*group));
	if (group == NULL)
		return NULL;
	if (is_pattern ? (group->pattern = strdup(name)) == NULL :
			 map_set(set->groups, name, group) == -1) {
		free(group);
		return NULL;
	}
	if (is_pattern) {
		group->next = set->patterns;
		set->patterns = group;
	}
	return group;
}

static int
program_group_add(struct program_group *group, const char *name)
{
	struct program_names *names;

	if (!program_is_pattern(name)) {
		if (group->exact == NULL)
			group->exact = map_new();
		return group->exact == NULL ? -1 : map_set(group->exact, name, group);
	}
	names = calloc(1, sizeof(*names));
	if (names == NULL || (names->pattern = strdup(name)) == NULL) {
		free(names);
		return -1;
	}
	names->next = group->names;
	group->names = names;
	return 0;
}

static int
program_set_add(struct program_set *set, const char *item)
{
	const char *colon = strchr(item, ':');
	const char *name = colon == NULL || colon[1] == '\0' ? "*" : colon + 1;
	char *group_name =
	    colon == NULL ? strdup(item) : strndup(item, (size_t)(colon - item));
	struct program_group *group;
	int status = 0;

	if (group_name == NULL)
		return -1;
	if (str_equal(item, "all") || (str_equal(group_name, "*") && str_equal(name, "*")))
		set->all = true;
	else if ((group = program_set_group(set, group_name)) == NULL)
		status = -1;
	else if (str_equal(name, "*"))
		group->whole = true;
	else
		status = program_group_add(group, name);
	free(group_name);
	return status;
}

struct program_set *
program_set_new(const char *const *items)
{
	struct program_set *set = calloc(1, sizeof(*set));

	if (set == NULL || (set->groups = map_new()) == NULL)
		goto fail;
	for (; *items != NULL; items++)
		if (program_set_add(set, *items) == -1)
			goto fail;
	return set;
fail:
	program_set_free(set);
	errno = ENOMEM;
	return NULL;
}

bool
program_set_is_all(const struct program_set *set)
{
	return set->all;
}

static bool
program_group_has(const struct program_group *group, const char *name)
{
	const struct program_names *names = group->names;

	if (group->whole || (group->exact != NULL && map_get(group->exact, name) != NULL))
		return true;
	while (names != NULL && fnmatch(names->pattern, name, 0) != 0)
		names = names->next;
	return names != NULL;
}

bool
program_set_has(const struct program_set *set, const char *group, const char *name)
{
	const struct program_group *entry;

	if (set->all)
		return true;
	entry = map_get(set->groups, group);
	if (entry != NULL && program_group_has(entry, name))
		return true;
	for (entry = set->patterns; entry != NULL; entry = entry->next)
		if (fnmatch(entry->pattern, group, 0) == 0 &&
		    program_group_has(entry, name))
			return true;
	return false;
}

bool
program_set_has_group(const struct program_set *set, const char *group)
{
	const struct program_group *entry;

	if (set->all)
		return true;
	entry = map_get(set->groups, group);
	if (entry != NULL && entry->whole)
		return true;
	for (entry = set->patterns; entry != NULL; entry = entry->next)
		if (entry->whole && fnmatch(entry->pattern, group, 0) == 0)
			return true;
	return false;
}
