/* Capture: tokens split at every position, the limit of the buffer, the end. */
#include "master/child/capture.h"

#include "common/buf.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define B CAPTURE_BEGIN
#define E CAPTURE_END

/* The results: the log, all output, and each communication in brackets. */
struct record {
	char log[1024], all[1024], communications[1024];
};

/* Appends to a text of the record; bytes may be NULL if n is 0. */
static void
append(char *to, const char *bytes, size_t n)
{
	size_t len = strlen(to);

	assert_true(len + n < sizeof(((struct record *)NULL)->all));
	if (n > 0)
		memcpy(to + len, bytes, n);
	to[len + n] = '\0';
}

static void
output(void *ctx, char *bytes, size_t n, bool captured)
{
	struct record *record = ctx;

	assert_true(n > 0);
	append(record->all, bytes, n);
	if (!captured)
		append(record->log, bytes, n);
}

static void
communication(void *ctx, char *bytes, size_t n)
{
	struct record *record = ctx;

	append(record->communications, "[", 1);
	append(record->communications, bytes, n);
	append(record->communications, "]", 1);
}

static void
leftover(void *ctx, char *bytes, size_t n)
{
	append(((struct record *)ctx)->log, bytes, n);
}

static const struct capture_ops ops = { output, communication, leftover };

static const struct {
	const char *input, *log, *all, *communications;
} cases[] = {
    {"plain", "plain", "plain", ""},
    {B "x" E, "", "x", "[x]"},
    {"a" B "x" E "b", "ab", "axb", "[x]"},
    {"a" B E "b", "ab", "ab", "[]"},
    {B "1" E B "2" E, "", "12", "[1][2]"},
    {"a" B "b" B "c" E "d", "ad", "ab" B "cd", "[b" B "c]"},
    {"a" E "b", "a" E "b", "a" E "b", ""},
    {"a<!--XSUPERVISOR:BEGIN--", "a<!--XSUPERVISOR:BEGIN--", "a<!--XSUPERVISOR:BEGIN--",
        ""},
    {"<<!<!-<!--" B "x" E, "<<!<!-<!--", "<<!<!-<!--x", "[x]"},
    {"a" B "x<!--XSUPERVISOR:EN", "ax<!--XSUPERVISOR:EN", "ax<!--XSUPERVISOR:EN", ""},
    {"a" B "never ended", "anever ended", "anever ended", ""},
};

static void
run(const char *input, size_t step, int64_t maxbytes, struct record *record)
{
	struct capture *capture = capture_new(maxbytes, &ops, record);
	char *copy = strdup(input);
	size_t n = strlen(input);

	memset(record, 0, sizeof(*record));
	assert_non_null(capture);
	for (size_t at = 0; at < n; at += step)
		capture_feed(capture, copy + at, n - at < step ? n - at : step);
	capture_finish(capture);
	capture_free(capture);
	free(copy);
}

static void
test_cases(void **state UNUSED)
{
	struct record record;

	for (size_t i = 0; i < nitems(cases); i++)
		for (size_t step = 1; step < 80; step++) {
			run(cases[i].input, step, 1000, &record);
			if (!str_equal(record.log, cases[i].log) ||
			    !str_equal(record.all, cases[i].all) ||
			    !str_equal(record.communications, cases[i].communications))
				fail_msg("case %zu, step %zu: \"%s\" \"%s\" \"%s\"", i,
				    step, record.log, record.all, record.communications);
		}
}

static void
feed(struct capture *capture, const char *text)
{
	char *copy = strdup(text);

	capture_feed(capture, copy, strlen(copy));
	free(copy);
}

/* As measured on supervisord: a chunk is never split, and drops as many bytes as it adds.
 * */
static void
test_limit(void **state UNUSED)
{
	struct record record;
	struct capture *capture;

	run(B "01234567890123456789" E, 1000, 10, &record);
	assert_string_equal(record.communications, "[01234567890123456789]");
	memset(&record, 0, sizeof(record));
	capture = capture_new(10, &ops, &record);
	feed(capture, B "abcdefgh");
	feed(capture, "ijk");
	feed(capture, E);
	assert_string_equal(record.communications, "[defghijk]");
	capture_free(capture);
	capture_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
