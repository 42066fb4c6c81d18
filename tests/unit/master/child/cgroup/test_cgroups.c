/* Cgroups: where the groups of programs are made, in directories that look like those of
 * service managers and containers. */
#include "master/child/cgroup/cgroups.h"

#include "tests/unit/master/child/cgroup/fake_groups.h"

#include <sys/xattr.h>

static char own[PATH_MAX];
static int find_error;

static char *
find(void)
{
	errno = find_error;
	return find_error != 0 ? NULL : strdup(own);
}

static void
set_own(const struct scratch *scratch, const char *group)
{
	find_error = 0;
	snprintf(own, sizeof(own), "%s", fake_path(scratch, group, ""));
}

/* The mark of systemd. False where the file system or our user cannot have it. */
static bool
delegate(const struct scratch *scratch, const char *group)
{
	return setxattr(fake_path(scratch, group, ""), "user.delegate", "1", 1, 0) == 0 ||
	    setxattr(fake_path(scratch, group, ""), "trusted.delegate", "1", 1, 0) == 0;
}

/* The directory that is expected below the group. */
static char *
dir_in(const char *group, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%sreeve-%d%s%s", group, *group != '\0' ? "/" : "",
	    (int)getpid(), *name != '\0' ? "/" : "", name);
	return path;
}

static void
expect_open(
    struct scratch *scratch, struct cgroups *cgroups, const char *name, const char *want)
{
	char *path, *why = NULL;
	int fd = cgroups_open(cgroups, name, name, &path, &why);

	if (fd == -1)
		fail_msg("%s", why);
	assert_string_equal(path, fake_path(scratch, want, ""));
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	free(path);
}

static void
expect_refused(struct cgroups *cgroups, const char *want)
{
	char *path, *why = NULL;

	assert_int_equal(cgroups_open(cgroups, "web", "web", &path, &why), -1);
	assert_null(path);
	assert_non_null(why);
	if (strstr(why, want) == NULL)
		fail_msg("%s", why);
	free(why);
}

/* The root of all groups may have processes: the daemon stays there. */
static void
test_root(void **state)
{
	struct scratch *scratch = *state;
	struct cgroups *cgroups = cgroups_new(find, false);

	assert_int_equal(mkdir(fake_path(scratch, "root", ""), 0755), 0);
	set_own(scratch, "root");
	cgroups_begin(cgroups);
	assert_int_equal(access(fake_path(scratch, dir_in("root", ""), ""), F_OK), -1);
	expect_open(scratch, cgroups, "web", dir_in("root", "web"));
	expect_open(scratch, cgroups, "a.b", dir_in("root", "a%2Eb"));
	expect_open(scratch, cgroups, "web", dir_in("root", "web"));
	assert_int_equal(access(fake_path(scratch, "root/daemon", ""), F_OK), -1);
	/* Removed by others. */
	assert_int_equal(rmdir(fake_path(scratch, dir_in("root", "web"), "")), 0);
	assert_int_equal(rmdir(fake_path(scratch, dir_in("root", "a%2Eb"), "")), 0);
	assert_int_equal(rmdir(fake_path(scratch, dir_in("root", ""), "")), 0);
	expect_open(scratch, cgroups, "web", dir_in("root", "web"));
	cgroups_free(cgroups);
	assert_int_equal(access(fake_path(scratch, dir_in("root", ""), ""), F_OK), -1);
}

