/* The expected values in tests/data/ini are those of Python's RawConfigParser. */
#include "common/ini.h"
#include "tests/unit/master/scratch.h"

#include <sys/resource.h>

struct place {
	char dir[64], file[80];
};

static void
place_write(const struct place *place, const char *bytes, size_t n)
{
	FILE *file = fopen(place->file, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static int
place_setup(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	strcpy(place->dir, "/tmp/reeve-ini-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->file, sizeof(place->file), "%s/f", place->dir);
	*state = place;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place *place = *state;

	unlink(place->file);
	rmdir(place->dir);
	free(place);
	return 0;
}

static void
show(const struct ini *ini, char *out, size_t size)
{
	size_t sections = 0, values;
	const char *section, *key, *value;

	strcpy(out, "OK ");
	while ((section = ini_next(ini, &sections)) != NULL) {
		values = 0;
		snprintf(out + strlen(out), size - strlen(out), "[%s]", section);
		while ((value = ini_next_value(ini, section, &values, &key)) != NULL)
			snprintf(
			    out + strlen(out), size - strlen(out), "%s=%s|", key, value);
	}
}

/* The data has FILE for the name of the file in an error. */
static void
show_error(const struct place *place, const char *error, char *out, size_t size)
{
	const char *hit = strstr(error, place->file);

	assert_non_null(hit);
	snprintf(out, size, "ER %.*sFILE%s", (int)(hit - error), error,
	    hit + strlen(place->file));
}

static void
check(void *ctx, char *input, char *want)
{
	const struct place *place = ctx;
	struct ini *ini = ini_new();
	char got[8192], *error = NULL;

	place_write(place, input, strlen(input));
	if (ini_read(ini, place->file, place->file, false, &error) == 0)
		show(ini, got, sizeof(got));
	else
		show_error(place, error, got, sizeof(got));
	if (strcmp(got, want) != 0)
		fail_msg("<%s> became <%s> instead of <%s>", input, got, want);
	free(error);
	ini_free(ini);
}

static void
test_python(void **state)
{
	assert_true(scratch_cases("tests/data/ini/cases", check, *state) > 250);
}

static void
read_bytes(const struct place *place, struct ini *ini, const char *text, bool included)
{
	char *error = NULL;

	place_write(place, text, strlen(text));
	assert_int_equal(ini_read(ini, place->file, place->file, included, &error), 0);
	assert_null(error);
}

static void
test_defaults(void **state)
{
	struct ini *ini = ini_new();
	size_t cursor = 0;
	const char *key;

	read_bytes(*state, ini, "[s]\na=1\n[DEFAULT]\na=2\nb=3\n", false);
	assert_false(ini_has(ini, "DEFAULT"));
	assert_string_equal(ini_get(ini, "s", "a"), "1");
	assert_string_equal(ini_get(ini, "s", "b"), "3");
	assert_null(ini_get(ini, "s", "c"));
	assert_string_equal(ini_next_value(ini, "s", &cursor, &key), "1");
	assert_string_equal(ini_next_value(ini, "s", &cursor, &key), "3");
	assert_string_equal(key, "b");
	assert_null(ini_next_value(ini, "s", &cursor, &key));
	ini_free(ini);
}

static void
test_second_file(void **state)
{
	const struct place *place = *state;
	struct ini *ini = ini_new();

	read_bytes(place, ini, "[s]\na=%(here)s\nb=%(here)s-%(here)s\nc=x", false);
	ini_replace(ini, "%(here)s", "/one");
	read_bytes(place, ini, "[t]\na=%(here)s\n[s]\nc=%(here)s\n", true);
	ini_replace(ini, "%(here)s", "/two");
	assert_string_equal(ini_get(ini, "s", "b"), "/one-/one");
	assert_string_equal(ini_get(ini, "s", "c"), "/two");
	assert_string_equal(ini_get(ini, "t", "a"), "/two");
	assert_null(ini_file(ini, "s"));
	assert_string_equal(ini_file(ini, "t"), place->file);
	ini_free(ini);
}

static void
test_default_is_copied_by_replace(void **state)
{
	struct ini *ini = ini_new();

	read_bytes(*state, ini, "[DEFAULT]\na=<here>\n[s]\n", false);
	ini_replace(ini, "<here>", "/one");
	read_bytes(*state, ini, "[DEFAULT]\na=other\n", true);
	assert_string_equal(ini_get(ini, "s", "a"), "/one");
	ini_free(ini);
}

static void
expect_duplicate(const struct ini *ini, size_t i, const char *section, const char *key,
    size_t first, size_t later)
{
	struct ini_duplicate got;

	assert_true(ini_duplicate(ini, i, &got));
	assert_string_equal(got.section, section);
	if (key == NULL)
		assert_null(got.key);
	else
		assert_string_equal(got.key, key);
	assert_int_equal(got.first_line, first);
	assert_int_equal(got.line, later);
	assert_non_null(got.file);
	assert_non_null(got.first_file);
}

static void
test_duplicates(void **state)
{
	struct ini *ini = ini_new();
	struct ini_duplicate got;

	read_bytes(*state, ini, "[a]\nx=1\n[b]\nx=2\nX=3\nx=4\n[a]\nx=5\ny=6\n", false);
	expect_duplicate(ini, 0, "b", "x", 4, 5);
	expect_duplicate(ini, 1, "b", "x", 5, 6);
	expect_duplicate(ini, 2, "a", NULL, 1, 7);
	expect_duplicate(ini, 3, "a", "x", 2, 8);
	assert_false(ini_duplicate(ini, 4, &got));
	read_bytes(*state, ini, "[DEFAULT]\nx=1\n[DEFAULT]\nx=2\n[b]\n", true);
	expect_duplicate(ini, 4, "DEFAULT", "x", 2, 4);
	expect_duplicate(ini, 5, "b", NULL, 3, 5);
	assert_false(ini_duplicate(ini, 6, &got));
	ini_free(ini);
}

static void
check_refused(const struct place *place, const char *bytes, size_t n, const char *why)
{
	struct ini *ini = ini_new();
	char *error = NULL;

	place_write(place, bytes, n);
	assert_int_equal(ini_read(ini, place->file, place->file, false, &error), -1);
	if (why == NULL) {
		assert_null(error);
	} else {
		assert_non_null(error);
		assert_non_null(strstr(error, why));
	}
	free(error);
	ini_free(ini);
}

static void
test_refused(void **state)
{
	const struct place *place = *state;
	struct place nowhere = *place;
	size_t n = INI_FILE_MAX + 1;
	char *big = malloc(n), *error = NULL;
	struct ini *ini = ini_new();

	assert_non_null(big);
	memset(big, '\n', n);
	check_refused(place, "[s]\r\na=\0b\n", 9, "line 2 contains a NUL character");
	check_refused(place, "[s]\n\na=\xff\n", 9, "line 3 is not valid UTF-8");
	check_refused(place, big, n, "larger than a configuration file may be");
	free(big);
	strcat(nowhere.file, "-missing");
	assert_int_equal(ini_read(ini, nowhere.file, nowhere.file, false, &error), -1);
	assert_null(error);
	assert_int_equal(ini_read(ini, place->dir, place->dir, false, &error), -1);
	assert_null(error);
	ini_free(ini);
	ini_free(NULL);
}

/* A file is not reported as too large when memory is short. */
static void
test_memory_is_short(void **state)
{
#ifdef REEVE_SANITIZED
	(void)state;
	skip(); /* a sanitizer ends the process */
#else
	static const char lines[4 * 1024 * 1024] = "[s]\n";
	const struct place *place = *state;
	struct rlimit before, none;
	char *error = NULL;
	struct ini *ini = ini_new();
	int status, errnum;

	place_write(place, lines, sizeof(lines));
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	none = (struct rlimit){ 4096, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	status = ini_read(ini, place->file, place->file, false, &error);
	errnum = errno;
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(status, -1);
	assert_null(error);
	assert_int_equal(errnum, ENOMEM);
	ini_free(ini);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_second_file),
		cmocka_unit_test(test_default_is_copied_by_replace),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_memory_is_short),
	};

	return cmocka_run_group_tests(tests, place_setup, place_teardown);
}
