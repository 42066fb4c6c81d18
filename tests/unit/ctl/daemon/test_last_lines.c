/* Last lines: of texts, and of files with the same content. */
#include "ctl/daemon/last_lines.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static void
check(const char *text, size_t n, int64_t lines, size_t want, bool enough)
{
	char *exact = xmalloc(n);
	int fd = memfd_create("lastlines", MFD_CLOEXEC);
	size_t offset;

	memcpy(exact, text, n);
	assert_int_equal(last_lines_of_text(exact, n, lines, &offset), enough);
	assert_int_equal(offset, want);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(last_lines_of_file(fd, lines), want);
	close(fd);
	free(exact);
}

static void
test_rows(void **state)
{
	static const struct {
		const char *text;
		int64_t lines;
		size_t want;
		bool enough;
	} rows[] = {
		{ "", 0, 0, true },
		{ "", 1, 0, false },
		{ "\n", 1, 0, false },
		{ "\n\n", 1, 1, true },
		{ "a", 1, 0, false },
		{ "a\n", 1, 0, false },
		{ "a\n", 0, 2, true },
		{ "a\nb", 1, 2, true },
		{ "a\nb\n", 1, 2, true },
		{ "a\nb\n", 2, 0, false },
		{ "a\n\n\n", 2, 2, true },
		{ "a\nb\nc\n", 2, 2, true },
		{ "a\nb\nc\n", INT64_MAX, 0, false },
		{ "a\nb\nc\n", -1, 6, true },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++)
		check(rows[i].text, strlen(rows[i].text), rows[i].lines, rows[i].want,
		    rows[i].enough);
}

/* Lines that cross the boundaries of the pieces in which a file is read. */
static void
test_long(void **state)
{
	size_t n = 300 * 1000;
	char *text = xmalloc(n);

	(void)state;
	memset(text, 'x', n);
	text[10] = text[1000] = text[200 * 1000] = '\n';
	check(text, n, 1, 200 * 1000 + 1, true);
	check(text, n, 2, 1001, true);
	check(text, n, 3, 11, true);
	check(text, n, 4, 0, false);
	text[n - 1] = '\n';
	check(text, n, 1, 200 * 1000 + 1, true);
	for (size_t at = n - 65536 - 2; at < n - 65536 + 2; at++) {
		text[at] = '\n';
		check(text, n, 1, at + 1, true);
		text[at] = 'x';
	}
	free(text);
}

static void
test_bounded(void **state)
{
	int fd = memfd_create("lastlines", MFD_CLOEXEC);
	off_t size = (off_t)4 * LAST_LINES_MAX;

	(void)state;
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(last_lines_of_file(fd, 1), size - LAST_LINES_MAX);
	close(fd);
	assert_int_equal(last_lines_of_file(-1, 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
