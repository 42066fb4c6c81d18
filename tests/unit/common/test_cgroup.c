/* Cgroup: where control groups are, from files as kernels write them, and names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/cgroup.h"
#include "common/compiler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Version 2 beside hierarchies of version 1. */
static const char hybrid[] =
    "23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
static const char hybrid_own[] = "9:name=systemd:/x\n4:memory:/y\n0::/\n";

/* systemd, with a second mount of one group. */
static const char unified[] =
    "50 40 0:26 /system.slice/other /mnt/other rw - cgroup2 none rw\n"
    "35 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:1 - cgroup2 cgroup2 rw\n";

/* A container without a namespace of control groups, at a path with a blank. */
static const char container[] =
    "900 899 0:26 /docker/ab\\040c /sys/fs/my\\040groups ro - cgroup2 cgroup rw";

static void
expect_own(const char *mountinfo, const char *membership, const char *want)
{
	char *got;

	errno = 0;
	got = cgroup_own(mountinfo, membership);
	if (want == NULL) {
		assert_null(got);
		assert_int_equal(errno, ENOENT);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void
test_own(void **state)
{
	(void)state;
	expect_own(hybrid, hybrid_own, "/sys/fs/cgroup/unified");
	expect_own(unified, "0::/system.slice/reeved.service\n",
	    "/sys/fs/cgroup/system.slice/reeved.service");
	expect_own(unified, "0::/system.slice/other\n", "/mnt/other");
	expect_own(unified, "0::/system.slice/other/daemon\n", "/mnt/other/daemon");
	expect_own(
	    unified, "0::/system.slice/other2\n", "/sys/fs/cgroup/system.slice/other2");
	expect_own(container, "0::/docker/ab c\n", "/sys/fs/my groups");
	expect_own(container, "0::/docker/ab c/x\n", "/sys/fs/my groups/x");
}

static void
test_no_own(void **state)
{
	static const char *const mounts[] = {
		"", "\n\n", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n",
		"1 2 3 4 - cgroup2 cgroup2 rw\n", " - cgroup2 ",
	};

	(void)state;
	for (size_t i = 0; i < nitems(mounts); i++)
		expect_own(mounts[i], "0::/a\n", NULL);
	expect_own(container, "0::/docker/other\n", NULL);
	/* Outside of our namespace. */
	expect_own(unified, "0::/../x\n", NULL);
	expect_own(unified, "0::/..\n", NULL);
	expect_own(unified, "4:memory:/y\n", NULL);
	expect_own(unified, "", NULL);
}

static void
test_mount(void **state)
{
	char *got = cgroup_mount(hybrid);

	(void)state;
	assert_string_equal(got, "/sys/fs/cgroup/unified");
	free(got);
	assert_null(cgroup_mount("31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"));
	assert_int_equal(errno, ENOENT);
}

static void
expect_name(const char *group, const char *process, const char *want)
{
	char *got = cgroup_name(group, process);

	assert_non_null(got);
	assert_string_equal(got, want);
	free(got);
}

static void
test_names(void **state)
{
	(void)state;
	expect_name("web", "web", "web");
	expect_name("web", "web_00", "web:web_00");
	expect_name("a", "b:c", "a:b%3Ac");
	expect_name("a:b", "c", "a%3Ab:c");
	expect_name("a/..", "x/y", "a%2F%2E.:x%2Fy");
	expect_name("cgroup.procs", "cgroup.procs", "cgroup%2Eprocs");
	expect_name("memory", "x.max", "memory:x%2Emax");
	expect_name("50%", " \n\x7f", "50%25:%20%0A%7F");
	expect_name("\xc3\xa4", "@_-", "%C3%A4:@_-");
	expect_name("", "", "");
}

/* A name of 250 bytes with slashes; two that differ only behind the cut. */
static void
test_long_names(void **state)
{
	char name[251], other[251], *a, *b;

	(void)state;
	memset(name, '/', 250);
	name[250] = '\0';
	memcpy(other, name, sizeof(name));
	other[249] = 'x';
	a = cgroup_name("g", name);
	b = cgroup_name("g", other);
	assert_int_equal(strlen(a), CGROUP_NAME_MAX);
	assert_int_equal(strlen(b), CGROUP_NAME_MAX);
	assert_string_not_equal(a, b);
	assert_null(strchr(a, '/'));
	free(a);
	free(b);
}

static void
test_words(void **state)
{
	(void)state;
	assert_true(cgroup_has_word("cpuset cpu io memory\n", "cpu"));
	assert_true(cgroup_has_word("memory\n", "memory"));
	assert_true(cgroup_has_word("io memory", "memory"));
	assert_false(cgroup_has_word("cpuset hugetlb\n", "cpu"));
	assert_false(cgroup_has_word("\n", "cpu"));
	assert_false(cgroup_has_word("", "cpu"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_no_own),
		cmocka_unit_test(test_mount),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
