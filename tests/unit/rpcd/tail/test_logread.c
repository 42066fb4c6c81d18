/* Logread: the rows of tests/data/logread, which are supervisord's answers. */
#include "rpcd/tail/logread.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char text[] = "0123456789abc";

static void
assert_range(const struct logread_range *range, int64_t size, const char *want)
{
	char got[sizeof(text)];

	assert_in_range(range->offset, 0, size);
	assert_in_range(range->length, 0, size - range->offset);
	memcpy(got, text + range->offset, (size_t)range->length);
	got[range->length] = '\0';
	assert_string_equal(got, strcmp(want, "-") == 0 ? "" : want);
}

static FILE *
open_rows(const char *path)
{
	FILE *rows = fopen(path, "r");

	if (rows == NULL)
		fail_msg("%s: run the tests from the top of the tree", path);
	return rows;
}

static void
test_read(void **state UNUSED)
{
	FILE *rows = open_rows("tests/data/logread/read");
	int64_t size, offset, length;
	char line[200], want[32];
	struct logread_range range;
	unsigned n = 0;

	while (fgets(line, sizeof(line), rows) != NULL) {
		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %31s",
				     &size, &offset, &length, want),
		    4);
		n++;
		if (logread_read(size, offset, length, &range))
			assert_range(&range, size, want);
		else
			assert_string_equal("BAD_ARGUMENTS", want);
	}
	fclose(rows);
	assert_true(n > 400);
}

static void
test_tail(void **state UNUSED)
{
	FILE *rows = open_rows("tests/data/logread/tail");
	int64_t size, offset, length, next;
	char line[200], want[32];
	struct logread_range range;
	unsigned n = 0;
	int overflow;

	while (fgets(line, sizeof(line), rows) != NULL) {
		if (line[0] == '#')
			continue;
		assert_int_equal(
		    sscanf(line, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %31s %" SCNd64 " %d",
			&size, &offset, &length, want, &next, &overflow),
		    6);
		n++;
		if (logread_tail(size, offset, length, &range) != (overflow != 0))
			fail_msg("overflow of %s", line);
		assert_range(&range, size, want);
		assert_int_equal(next, size);
	}
	fclose(rows);
	assert_true(n > 400);
}

/* supervisord fails when it cannot allocate a length. */
static void
test_tail_past_all(void **state UNUSED)
{
	struct logread_range range;

	assert_false(logread_tail(13, 0, INT64_MAX, &range));
	assert_range(&range, 13, text);
	assert_false(logread_tail(13, 5, INT64_MAX, &range));
	assert_range(&range, 13, text);
	assert_false(logread_tail(13, INT64_MAX, INT64_MAX, &range));
	assert_range(&range, 13, "-");
	assert_true(logread_tail(INT64_MAX, INT64_MIN, 3, &range));
	assert_int_equal(range.offset, INT64_MAX - 3);
	assert_int_equal(range.length, 3);
}

static void
test_bytes(void **state UNUSED)
{
	char path[] = "/tmp/test_logread.XXXXXX", out[32];
	int fd = mkstemp(path), null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && null >= 0);
	unlink(path);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(logread_size(fd), 13);
	assert_int_equal(logread_bytes(fd, 10, out, sizeof(out)), 3);
	assert_memory_equal(out, "abc", 3);
	assert_int_equal(logread_bytes(fd, 2, out, 3), 3);
	assert_memory_equal(out, "234", 3);
	assert_int_equal(logread_bytes(fd, 100, out, 3), 0);
	assert_int_equal(logread_size(null), 0);
	close(null);
	close(fd);
	assert_int_equal(logread_bytes(-1, 0, out, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(logread_size(-1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_tail_past_all),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
