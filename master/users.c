#include "master/users.h"

#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* A text that Python's int() takes is a number, whatever its range. */
static bool
is_number(const char *text, int64_t *number)
{
	if (str_to_int(text, number) == 0)
		return true;
	*number = -1;
	return errno == ERANGE;
}

static bool
is_id(int64_t number)
{
	return number >= 0 && number < (int64_t)UINT_MAX;
}

static const struct passwd *
find_user(const char *text, char **why)
{
	const struct passwd *entry = NULL;
	int64_t number;
	bool numeric = is_number(text, &number);

	if (!numeric)
		entry = getpwnam(text);
	else if (is_id(number))
		entry = getpwuid((uid_t)number);
	if (entry == NULL && why != NULL)
		*why = xasprintf("Invalid user %s %s", numeric ? "id" : "name", text);
	return entry;
}

static const struct group *
find_group(const char *text)
{
	int64_t number;

	if (!is_number(text, &number))
		return getgrnam(text);
	return is_id(number) ? getgrgid((gid_t)number) : NULL;
}

static void
user_add_groups(struct user *user, const char *name)
{
	int room = 16, count = 16;

	user->groups = xreallocarray(NULL, (size_t)room, sizeof(gid_t));
	while (getgrouplist(name, user->gid, user->groups, &count) == -1) {
		room = count > room ? count : room * 2;
		count = room;
		user->groups = xreallocarray(user->groups, (size_t)room, sizeof(gid_t));
	}
	user->ngroups = (size_t)count;
}

int
users_find(const char *text, struct user **user, char **why)
{
	const struct passwd *entry = find_user(text, why);
	char *name;

	*user = NULL;
	if (entry == NULL)
		return -1;
	name = xstrdup(entry->pw_name);
	*user = xcalloc(1, sizeof(**user));
	**user = (struct user){
		.name = xstrdup(text),
		.uid = entry->pw_uid,
		.gid = entry->pw_gid,
	};
	user_add_groups(*user, name);
	free(name);
	return 0;
}

int
users_find_owner(const char *text, uid_t *uid, gid_t *gid)
{
	const char *colon = strchr(text, ':');
	char *name = colon != NULL ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	const struct passwd *entry = find_user(name, NULL);
	const struct group *group;

	free(name);
	if (entry == NULL)
		return -1;
	*uid = entry->pw_uid;
	*gid = (gid_t)-1;
	if (colon == NULL)
		return 0;
	if ((group = find_group(colon + 1)) == NULL)
		return -1;
	*gid = group->gr_gid;
	return 0;
}

char *
users_name(uid_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	return entry != NULL ? xstrdup(entry->pw_name) : xasprintf("%u", uid);
}

char *
users_group_name(gid_t gid)
{
	const struct group *entry = getgrgid(gid);

	return entry != NULL ? xstrdup(entry->gr_name) : xasprintf("%u", gid);
}

void
users_free(struct user *user)
{
	if (user == NULL)
		return;
	free(user->name);
	free(user->groups);
	free(user);
}
