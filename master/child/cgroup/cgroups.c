#include "master/child/cgroup/cgroups.h"

#include "common/cgroup.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/child/cgroup/cgroup_dir.h"
#include "master/config/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DAEMON "daemon"  /* the group of the daemon and its helpers */
#define TEXT_MAX 1048576 /* bytes of mountinfo */
#define TRIES 9          /* names for a directory whose usual one is in use */

struct cgroups {
	cgroups_find_fn *find;
	bool resumes;
	bool found;
	char *base; /* the group in which the programs' directory is; NULL = none */
	bool apart; /* the base is ours alone, and we are not in it */
	int error;  /* of the search for it */
	char *dir;  /* the directory of the programs; NULL = not made yet */
};

/* ---- where ---- */

/* New: the text of a file of /proc; NULL with errno. */
static char *
cgroups_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(TEXT_MAX);
	size_t n;

	if (file != NULL && text != NULL) {
		n = fread(text, 1, TEXT_MAX - 1, file);
		text[n] = '\0';
		fclose(file);
		return text;
	}
	if (file != NULL)
		fclose(file);
	free(text);
	return NULL;
}

char *
cgroups_find_own(void)
{
	char *mounts = cgroups_read("/proc/self/mountinfo"), *own = NULL;
	char *membership = mounts != NULL ? cgroups_read("/proc/self/cgroup") : NULL;

	if (membership != NULL)
		own = cgroup_own(mounts, membership);
	free(mounts);
	free(membership);
	return own;
}

static bool
cgroups_has_mark(const char *path, const char *name)
{
	char value[2];

	return getxattr(path, name, value, sizeof(value)) == 1 && value[0] == '1';
}

/* Whether the parent directory is not a control group. */
static bool
cgroups_is_mounted_at(const char *path)
{
	char *above = mem_printf("%s/..", path);
	struct statfs fs;
	bool is_mounted = above != NULL && statfs(path, &fs) == 0 &&
	    fs.f_type == CGROUP2_SUPER_MAGIC && statfs(above, &fs) == 0 &&
	    fs.f_type != CGROUP2_SUPER_MAGIC;

	free(above);
	return is_mounted;
}

/* The root of all groups has no type, and may have processes and controllers at once. */
static bool
cgroups_is_root(const char *path)
{
	char *type = mem_printf("%s/cgroup.type", path);
	bool is_root = type != NULL && access(type, F_OK) == -1;

	free(type);
	return is_root;
}

/* Whether the group and its processes are ours alone: systemd has marked it, or it is the
 * whole of what a container sees, or belongs to our user, who is not root. */
static bool
cgroups_is_ours(const char *path)
{
	struct stat st;

	if (cgroups_is_root(path))
		return false;
	if (cgroups_has_mark(path, "user.delegate") ||
	    cgroups_has_mark(path, "trusted.delegate") || cgroups_is_mounted_at(path))
		return true;
	return geteuid() != 0 && stat(path, &st) == 0 && st.st_uid == geteuid();
}

/* Finds the base. If our own group is already named `daemon', an earlier image of this
 * daemon has moved there, or the service manager has put us there. */
static void
cgroups_find(struct cgroups *cgroups)
{
	char *own, *slash;

	if (cgroups->found)
		return;
	cgroups->found = true;
	if ((own = cgroups->find()) == NULL) {
		cgroups->error = errno;
		return;
	}
	slash = strrchr(own, '/');
	if (slash != NULL && slash > own && strcmp(slash + 1, DAEMON) == 0) {
		*slash = '\0';
		cgroups->apart = cgroups_is_ours(own);
		if (!cgroups->apart)
			*slash = '/';
	}
	cgroups->base = own;
}

/* ---- making groups ---- */

static int
cgroups_fail(char **why, const char *what, const char *path, const char *remedy)
{
	*why = mem_printf("cannot %s %s: %s%s", what, path, strerror(errno), remedy);
	return -1;
}

