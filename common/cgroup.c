#include "common/cgroup.h"

#include "common/fail.h"
#include "common/mem.h"
#include "common/str.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A mount of version 2: two fields of its line in mountinfo. */
struct cgroup_mounted {
	char *root;  /* the control group that is mounted, new */
	char *point; /* where, new */
};

/* New: a field of mountinfo, in which blanks and the like are written \ooo. */
static char *
cgroup_field(const char *text, size_t n)
{
	char *field = malloc(n + 1), *to = field;

	for (size_t i = 0; field != NULL && i < n; i++) {
		if (text[i] == '\\' && n - i > 3) {
			*to++ = (char)strtol(
			    (char[]){ text[i + 1], text[i + 2], text[i + 3], '\0' }, NULL,
			    8);
			i += 3;
		} else {
			*to++ = text[i];
		}
	}
	if (field != NULL)
		*to = '\0';
	return field;
}

/* The next mount of version 2 at or after *line. 1, 0 when there is none, or -1 with
 * ENOMEM. A line is "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - TYPE …". */
static int
cgroup_next_mount(const char **line, struct cgroup_mounted *mounted)
{
	for (const char *at = *line; *at != '\0'; at = *line) {
		size_t n = strcspn(at, "\n");
		const char *fields[7] = { at }, *type = memmem(at, n, " - cgroup2 ", 11);
		size_t i = 1;

		*line = at + n + (at[n] == '\n');
		for (; i < nitems(fields) && (at = memchr(at, ' ', n)) != NULL; i++) {
			n -= (size_t)(++at - fields[i - 1]);
			fields[i] = at;
		}
		if (type == NULL || i < nitems(fields) || fields[5] > type)
			continue;
		mounted->root =
		    cgroup_field(fields[3], (size_t)(fields[4] - fields[3] - 1));
		mounted->point =
		    cgroup_field(fields[4], (size_t)(fields[5] - fields[4] - 1));
		if (mounted->root != NULL && mounted->point != NULL)
			return 1;
		free(mounted->root);
		free(mounted->point);
		return fail_with(ENOMEM);
	}
	return 0;
}

char *
cgroup_mount(const char *mountinfo)
{
	struct cgroup_mounted mounted;
	int rc = cgroup_next_mount(&mountinfo, &mounted);

	if (rc != 1)
		return rc == 0 ? fail_null(ENOENT) : NULL;
	free(mounted.root);
	return mounted.point;
}

/* New: the path of our control group in the line "0::PATH"; NULL with errno. */
static char *
cgroup_membership(const char *text)
{
	for (const char *at = text; at != NULL && *at != '\0';) {
		if (str_starts(at, "0::/"))
			return strndup(at + 3, strcspn(at + 3, "\n"));
		at = strchr(at, '\n');
		at += at != NULL;
	}
	return fail_null(ENOENT);
}

/* What follows `root` in a path below it, "" or "/…"; NULL = it is not below it. */
static const char *
cgroup_below(const char *path, const char *root)
{
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0') ||
	    strstr(path, "/..") != NULL)
		return NULL;
	return strcmp(path + n, "/") == 0 ? "" : path + n;
}

char *
cgroup_own(const char *mountinfo, const char *membership)
{
	char *path = cgroup_membership(membership), *own = NULL;
	struct cgroup_mounted mounted;
	const char *below = NULL;
	int rc = 0;

	if (path == NULL)
		return NULL;
	while (below == NULL && (rc = cgroup_next_mount(&mountinfo, &mounted)) == 1) {
		below = cgroup_below(path, mounted.root);
		if (below != NULL)
			own = mem_printf("%s%s", mounted.point, below);
		free(mounted.root);
		free(mounted.point);
	}
	free(path);
	if (own == NULL && rc != -1)
		errno = below == NULL ? ENOENT : ENOMEM;
	return own;
}

static bool
cgroup_is_plain(unsigned char c)
{
	return isalnum(c) || strchr("_-.@", c) != NULL;
}

/* Appends the escaped text. The first dot of the whole name is escaped as well: the files
 * of a control group are named CONTROLLER.FILE. */
static char *
cgroup_escape(char *to, const char *text, bool *has_dot)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = cgroup_is_plain(c) && (c != '.' || *has_dot);

		*has_dot = *has_dot || c == '.';
		if (plain)
			*to++ = (char)c;
		else
			to += sprintf(to, "%%%02X", c);
	}
	*to = '\0';
	return to;
}

/* FNV-1a */
static uint64_t
cgroup_checksum(const char *text)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum;
}

char *
cgroup_name(const char *group, const char *process)
{
	size_t n = strlen(group) + strlen(process);
	char *name = malloc(3 * n + 2 + CGROUP_NAME_MAX), *end;
	bool has_dot = false;
	const size_t kept = CGROUP_NAME_MAX - 17;

	if (name == NULL)
		return NULL;
	end = cgroup_escape(name, group, &has_dot);
	if (strcmp(group, process) != 0) {
		*end++ = ':';
		(void)cgroup_escape(end, process, &has_dot);
	}
	if (strlen(name) > CGROUP_NAME_MAX)
		sprintf(name + kept, "%%%016" PRIX64, cgroup_checksum(name));
	return name;
}

bool
cgroup_has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list != '\0') {
		size_t length = strcspn(list, " \n");

		if (length == n && strncmp(list, word, n) == 0)
			return true;
		list += length + (list[length] != '\0');
	}
	return false;
}
