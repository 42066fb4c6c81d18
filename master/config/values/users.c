#include "master/config/values/users.h"

#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NOBODY 65534 /* the kernel's overflow id, which owns no files */

/* Whether Python's int() accepts the text; *number is -1 when it is out of range. */
static bool
users_is_number(const char *text, int64_t *number)
{
	if (str_to_int(text, number) == 0)
		return true;
	*number = -1;
	return errno == ERANGE;
}

static bool
users_is_id(int64_t number)
{
	return number >= 0 && number < (int64_t)UINT_MAX;
}

/* Whether the file is missing or empty, as in an image that has one program only. */
static bool
users_is_database_missing(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return errno == ENOENT || errno == ENOTDIR;
	return st.st_size == 0;
}

/* Finds an id without a database: root is 0, and if that file is missing, any number is
 * valid. */
static bool
users_find_id(const char *text, const char *database, int64_t *id)
{
	if (strcmp(text, "root") == 0)
		*id = 0;
	else if (!users_is_number(text, id))
		return false;
	return users_is_id(*id) && (*id == 0 || users_is_database_missing(database));
}

/* Looks up a user; *name is borrowed until the next lookup. For a user that only
 * users_find_id finds, *name is NULL and *gid the same number. 0, or -1. */
static int
users_find_user(const char *text, uid_t *uid, gid_t *gid, const char **name)
{
	const struct passwd *entry = NULL;
	int64_t number;

	if (!users_is_number(text, &number))
		entry = getpwnam(text);
	else if (users_is_id(number))
		entry = getpwuid((uid_t)number);
	*name = entry != NULL ? entry->pw_name : NULL;
	if (entry == NULL && !users_find_id(text, "/etc/passwd", &number))
		return -1;
	*uid = entry != NULL ? entry->pw_uid : (uid_t)number;
	*gid = entry != NULL ? entry->pw_gid : (gid_t)number;
	return 0;
}

int
users_find_group(const char *text, gid_t *gid)
{
	const struct group *entry = NULL;
	int64_t number;

	if (!users_is_number(text, &number))
		entry = getgrnam(text);
	else if (users_is_id(number))
		entry = getgrgid((gid_t)number);
	if (entry == NULL && !users_find_id(text, "/etc/group", &number))
		return -1;
	*gid = entry != NULL ? entry->gr_gid : (gid_t)number;
	return 0;
}

/* New: a user in the groups of `name`; NULL = in group `gid` only. `text` is as
 * configured. */
static struct user *
users_new(const char *text, uid_t uid, gid_t gid, const char *name)
{
	struct user *user = xcalloc(1, sizeof(*user));
	int size = 16, count = name != NULL ? size : 1;

	*user = (struct user){ .name = xstrdup(text), .uid = uid, .gid = gid };
	user->groups = xreallocarray(NULL, (size_t)size, sizeof(gid_t));
	user->groups[0] = gid;
	while (name != NULL && getgrouplist(name, gid, user->groups, &count) == -1) {
		size = count > size ? count : size * 2;
		count = size;
		user->groups = xreallocarray(user->groups, (size_t)size, sizeof(gid_t));
	}
	user->ngroups = (size_t)count;
	return user;
}

int
users_find(const char *text, struct user **user, char **why)
{
	const char *found;
	int64_t number;
	uid_t uid;
	gid_t gid;
	char *name;

	*user = NULL;
	if (users_find_user(text, &uid, &gid, &found) == -1) {
		*why = xasprintf("Invalid user %s %s",
		    users_is_number(text, &number) ? "id" : "name", text);
		return -1;
	}
	name = found != NULL ? xstrdup(found) : NULL;
	*user = users_new(text, uid, gid, name);
	free(name);
	return 0;
}

struct user *
users_unprivileged(void)
{
	static const char *const names[] = { "reeve", "nobody" };
	struct user *user;
	char *why;

	for (size_t i = 0; i < nitems(names); i++) {
		if (users_find(names[i], &user, &why) == 0)
			return user;
		free(why);
	}
	return users_new("nobody", NOBODY, NOBODY, NULL);
}

int
users_find_owner(const char *text, uid_t *uid, gid_t *gid)
{
	const char *colon = strchr(text, ':'), *unused;
	char *name = colon != NULL ? xstrndup(text, (size_t)(colon - text)) : xstrdup(text);
	int rc = users_find_user(name, uid, gid, &unused);

	free(name);
	if (rc == -1)
		return -1;
	*gid = (gid_t)-1;
	return colon != NULL ? users_find_group(colon + 1, gid) : 0;
}

char *
users_print_owner(uid_t uid, gid_t gid)
{
	const struct passwd *user = getpwuid(uid);
	const struct group *group = gid != (gid_t)-1 ? getgrgid(gid) : NULL;
	char *text = user != NULL ? xstrdup(user->pw_name) : xasprintf("%u", uid);

	if (group != NULL)
		xappendf(&text, ":%s", group->gr_name);
	else if (gid != (gid_t)-1)
		xappendf(&text, ":%u", gid);
	return text;
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
