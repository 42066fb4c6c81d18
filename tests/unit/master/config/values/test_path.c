#include "master/config/values/path.h"
#include "tests/unit/master/scratch.h"

#include <pwd.h>

static void
check(char *got_take, const char *want)
{
	assert_string_equal(got_take, want);
	free(got_take);
}

static void
test_expand(void **state)
{
	(void)state;
	setenv("HOME", "/home/x//", 1);
	check(conf_path_expand("~"), "/home/x");
	check(conf_path_expand("~/a"), "/home/x/a");
	check(conf_path_expand("a~"), "a~");
	check(conf_path_expand("~root/a"), "/root/a");
	check(conf_path_expand("~no-such-user/a"), "~no-such-user/a");
	setenv("HOME", "/", 1);
	check(conf_path_expand("~"), "/");
	check(conf_path_expand("~/a"), "/a");
	setenv("HOME", "", 1);
	check(conf_path_expand("~"), "/");
}

/* A directory that is not UTF-8 is not used. */
static void
test_home_that_is_not_utf8(void **state)
{
	const struct passwd *entry = getpwuid(getuid());
	char *want;

	(void)state;
	assert_true(asprintf(&want, "%s/a", entry != NULL ? entry->pw_dir : "~") > 0);
	setenv("HOME", "/\xff", 1);
	check(conf_path_expand("~/a"), want);
	free(want);
}

static void
test_directory(void **state)
{
	(void)state;
	check(conf_path_directory("a"), "");
	check(conf_path_directory(""), "");
	check(conf_path_directory("/a"), "/");
	check(conf_path_directory("//a"), "/");
	check(conf_path_directory("a/b"), "a");
	check(conf_path_directory("a//b"), "a");
	check(conf_path_directory("/a/b/"), "/a/b");
}

static void
test_absolute(void **state)
{
	char *cwd = getcwd(NULL, 0), *inside;

	(void)state;
	assert_non_null(cwd);
	check(conf_path_absolute(""), cwd);
	check(conf_path_absolute("."), cwd);
	check(conf_path_absolute("x/.."), cwd);
	assert_true(asprintf(&inside, "%s/a/b", cwd) > 0);
	check(conf_path_absolute("./a//x/../b/"), inside);
	free(inside);
	free(cwd);
	check(conf_path_absolute("/"), "/");
	check(conf_path_absolute("/.."), "/");
	check(conf_path_absolute("/../../a"), "/a");
	check(conf_path_absolute("/a/../../b"), "/b");
	check(conf_path_absolute("//a/../b"), "//b");
	check(conf_path_absolute("///a"), "/a");
	check(conf_path_absolute("/a/.../b."), "/a/.../b.");
}

static void
test_join(void **state)
{
	(void)state;
	check(conf_path_join("/a", "b"), "/a/b");
	check(conf_path_join("/a/", "b"), "/a/b");
	check(conf_path_join("/a", "/b"), "/b");
	check(conf_path_join("", "b"), "b");
}

static void
test_temporary(void **state)
{
	char directory[] = "/tmp/reeve-path-XXXXXX", *odd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	setenv("TMPDIR", directory, 1);
	check(conf_path_temporary(), directory);
	setenv("TMPDIR", "/nonexistent/x", 1);
	setenv("TEMP", "", 1);
	setenv("TMP", directory, 1);
	check(conf_path_temporary(), directory);
	assert_true(asprintf(&odd, "%s/\xff", directory) > 0);
	assert_int_equal(mkdir(odd, 0700), 0);
	setenv("TMPDIR", odd, 1);
	check(conf_path_temporary(), directory);
	assert_int_equal(rmdir(odd), 0);
	free(odd);
	unsetenv("TMP");
	assert_true(conf_path_is_directory(directory));
	assert_int_equal(rmdir(directory), 0);
	assert_false(conf_path_is_directory(directory));
	assert_false(conf_path_is_directory("/dev/null"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),
		cmocka_unit_test(test_home_that_is_not_utf8),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_absolute),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_temporary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