/* The remedy for an error of the file system. */
static const char *
cgroups_remedy(int error)
{
	if (error == EACCES || error == EPERM)
		return "; let systemd delegate it (Delegate=yes in the unit), or run the "
		       "daemon as root";
	return error == EROFS ? "; mount them writable in a container, or set "
				"ProtectControlGroups=no in the unit" :
				"";
}

static int
cgroups_make(const char *path)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

static int
cgroups_move_apart(struct cgroups *cgroups)
{
	char *path = mem_printf("%s/%s", cgroups->base, DAEMON);
	int from = cgroup_dir_open(cgroups->base), to = -1, rc = -1;

	if (path != NULL && from != -1 && cgroups_make(path) == 0)
		to = cgroup_dir_open(path);
	if (to != -1)
		rc = cgroup_dir_move(from, to);
	if (rc == -1)
		log_warn("cannot move the daemon into the control group %s/%s: %s",
		    cgroups->base, DAEMON, strerror(errno));
	cgroups->apart = rc == 0;
	fd_close(to);
	fd_close(from);
	free(path);
	return rc;
}

/* A directory of this name belongs to a daemon that had our pid. It is used if it is empty
 * or our own. */
static int
cgroups_make_dir(struct cgroups *cgroups)
{
	for (int i = 1; i <= TRIES; i++) {
		char *path = i == 1 ?
		    mem_printf("%s/reeve-%d", cgroups->base, (int)getpid()) :
		    mem_printf("%s/reeve-%d-%d", cgroups->base, (int)getpid(), i);

		if (path == NULL)
			return -1;
		if ((cgroups->resumes || cgroup_dir_remove(path) == 0) &&
		    (mkdir(path, 0755) == 0 || (errno == EEXIST && cgroups->resumes))) {
			cgroups->dir = path;
			return 0;
		}
		free(path);
		if (errno != EBUSY && errno != ENOTEMPTY)
			return -1;
	}
	return -1;
}

/* ---- limits ---- */

static bool
cgroups_has(const char *path, const char *file, const char *controller)
{
	char text[CGROUP_DIR_TEXT];
	int dir = cgroup_dir_open(path);
	bool has = dir != -1 && cgroup_dir_read(dir, file, text) == 0 &&
	    cgroup_has_word(text, controller);

	fd_close(dir);
	return has;
}

/* Enables the controller for the groups below this one. 0, or -1 with errno. */
static int
cgroups_enable_below(const char *path, const char *controller)
{
	char text[32];
	int dir, rc;

	if (cgroups_has(path, "cgroup.subtree_control", controller))
		return 0;
	if ((dir = cgroup_dir_open(path)) == -1)
		return -1;
	snprintf(text, sizeof(text), "+%s", controller);
	rc = cgroup_dir_write(dir, "cgroup.subtree_control", text);
	return rc == -1 ? fd_fail(dir, errno) : close(dir);
}

static int
cgroups_enable(const struct cgroups *cgroups, const char *controller, char **why)
{
	const char *base = cgroups->base, *remedy;

	if (!cgroups_has(base, "cgroup.controllers", controller)) {
		*why = mem_printf(
		    "the control group %s does not have the controller %s: the groups "
		    "above it do not enable it, or version 1 uses it",
		    base, controller);
		return -1;
	}
	if (cgroups_enable_below(base, controller) == 0 &&
	    cgroups_enable_below(cgroups->dir, controller) == 0)
		return 0;
	remedy = errno == EBUSY ?
	    "; processes are in this group: let systemd delegate it (Delegate=yes)" :
	    cgroups_remedy(errno);
	*why = mem_printf("cannot enable the controller %s in the control group %s: %s%s",
	    controller, base, strerror(errno), remedy);
	return -1;
}

