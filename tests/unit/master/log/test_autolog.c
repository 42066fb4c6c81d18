/* The cases are in tests/data/autolog, with the results of Python's re. */
#include "master/log/autolog.h"
#include "tests/unit/master/scratch.h"

static bool
exists(const struct scratch *scratch, const char *name)
{
	return access(scratch_path(scratch, name), F_OK) == 0;
}

static void
test_create(void **state)
{
	struct scratch *scratch = *state;
	char *one, *two, *p;
	struct stat st;

	one = autolog_create(scratch->dir, "cat", "stdout", "supervisor");
	two = autolog_create(scratch->dir, "cat", "stdout", "supervisor");
	assert_non_null(one);
	assert_non_null(two);
	assert_string_not_equal(one, two);
	assert_int_equal(stat(one, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 0);
	p = one + strlen(scratch->dir);
	assert_int_equal(strncmp(p, "/cat-stdout---supervisor-", 25), 0);
	assert_int_equal(strspn(p + 25, "abcdefghijklmnopqrstuvwxyz0123456789_"), 8);
	assert_string_equal(p + 33, ".log");
	free(one);
	free(two);
}

static void
test_create_fails(void **state)
{
	(void)state;
	assert_null(autolog_create("/no/such/dir", "cat", "stdout", "supervisor"));
	assert_int_equal(errno, ENOENT);
}

static void
test_slash(void **state)
{
	struct scratch *scratch = *state;
	char dir[80], *path;

	snprintf(dir, sizeof(dir), "%s/", scratch->dir);
	assert_non_null(path = autolog_create(dir, "a", "stderr", "x y"));
	assert_int_equal(strncmp(path + strlen(dir), "a-stderr---x y-", 15), 0);
	free(path);
}

static void
check_name(void *ctx, char *input, char *want)
{
	struct scratch *scratch = ctx;

	scratch_write(scratch, input, "");
	autolog_clean(scratch->dir, "supervisor");
	if (exists(scratch, input) == (strcmp(want, "yes") == 0))
		fail_msg("<%s>: want deleted = %s", input, want);
	(void)unlink(scratch_path(scratch, input));
}

static void
test_names(void **state)
{
	struct scratch *scratch = *state;

	assert_true(scratch_cases("tests/data/autolog/names", check_name, scratch) > 30);
	assert_string_equal(scratch->log, "");
}

static void
test_own_is_cleaned(void **state)
{
	struct scratch *scratch = *state;
	char *path = autolog_create(scratch->dir, "cat", "stdout", "a.b+");

	assert_non_null(path);
	autolog_clean(scratch->dir, "aXb+");
	assert_int_equal(access(path, F_OK), 0);
	autolog_clean(scratch->dir, "a.b+");
	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static void
test_warnings(void **state)
{
	struct scratch *scratch = *state;
	char want[256];

	autolog_clean("/no/such/dir", "supervisor");
	assert_string_equal(scratch->log, "WARN Could not clear childlog dir\n");
	scratch_forget(scratch);
	assert_int_equal(mkdir(scratch_path(scratch, "a---supervisor-b.log"), 0700), 0);
	autolog_clean(scratch->dir, "supervisor");
	snprintf(want, sizeof(want), "WARN Failed to clean up '%s/a---supervisor-b.log'\n",
	    scratch->dir);
	assert_string_equal(scratch->log, want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_create),
	    TEST(test_create_fails),
	    TEST(test_slash),
	    TEST(test_names),
	    TEST(test_own_is_cleaned),
	    TEST(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
