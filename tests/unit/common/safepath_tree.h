/* Safepath tree: directories in which an unprivileged user attacks the paths of root. */
#ifndef TESTS_UNIT_COMMON_SAFEPATH_TREE_H
#define TESTS_UNIT_COMMON_SAFEPATH_TREE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/safepath.h"

#define USER 4321
#define OTHER 4322
#define APPEND (O_WRONLY | O_CREAT | O_APPEND)

static char *top;

static inline const char *
at(const char *name)
{
	static char paths[8][512];
	static unsigned turn;
	char *path = paths[turn++ % nitems(paths)];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
	return path;
}

static inline void
make_dir(const char *name, uid_t uid, mode_t mode)
{
	assert_int_equal(mkdir(at(name), 0700), 0);
	assert_int_equal(chown(at(name), uid, uid), 0);
	assert_int_equal(chmod(at(name), mode), 0);
}

static inline void
make_file(const char *name, uid_t uid, mode_t mode)
{
	int fd = open(at(name), O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd != -1);
	assert_int_equal(write(fd, "old", 3), 3);
	assert_int_equal(fchown(fd, uid, uid), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static inline void
make_link(const char *name, const char *target, uid_t uid)
{
	assert_int_equal(symlink(target, at(name)), 0);
	assert_int_equal(lchown(at(name), uid, uid), 0);
}

static inline void
remove_below(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    unlinkat(fd, e->d_name, 0) == -1)
			remove_below(fd, e->d_name);
	if (d != NULL)
		(void)closedir(d);
	(void)unlinkat(dir, name, AT_REMOVEDIR);
}

/* A tree: root's directory `safe` with a file `secret`, the user's `mine`, and `shared`. */
static inline int
setup(void **state)
{
	*state = top = strdup("/tmp/test_safepath.XXXXXX");
	if (mkdtemp(top) == NULL || chmod(top, 0755) == -1)
		return -1;
	if (geteuid() != 0)
		return 0;
	make_dir("safe", 0, 0755);
	make_file("safe/secret", 0, 0644);
	make_dir("mine", USER, 0755);
	make_dir("other", OTHER, 0755);
	make_file("other/file", OTHER, 0644);
	make_dir("shared", 0, 01777);
	make_dir("open", 0, 0777);
	return 0;
}

static inline int
teardown(void **state)
{
	remove_below(AT_FDCWD, *state);
	free(*state);
	return 0;
}

static inline int
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Opens and closes the file as a log. The error, 0 = none. */
static inline int
try_open(const char *name, int flags, uid_t *owner, char *why)
{
	int fds = count_fds(), fd;
	char why_unused[SAFEPATH_WHY];
	struct stat st;

	fd = safepath_open_path(at(name), flags, 0666, &st, why != NULL ? why : why_unused);
	if (fd == -1) {
		assert_int_equal(count_fds(), fds);
		return errno;
	}
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	if (owner != NULL)
		*owner = st.st_uid;
	(void)close(fd);
	assert_int_equal(count_fds(), fds);
	return 0;
}

static inline void
expect_open(const char *name, uid_t want)
{
	uid_t owner = (uid_t)-1;
	int error = try_open(name, APPEND, &owner, NULL);

	if (error != 0 || owner != want)
		fail_msg("%s: error %d, owner %d instead of %d", name, error, (int)owner,
		    (int)want);
}

static inline void
expect_refused(const char *name, int want, const char *text)
{
	char why[SAFEPATH_WHY];
	int error = try_open(name, APPEND, NULL, why);

	if (error != want)
		fail_msg("%s: error %d instead of %d (%s)", name, error, want, why);
	if (strstr(why, text) == NULL)
		fail_msg("%s: <%s> has no <%s>", name, why, text);
}

static inline bool
exists(const char *name)
{
	struct stat st;

	return lstat(at(name), &st) == 0;
}

static inline void
needs_root(void)
{
	if (geteuid() != 0)
		skip();
}

static inline void
expect_untouched(void)
{
	struct stat st;

	assert_int_equal(stat(at("safe/secret"), &st), 0);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(st.st_uid, 0);
	assert_false(exists("safe/made"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