/* Without its controller there is no such file. */
static void
cgroups_reset(int dir, const struct limit *limit)
{
	if (cgroup_dir_write(dir, limit->file, limit->usual) == -1 && errno != ENOENT)
		log_warn(
		    "cannot reset %s of a control group: %s", limit->file, strerror(errno));
}

int
cgroups_limit(struct cgroups *cgroups, int dir, const struct process_config *config,
    bool reset, char **why)
{
	char text[LIMITS_TEXT];

	for (size_t i = 0; i < LIMITS; i++) {
		const struct limit *limit = &limits[i];

		if (!limits_text(config, i, text)) {
			if (reset)
				cgroups_reset(dir, limit);
			continue;
		}
		if (!cgroups_has(
			cgroups->dir, "cgroup.subtree_control", limit->controller) &&
		    cgroups_enable(cgroups, limit->controller, why) == -1)
			return -1;
		if (cgroup_dir_write(dir, limit->file, text) == 0)
			continue;
		*why = mem_printf(
		    "cannot set %s to %s: %s", limit->option, text, strerror(errno));
		return -1;
	}
	return 0;
}

static int
cgroups_prepare(struct cgroups *cgroups, char **why)
{
	cgroups_find(cgroups);
	if (cgroups->base == NULL && cgroups->error == ENOENT) {
		*why = mem_printf("control groups of version 2 are not mounted, or the "
				  "daemon is not in those that are");
		return -1;
	}
	errno = cgroups->error;
	if (cgroups->base == NULL)
		return cgroups_fail(why, "find", "the control group of the daemon", "");
	if (cgroups->dir != NULL)
		return 0;
	if (!cgroups->apart && cgroups_is_ours(cgroups->base))
		(void)cgroups_move_apart(cgroups);
	if (cgroups_make_dir(cgroups) == -1)
		return cgroups_fail(
		    why, "create a control group in", cgroups->base, cgroups_remedy(errno));
	/* So that the memory of each program is known, if this is possible. */
	if (cgroups->apart && cgroups_enable_below(cgroups->base, "memory") == 0)
		(void)cgroups_enable_below(cgroups->dir, "memory");
	return 0;
}

/* ---- the interface ---- */

struct cgroups *
cgroups_new(cgroups_find_fn *find, bool resumes)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));

	if (cgroups == NULL)
		return NULL;
	cgroups->find = find;
	cgroups->resumes = resumes;
	return cgroups;
}

void
cgroups_free(struct cgroups *cgroups)
{
	if (cgroups == NULL)
		return;
	if (cgroups->dir != NULL && cgroup_dir_remove(cgroups->dir) == -1)
		log_info("the control group %s is kept: %s", cgroups->dir, strerror(errno));
	free(cgroups->dir);
	free(cgroups->base);
	free(cgroups);
}

void
cgroups_begin(struct cgroups *cgroups)
{
	cgroups_find(cgroups);
	if (cgroups->base != NULL && !cgroups->apart && cgroups_is_ours(cgroups->base))
		(void)cgroups_move_apart(cgroups);
}

int
cgroups_open(struct cgroups *cgroups, const char *group, const char *process, char **path,
    char **why)
{
	char *name;
	int fd = -1;

	*path = NULL;
	if (cgroups_prepare(cgroups, why) == -1)
		return -1;
	name = cgroup_name(group, process);
	if (name != NULL)
		*path = mem_printf("%s/%s", cgroups->dir, name);
	free(name);
	if (*path == NULL)
		return fail_with(ENOMEM);
	fd = cgroup_dir_open(*path);
	/* The directory may have been removed by others, too. */
	if (fd == -1 && errno == ENOENT && cgroups_make(cgroups->dir) == 0 &&
	    cgroups_make(*path) == 0)
		fd = cgroup_dir_open(*path);
	if (fd != -1)
		return fd;
	(void)cgroups_fail(why, "create the control group", *path, cgroups_remedy(errno));
	mem_freep(path);
	return -1;
}