/* A group of systemd with Delegate=yes: the daemon moves. A later image finds the base. */
static void
test_delegated(void **state)
{
	struct scratch *scratch = *state;
	struct cgroups *cgroups = cgroups_new(find, false);

	fake_group(scratch, "unit");
	if (!delegate(scratch, "unit") && geteuid() == 0)
		skip();
	fake_group(scratch, "unit/daemon");
	fake_write(scratch, "unit", "cgroup.procs", "77\n");
	set_own(scratch, "unit");
	cgroups_begin(cgroups);
	fake_expect(scratch, "unit/daemon", "cgroup.procs", "77");
	expect_open(scratch, cgroups, "web", dir_in("unit", "web"));
	set_own(scratch, "unit/daemon");
	struct cgroups *later = cgroups_new(find, true);
	fake_write(scratch, "unit", "cgroup.procs", "78\n");
	cgroups_begin(later);
	fake_expect(scratch, "unit/daemon", "cgroup.procs", "77");
	expect_open(scratch, later, "web", dir_in("unit", "web"));
	expect_open(scratch, later, "new", dir_in("unit", "new"));
	cgroups_free(later);
	assert_int_equal(access(fake_path(scratch, dir_in("unit", ""), ""), F_OK), -1);
	cgroups_free(cgroups);
}

/* A group of root that is not delegated, such as the session of an administrator. */
static void
test_shared(void **state)
{
	struct scratch *scratch = *state;
	struct cgroups *cgroups = cgroups_new(find, false);

	if (geteuid() != 0)
		skip();
	fake_group(scratch, "session");
	fake_group(scratch, "session/daemon");
	fake_write(scratch, "session", "cgroup.procs", "77\n");
	set_own(scratch, "session/daemon");
	expect_open(scratch, cgroups, "web", dir_in("session/daemon", "web"));
	fake_expect(scratch, "session/daemon", "cgroup.procs", "");
	cgroups_free(cgroups);
	cgroups = cgroups_new(find, false);
	set_own(scratch, "session");
	expect_open(scratch, cgroups, "web", dir_in("session", "web"));
	fake_expect(scratch, "session/daemon", "cgroup.procs", "");
	cgroups_free(cgroups);
}

/* The directory of another daemon that had our pid: an empty one is used, another not. */
static void
test_left_over(void **state)
{
	struct scratch *scratch = *state;
	struct cgroups *cgroups = cgroups_new(find, false);
	char second[64];

	assert_int_equal(mkdir(fake_path(scratch, "root", ""), 0755), 0);
	assert_int_equal(mkdir(fake_path(scratch, dir_in("root", ""), ""), 0755), 0);
	assert_int_equal(mkdir(fake_path(scratch, dir_in("root", "old"), ""), 0755), 0);
	set_own(scratch, "root");
	expect_open(scratch, cgroups, "web", dir_in("root", "web"));
	assert_int_equal(access(fake_path(scratch, dir_in("root", "old"), ""), F_OK), -1);
	cgroups_free(cgroups);
	cgroups = cgroups_new(find, false);
	fake_group(scratch, dir_in("root", ""));
	snprintf(second, sizeof(second), "root/reeve-%d-2/web", (int)getpid());
	expect_open(scratch, cgroups, "web", second);
	cgroups_free(cgroups);
}

static void
test_errors(void **state)
{
	struct scratch *scratch = *state;
	struct cgroups *cgroups = cgroups_new(find, false);

	find_error = ENOENT;
	cgroups_begin(cgroups);
	expect_refused(cgroups, "version 2 are not mounted");
	expect_refused(cgroups, "version 2 are not mounted");
	cgroups_free(cgroups);
	cgroups = cgroups_new(find, false);
	find_error = EACCES;
	expect_refused(cgroups, "cannot find the control group of the daemon: Perm");
	cgroups_free(cgroups);
	cgroups = cgroups_new(find, false);
	set_own(scratch, "nothing");
	expect_refused(cgroups, "cannot create a control group in ");
	cgroups_free(cgroups);
	/* A group that cannot be written. */
	cgroups = cgroups_new(find, false);
	assert_int_equal(mkdir(fake_path(scratch, "locked", ""), 0500), 0);
	set_own(scratch, "locked");
	if (geteuid() != 0)
		expect_refused(cgroups, "Delegate=yes");
	cgroups_free(cgroups);
	/* In the place of the group is something else. */
	cgroups = cgroups_new(find, false);
	assert_int_equal(mkdir(fake_path(scratch, "root", ""), 0755), 0);
	set_own(scratch, "root");
	expect_open(scratch, cgroups, "web", dir_in("root", "web"));
	assert_int_equal(rmdir(fake_path(scratch, dir_in("root", "web"), "")), 0);
	assert_int_equal(symlink("/tmp", fake_path(scratch, dir_in("root", "web"), "")), 0);
	expect_refused(cgroups, "cannot create the control group ");
	cgroups_free(cgroups);
}

