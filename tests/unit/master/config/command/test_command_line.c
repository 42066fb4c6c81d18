/* Command line: the cases of splitting, with Python's results, are in tests/data/shlex. */
#include "master/config/command/command_line.h"
#include "tests/unit/master/scratch.h"

static void
check_split(void *ctx, char *input, char *want)
{
	char got[4096] = "", **words;
	const char *why = NULL;
	size_t i;

	(void)ctx;
	words = command_line_split(input, &why);
	if (words == NULL)
		snprintf(got, sizeof(got), "!%s", why);
	for (i = 0; words != NULL && words[i] != NULL; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "[%s]", words[i]);
	if (strcmp(got, want) != 0)
		fail_msg("<%s> became %s instead of %s", input, got, want);
	free(words);
}

static void
test_split(void **state)
{
	(void)state;
	assert_true(scratch_cases("tests/data/shlex/split", check_split, NULL) > 300);
}

static void
test_split_long(void **state)
{
	size_t n = (size_t)200 * 1024, i;
	char *text = malloc(n + 1), **words;
	const char *why;

	(void)state;
	assert_non_null(text);
	for (i = 0; i < n; i++)
		text[i] = i % 2 ? ' ' : 'x';
	text[n] = '\0';
	assert_non_null(words = command_line_split(text, &why));
	for (i = 0; words[i] != NULL; i++)
		assert_string_equal(words[i], "x");
	assert_int_equal(i, n / 2);
	free(words);
	free(text);
}

static void
expect(const char *text, const char *dirs, enum fault want, const char *want_text)
{
	struct command_line command;
	char *why;
	enum fault got = command_line_resolve(text, dirs, &command, &why);

	assert_int_equal(got, want);
	if (got == FAULT_NONE) {
		assert_null(why);
		assert_string_equal(command.path, want_text);
	} else {
		assert_non_null(why);
		assert_string_equal(why, want_text);
		assert_null(command.argv);
		assert_null(command.path);
	}
	free(why);
	command_line_clear(&command);
}

static void
test_texts(void **state)
{
	(void)state;
	expect("cat 'x", NULL, FAULT_NOT_EXECUTABLE,
	    "can't parse command \"cat 'x\": No closing quotation");
	expect("cat \\", NULL, FAULT_NOT_EXECUTABLE,
	    "can't parse command 'cat \\\\': No escaped character");
	expect("", NULL, FAULT_NOT_EXECUTABLE, "command is empty");
	expect(" \t ", NULL, FAULT_NOT_EXECUTABLE, "command is empty");
	expect("no-such-command -x", NULL, FAULT_NO_FILE,
	    "can't find command 'no-such-command'");
	expect(
	    "/no/such\\ thing", NULL, FAULT_NO_FILE, "can't find command '/no/such thing'");
	expect("''", "/bin", FAULT_NOT_EXECUTABLE, "command at '/bin/' is a directory");
	expect("/tmp", NULL, FAULT_NOT_EXECUTABLE, "command at '/tmp' is a directory");
	expect("/etc/passwd", NULL, FAULT_NOT_EXECUTABLE,
	    "command at '/etc/passwd' is not executable");
}

static void
test_default_path(void **state)
{
	(void)state;
	expect("sh -c true", NULL, FAULT_NONE, "/bin/sh");
	expect("sh", "/nowhere:/usr/bin/", FAULT_NONE, "/usr/bin/sh");
	expect("sh", "/nowhere", FAULT_NO_FILE, "can't find command 'sh'");
	expect("/bin/sh", "/nowhere", FAULT_NONE, "/bin/sh");
}

/* The first existing file is used, even when another one could be executed. */
static void
test_first_wins(void **state)
{
	struct scratch *scratch = *state;
	char dirs[256], want[256];

	scratch_write(scratch, "sh", "no program");
	snprintf(dirs, sizeof(dirs), "%s:/bin", scratch->dir);
	snprintf(want, sizeof(want), "command at '%s/sh' is not executable", scratch->dir);
	expect("sh", dirs, FAULT_NOT_EXECUTABLE, want);
	assert_int_equal(chmod(scratch_path(scratch, "sh"), 0755), 0);
	expect("sh", dirs, FAULT_NONE, scratch_path(scratch, "sh"));
	assert_int_equal(unlink(scratch_path(scratch, "sh")), 0);
	assert_int_equal(mkdir(scratch_path(scratch, "sh"), 0755), 0);
	snprintf(want, sizeof(want), "command at '%s/sh' is a directory", scratch->dir);
	expect("sh", dirs, FAULT_NOT_EXECUTABLE, want);
}

static void
test_no_permission(void **state)
{
	struct scratch *scratch = *state;
	char want[256];

	if (geteuid() == 0)
		skip();
	scratch_write(scratch, "x", "");
	assert_int_equal(chmod(scratch_path(scratch, "x"), 0011), 0);
	snprintf(want, sizeof(want), "no permission to run command '%s/x'", scratch->dir);
	expect(scratch_path(scratch, "x"), NULL, FAULT_NOT_EXECUTABLE, want);
}

/* An empty PATH, or an empty part of one, is the current directory. */
static void
test_empty_part(void **state)
{
	struct scratch *scratch = *state;
	char before[4096];

	scratch_write(scratch, "here", "");
	assert_int_equal(chmod(scratch_path(scratch, "here"), 0755), 0);
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(scratch->dir), 0);
	expect("here", "", FAULT_NONE, "here");
	expect("here", "/nowhere:", FAULT_NONE, "here");
	assert_int_equal(chdir(before), 0);
}

static void
test_argv(void **state)
{
	struct command_line command;
	char *why;

	(void)state;
	assert_int_equal(
	    command_line_resolve("sh 'a b' c", "/bin", &command, &why), FAULT_NONE);
	assert_string_equal(command.argv[0], "sh");
	assert_string_equal(command.argv[1], "a b");
	assert_string_equal(command.argv[2], "c");
	assert_null(command.argv[3]);
	command_line_clear(&command);
	assert_null(command.argv);
	command_line_clear(&command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_split),
	    TEST(test_split_long),
	    TEST(test_texts),
	    TEST(test_default_path),
	    TEST(test_first_wins),
	    TEST(test_no_permission),
	    TEST(test_empty_part),
	    TEST(test_argv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
