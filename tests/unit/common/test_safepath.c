#include "tests/unit/common/safepath_tree.h"

static void
test_plain(void **state)
{
	char why[SAFEPATH_WHY], *very_long = calloc(1, PATH_MAX + 2);
	struct stat st;
	int fd;

	(void)state;
	expect_open("new", geteuid());
	assert_int_equal(try_open("none", O_RDONLY, NULL, NULL), ENOENT);
	assert_int_equal(try_open("none/x", APPEND, NULL, NULL), ENOENT);
	assert_int_equal(try_open("new/x", APPEND, NULL, NULL), ENOTDIR);
	assert_int_equal(try_open(".", APPEND, NULL, NULL), EISDIR);
	memset(very_long, 'x', NAME_MAX + 1);
	assert_int_equal(try_open(very_long, APPEND, NULL, NULL), ENAMETOOLONG);
	memset(very_long, '/', PATH_MAX + 1);
	assert_int_equal(safepath_open_path(very_long, APPEND, 0600, &st, why), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(safepath_open_path("", APPEND, 0600, &st, why), -1);
	assert_int_equal(errno, ENOENT);
	assert_true((fd = open(".", O_RDONLY | O_DIRECTORY)) != -1);
	assert_int_equal(chdir(top), 0);
	(void)close(safepath_open_path("relative", APPEND, 0600, &st, why));
	assert_int_equal(fchdir(fd), 0);
	(void)close(fd);
	assert_true(exists("relative"));
	free(very_long);
}

/* Paths without a link that find accepts or rejects, with and without the walk. */
static void
test_find(void **state)
{
	static const struct {
		const char *path, *name;
		int error;
	} cases[] = {
	    {"file", "file", 0}, {"dir/file", "file", 0}, {"dir//file", "file", 0},
	    {"dir/./file", "file", 0}, {"dir/../file", "file", 0}, {"dir/", NULL, EISDIR},
	    {"dir/.", NULL, EISDIR}, {"dir/..", NULL, EISDIR}, {"none/file", NULL, ENOENT},
	};
	struct safepath sp;
	unsigned flags;
	size_t i;

	(void)state;
	assert_int_equal(mkdir(at("dir"), 0755), 0);
	for (flags = 0; flags <= SAFEPATH_STEADY; flags += SAFEPATH_STEADY)
		for (i = 0; i < nitems(cases); i++) {
			errno = 0;
			(void)!safepath_find(&sp, at(cases[i].path), flags);
			safepath_close(&sp);
			if (errno != cases[i].error && cases[i].error != 0)
				fail_msg("%s: %d", cases[i].path, errno);
			if (cases[i].name != NULL)
				assert_string_equal(sp.name, cases[i].name);
		}
}

static void
test_trusted_links(void **state)
{
	(void)state;
	needs_root();
	make_link("link", "safe/log", 0);
	make_link("dir", "safe", 0);
	make_link("absolute", at("dir/secret"), 0);
	make_link("loop", "loop", 0);
	make_link("empty", ".", 0);
	expect_open("link", 0);
	expect_open("dir/log2", 0);
	expect_open("absolute", 0);
	assert_true(exists("safe/log") && exists("safe/log2"));
	expect_refused("loop", ELOOP, "");
	expect_refused("empty", EISDIR, "");
}

/* Root's link leads into a user's directories; files that are created there belong to the
 * user. */
static void
test_own_links(void **state)
{
	struct stat st;
	mode_t mask;

	(void)state;
	needs_root();
	make_dir("mine/release", USER, 0700);
	make_link("mine/current", "release", USER);
	make_link("safe/current", at("mine/current"), USER);
	mask = umask(0);
	expect_open("mine/current/log", USER);
	(void)umask(mask);
	expect_open("safe/current/log2", USER);
	assert_int_equal(stat(at("mine/release/log"), &st), 0);
	assert_int_equal(st.st_gid, FS_RIGHTS_NOBODY);
	assert_int_equal(st.st_mode & 0777, 0646);
}

static void
test_attacking_links(void **state)
{
	(void)state;
	needs_root();
	make_link("mine/secret", at("safe/secret"), USER);
	make_link("mine/dangling", at("safe/made"), USER);
	make_link("mine/dir", "../safe", USER);
	make_link("mine/hop", "secret", USER);
	make_link("by-root", "mine/secret", 0);
	expect_refused("mine/secret", EACCES, "rights of its owner, uid 4321");
	expect_refused("mine/secret", EACCES, "mine/secret");
	expect_refused("mine/dangling", EACCES, "mine/dangling");
	expect_refused("mine/dir/made", EACCES, "mine/dir");
	expect_refused("mine/dir/secret", EACCES, "mine/dir");
	expect_refused("mine/hop", EACCES, "mine/hop");
	expect_refused("by-root", EACCES, "mine/secret");
	expect_untouched();
	/* Reading is refused only to users who cannot read. */
	assert_int_equal(try_open("mine/secret", O_RDONLY, NULL, NULL), 0);
	assert_int_equal(chmod(at("safe/secret"), 0600), 0);
	assert_int_equal(try_open("mine/secret", O_RDONLY, NULL, NULL), EACCES);
}

/* A link in a shared directory is not trusted just because root owns it. */
static void
test_moved_links(void **state)
{
	(void)state;
	needs_root();
	make_link("open/a", "../safe/made", 0);
	make_link("open/b", at("safe/made"), 0);
	make_link("shared/c", at("safe/made"), 0);
	make_link("shared/d", at("open/fine"), 0);
	assert_int_equal(rename(at("open/b"), at("mine/b")), 0);
	assert_int_equal(link(at("shared/c"), at("mine/c")), 0);
	expect_refused("open/a", EACCES, "others can write its directory");
	expect_refused("mine/b", EACCES, "rights of uid 4321");
	expect_refused("mine/c", EACCES, "rights of uid 4321");
	expect_refused("shared/c", EACCES, "rights of uid 65534");
	expect_open("shared/d", FS_RIGHTS_NOBODY);
	expect_untouched();
	/* A hard link of another user to the user's link. */
	make_link("other/e", "file", OTHER);
	assert_int_equal(link(at("other/e"), at("mine/e")), 0);
	expect_refused("mine/e", EACCES, "has other hard links");
	expect_open("other/e", OTHER);
	make_link("mine/f", at("other/g"), USER);
	make_link("other/g", "file", OTHER);
	expect_refused("mine/f", EACCES, "follows one of another user");
}

static void
test_hard_links(void **state)
{
	struct safepath sp;
	struct stat st;
	int fd;

	(void)state;
	needs_root();
	assert_int_equal(link(at("safe/secret"), at("mine/log")), 0);
	assert_int_equal(link(at("safe/secret"), at("shared/log")), 0);
	assert_int_equal(link(at("other/file"), at("mine/other")), 0);
	make_file("mine/own", USER, 0644);
	assert_int_equal(link(at("mine/own"), at("mine/backup")), 0);
	expect_refused("mine/log", EMLINK, "other hard links");
	expect_refused("shared/log", EMLINK, "other hard links");
	expect_refused("mine/other", EMLINK, "uid 4322");
	assert_int_equal(try_open("mine/log", O_RDONLY, NULL, NULL), EMLINK);
	expect_open("mine/own", USER);
	expect_open("safe/secret", 0);
	/* None of these is truncated or removed. */
	assert_int_equal(safepath_find(&sp, at("mine/own"), 0), 0);
	assert_true((fd = safepath_open(&sp, "own", O_WRONLY, 0, &st)) != -1);
	assert_int_equal(safepath_truncate(&sp, fd, 0), -1);
	assert_int_equal(errno, EMLINK);
	assert_int_equal(safepath_remove(&sp, "own", NULL), -1);
	assert_int_equal(errno, EMLINK);
	assert_int_equal(safepath_rename(&sp, "backup", "own"), -1);
	assert_int_equal(unlink(at("mine/backup")), 0);
	assert_int_equal(safepath_truncate(&sp, fd, 0), 0);
	assert_int_equal(safepath_remove(&sp, "own", NULL), 0);
	(void)close(fd);
	safepath_close(&sp);
	expect_untouched();
	assert_int_equal(safepath_find(&sp, at("safe/secret"), 0), 0);
	assert_int_equal(safepath_remove(&sp, sp.name, NULL), 0);
	safepath_close(&sp);
}

static void
test_remove_and_rename(void **state)
{
	struct safepath_id id;
	struct safepath sp;
	struct stat st;

	(void)state;
	needs_root();
	make_file("mine/a", USER, 0644);
	make_file("mine/b", 0, 0644);
	make_dir("mine/dir", USER, 0755);
	make_link("mine/link", at("safe/secret"), USER);
	assert_int_equal(mknod(at("mine/null"), S_IFCHR | 0666, 0x103), 0);
	assert_int_equal(safepath_find(&sp, at("mine/a"), 0), 0);
	assert_int_equal(safepath_remove(&sp, "dir", NULL), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(safepath_remove(&sp, "null", NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(safepath_rename(&sp, "a", "null"), -1);
	assert_int_equal(safepath_remove(&sp, "link", NULL), 0);
	assert_false(exists("mine/link"));
	assert_int_equal(safepath_rename_new(&sp, "a", "b"), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(safepath_rename(&sp, "a", "b"), 0);
	assert_int_equal(safepath_stat(&sp, "b", &st), 0);
	assert_int_equal(st.st_uid, USER);
	id = safepath_id_of(&st);
	assert_int_equal(safepath_rename_new(&sp, "b", "c"), 0);
	assert_int_equal(safepath_remove(&sp, "b", &id), -1);
	assert_int_equal(errno, ENOENT);
	make_file("mine/b", USER, 0644);
	assert_int_equal(safepath_remove(&sp, "b", &id), -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(safepath_remove(&sp, "c", &id), 0);
	safepath_close(&sp);
	expect_untouched();
}

/* The directory that was found is used even if another one takes its name. */
static void
test_swapped_parent(void **state)
{
	struct safepath sp;
	struct stat st;
	int fd;

	(void)state;
	needs_root();
	make_dir("mine/logs", USER, 0755);
	make_file("mine/logs/secret", USER, 0644);
	assert_int_equal(safepath_find(&sp, at("mine/logs/secret"), 0), 0);
	assert_int_equal(rename(at("mine/logs"), at("mine/away")), 0);
	make_link("mine/logs", at("safe"), USER);
	assert_true((fd = safepath_open(&sp, sp.name, O_WRONLY, 0, &st)) != -1);
	assert_int_equal(safepath_truncate(&sp, fd, 0), 0);
	(void)close(fd);
	assert_int_equal(safepath_rename(&sp, sp.name, "made"), 0);
	assert_int_equal(safepath_remove(&sp, "made", NULL), 0);
	safepath_close(&sp);
	expect_untouched();
	assert_int_equal(safepath_find(&sp, at("mine/logs/secret"), 0), 0);
	assert_int_equal(safepath_remove(&sp, sp.name, NULL), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(safepath_rename(&sp, sp.name, "made"), -1);
	safepath_close(&sp);
	expect_untouched();
}

static void
test_steady(void **state)
{
	static const struct {
		const char *path;
		bool steady;
	} cases[] = {
	    {"safe/sock", true}, {"shared/sock", true}, {"link/sock", true},
	    {"mine/sock", false}, {"open/sock", false}, {"mine/dir/sock", false},
	    {"shared/dir/sock", true}, {"shared/user/sock", false},
	    {"mine/link/sock", false},
	};
	struct safepath sp;
	size_t i;

	(void)state;
	needs_root();
	make_dir("mine/dir", 0, 0755);
	make_dir("shared/dir", 0, 0755);
	make_dir("shared/user", USER, 0755);
	make_link("link", "safe", 0);
	make_link("mine/link", "dir", USER);
	for (i = 0; i < nitems(cases); i++) {
		assert_int_equal(safepath_find(&sp, at(cases[i].path), SAFEPATH_STEADY), 0);
		safepath_close(&sp);
		if (sp.steady != cases[i].steady)
			fail_msg("%s", cases[i].path);
	}
}

static void
test_last_itself(void **state)
{
	struct safepath sp;
	struct stat st;

	(void)state;
	needs_root();
	make_link("mine/sock", at("safe/made"), USER);
	assert_int_equal(safepath_find(&sp, at("mine/sock"), SAFEPATH_LAST), 0);
	assert_string_equal(sp.name, "sock");
	assert_int_equal(sp.rights.kind, FS_RIGHTS_OWN);
	assert_int_equal(safepath_stat(&sp, sp.name, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	safepath_close(&sp);
}

/* A link of /proc to a descriptor: root's link opens the file of the descriptor, a user's
 * link the path that is its text. */
static void
test_magic(void **state)
{
	int fd = open("/dev/null", O_WRONLY), ours = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	char path[64], why[SAFEPATH_WHY];
	struct stat st;
	int got;

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	assert_true((got = safepath_open_path(path, O_WRONLY, 0, &st, why)) != -1);
	assert_true(S_ISCHR(st.st_mode));
	(void)close(got);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	assert_true(safepath_inherited_fd(path, &got));
	assert_int_equal(got, fd);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", ours);
	assert_true(safepath_inherited_fd(path, &got));
	assert_int_equal(got, -1);
	assert_true(safepath_inherited_fd("/dev/fd/99999999999", &got));
	assert_int_equal(got, -1);
	assert_false(safepath_inherited_fd("/dev/fd/x", &got));
	assert_false(safepath_inherited_fd("/dev/null", &got));
	assert_true(safepath_inherited_fd("/dev/stdout", &got));
	assert_int_equal(got, STDOUT_FILENO);
	(void)close(fd);
	(void)close(ours);
	needs_root();
	fd = open(at("safe/secret"), O_RDWR);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	make_link("mine/magic", path, USER);
	expect_refused("mine/magic", EACCES, "mine/magic");
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_plain),
	    TEST(test_find),
	    TEST(test_trusted_links),
	    TEST(test_own_links),
	    TEST(test_attacking_links),
	    TEST(test_moved_links),
	    TEST(test_hard_links),
	    TEST(test_remove_and_rename),
	    TEST(test_swapped_parent),
	    TEST(test_steady),
	    TEST(test_last_itself),
	    TEST(test_magic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