static int
limit(struct cgroups *cgroups, const struct process_config *config, bool anew, char **why)
{
	char *path;
	int dir = cgroups_open(cgroups, "web", "web", &path, why), rc;

	assert_true(dir >= 0);
	free(path);
	*why = NULL;
	rc = cgroups_limit(cgroups, dir, config, anew, why);
	close(dir);
	return rc;
}

static void
expect_limited(struct cgroups *cgroups, const struct process_config *config, bool anew)
{
	char *why;

	if (limit(cgroups, config, anew, &why) == -1)
		fail_msg("%s", why);
}

static void
expect_unlimited(
    struct cgroups *cgroups, const struct process_config *config, const char *want)
{
	char *why;

	assert_int_equal(limit(cgroups, config, true, &why), -1);
	if (strstr(why, want) == NULL)
		fail_msg("%s", why);
	free(why);
}

/* What a kernel has after the controller was enabled. */
static void
enable_by_hand(const struct scratch *scratch)
{
	char web[256];

	snprintf(web, sizeof(web), "%s", dir_in("root", "web"));
	fake_write(scratch, dir_in("root", ""), "cgroup.subtree_control", "memory pids\n");
	fake_write(scratch, web, "memory.max", "max\n");
	fake_write(scratch, web, "memory.high", "5\n");
	fake_write(scratch, web, "pids.max", "");
}

static void
test_limits(void **state)
{
	const struct process_config config = { .limits = { .memory_max = 1048576,
						   .pids_max = 7 } };
	const struct process_config cpu = { .limits = { .cpu_weight = 5 } };
	struct scratch *scratch = *state;
	struct cgroups *cgroups = cgroups_new(find, false);
	char web[256];

	assert_int_equal(mkdir(fake_path(scratch, "root", ""), 0755), 0);
	set_own(scratch, "root");
	fake_write(scratch, "root", "cgroup.controllers", "hugetlb\n");
	expect_unlimited(cgroups, &config, "does not have the controller memory");
	fake_write(scratch, "root", "cgroup.controllers", "memory pids\n");
	expect_unlimited(cgroups, &config, "cannot enable the controller memory in");
	fake_write(scratch, "root", "cgroup.subtree_control", "");
	expect_unlimited(cgroups, &config, "cannot enable the controller memory in");
	fake_expect(scratch, "root", "cgroup.subtree_control", "+memory");
	enable_by_hand(scratch);
	snprintf(web, sizeof(web), "%s", dir_in("root", "web"));
	/* A group that others have used loses their limits. */
	expect_limited(cgroups, &config, false);
	fake_expect(scratch, web, "memory.high", "5\n");
	expect_limited(cgroups, &config, true);
	fake_expect(scratch, web, "memory.max", "1048576");
	fake_expect(scratch, web, "memory.high", "max");
	fake_expect(scratch, web, "pids.max", "7");
	expect_unlimited(cgroups, &cpu, "does not have the controller cpu");
	assert_int_equal(unlink(fake_path(scratch, web, "pids.max")), 0);
	expect_unlimited(cgroups, &config, "cannot set pids_max to 7: ");
	cgroups_free(cgroups);
}

/* What the kernel says about this process. */
static void
test_own(void **state)
{
	char *path = cgroups_find_own();

	(void)state;
	if (path == NULL)
		skip();
	assert_int_equal(access(path, F_OK), 0);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_root, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(
		    test_delegated, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(
		    test_shared, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(
		    test_left_over, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(
		    test_errors, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(test_limits, scratch_setup, fake_teardown),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
