/* Procstat: names that look like the rest of the line, and lines that are cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "common/compiler.h"
#include "master/child/procstat.h"

#define AFTER \
	" S 7 12 11 0 -1 4194560 99 98 97 96 250 50 30 20 20 0 1 0 33 4096000 420 " \
	"18446744073709551615 1 1 0\n"

static void
test_names(void **state)
{
	static const char *const names[] = { "cat", "a) b (c", ") S 1 2 3 (", "", "(", ")",
		"a\nb",
		"x) R 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "\xff\x80" };
	char line[PROCSTAT_MAX];
	struct procstat stat;

	(void)state;
	for (size_t i = 0; i < nitems(names); i++) {
		int n = snprintf(line, sizeof(line), "12 (%s)" AFTER, names[i]);

		assert_int_equal(procstat_parse(line, (size_t)n, &stat), 0);
		assert_int_equal(stat.pid, 12);
		assert_int_equal(stat.parent, 7);
		assert_int_equal(stat.group, 12);
		assert_int_equal(stat.session, 11);
		assert_int_equal(stat.state, 'S');
		assert_int_equal(stat.start, 33);
		assert_int_equal(stat.ticks, 350);
		assert_int_equal(stat.pages, 420);
		assert_int_equal(stat.start, 33);
	}
}

/* Each shorter text is refused, until only members that nobody reads are missing. */
static void
test_cut(void **state)
{
	static const char line[] = "12 (a) b (c)" AFTER;
	size_t read = (size_t)(strstr(line, " 18446744") - line);
	struct procstat stat;

	(void)state;
	for (size_t n = 0; n < read - strlen("420"); n++)
		assert_int_equal(procstat_parse(line, n, &stat), -1);
	assert_int_equal(procstat_parse(line, read, &stat), 0);
	assert_int_equal(stat.pages, 420);
}

static void
test_malformed(void **state)
{
	static const char *const lines[] = {
		"x (cat)" AFTER,
		" 12 (cat)" AFTER,
		"-12 (cat)" AFTER,
		"99999999999 (cat)" AFTER,
		"99999999999999999999999 (cat)" AFTER,
		"12 cat)" AFTER,
		"12 (cat" AFTER,
		"12 (cat) S 7",
		"12 (cat) S x 12 11 0 -1 1 9 9 9 9 250 50 30 20 20 0 1 0 33 4 420 1",
		"12 (cat) S -7 12 11 0 -1 1 9 9 9 9 250 50 30 20 20 0 1 0 33 4 420 1",
		"12 (cat) S 7 12 11 0 -1 1 9 9 9 9 -250 50 30 20 20 0 1 0 33 4 420 1",
		"12 (cat) S  7 12 11 0 -1 1 9 9 9 9 250 50 30 20 20 0 1 0 33 4 420 1",
		"12 (cat) S 7 12 11 0 - 1 9 9 9 9 250 50 30 20 20 0 1 0 33 4 420 1",
		"",
		")",
		"12 ()",
	};
	struct procstat stat;

	(void)state;
	for (size_t i = 0; i < nitems(lines); i++)
		assert_int_equal(procstat_parse(lines[i], strlen(lines[i]), &stat), -1);
}

/* Of another pid namespace, and of a kernel thread. */
static void
test_unusual(void **state)
{
	static const char line[] =
	    "2 (kthreadd) S 0 0 -1 0 -1 1 9 9 9 9 0 0 0 0 20 0 1 0 33 0 -3 1";
	struct procstat stat;

	(void)state;
	assert_int_equal(procstat_parse(line, strlen(line), &stat), 0);
	assert_int_equal(stat.group, 0);
	assert_int_equal(stat.session, -1);
	assert_int_equal(stat.pages, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_unusual),
	};

	return cmocka_run_group_tests_name("procstat", tests, NULL, NULL);
}
