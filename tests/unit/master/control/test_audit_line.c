/* Audit line: each member, and texts that an attacker has chosen. */
#include "master/control/audit_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TIME INT64_C(1796103231000042)
#define HEAD "{\"time\":\"2026-12-01T05:33:51.000042Z\""
#define NONE .time_us = TIME, .bytes = -1, .events = -1

/* New: the line of an entry and an outcome, which must be JSON. */
static char *
line_of(const struct audit_entry *entry, const char *result, uint64_t job, const char *why,
    uint64_t count)
{
	struct buf line;
	json_t *json;
	char *text;

	buf_init(&line, 0);
	assert_int_equal(audit_line_begin(&line, entry), 0);
	assert_int_equal(audit_line_end(&line, result, job, why, count), 0);
	text = buf_steal(&line);
	assert_non_null(text);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	json = json_loads(text, 0, NULL);
	if (json == NULL)
		fail_msg("no JSON: %s", text);
	json_decref(json);
	return text;
}

static void
test_members(void **state)
{
	static const struct {
		struct audit_entry entry;
		const char *result;
		uint64_t job;
		const char *why;
		uint64_t count;
		const char *line;
	} cases[] = {
		{ { NONE }, "ok", 0, NULL, 1, HEAD ",\"result\":\"ok\"}\n" },
		{ { NONE, .listener = "control_socket", .has_process = true,
		      .uid = 4294967294, .pid = 7, .command = "all.signal",
		      .signal = "HUP" },
		    "ok", 3, NULL, 1,
		    HEAD ",\"listener\":\"control_socket\",\"uid\":4294967294,\"pid\":7,"
			 "\"command\":\"all.signal\",\"signal\":\"HUP\",\"result\":\"job "
			 "3\"}\n" },
		{ { NONE, .user = "bob", .from = "::1 4", .listener = "l", .forwarded = "f",
		      .max_role = "view", .claimed = true, .method = "m", .command = "c",
		      .target = "t" },
		    "BAD_NAME", 0, NULL, 1,
		    HEAD ",\"user\":\"bob\",\"from\":\"::1 4\",\"listener\":\"l\","
			 "\"forwarded_for\":\"f\",\"max_role\":\"view\",\"claimed\":true,"
			 "\"method\":\"m\",\"command\":\"c\",\"target\":\"t\","
			 "\"result\":\"BAD_NAME\"}\n" },
		{ { .time_us = TIME, .program = "rpcinterface x", .bytes = 0, .events = 2 },
		    "NOT_PERMITTED", 0, "needs role admin", 9,
		    HEAD ",\"program\":\"rpcinterface x\",\"bytes\":0,\"events\":2,"
			 "\"result\":\"NOT_PERMITTED\",\"why\":\"needs role admin\","
			 "\"count\":9}\n" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		char *line = line_of(&cases[i].entry, cases[i].result, cases[i].job,
		    cases[i].why, cases[i].count);

		assert_string_equal(line, cases[i].line);
		free(line);
	}
}

/* How a user of this name is written. */
static void
assert_text(const char *name, const char *written)
{
	const struct audit_entry entry = { NONE, .user = name };
	char *line = line_of(&entry, "ok", 0, NULL, 1), *end;
	const char *begin = line + strlen(HEAD ",\"user\":\"");

	end = strstr(line, "\",\"result\":\"ok\"}\n");
	assert_non_null(end);
	*end = '\0';
	assert_string_equal(begin, written);
	free(line);
}

static void
test_hostile_texts(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "a\",\"uid\":0,\"b\":\"", "a\\\",\\\"uid\\\":0,\\\"b\\\":\\\"" },
		{ "\\", "\\\\" },
		{ "a\n{\"time\":1}\r\t", "a\\u000a{\\\"time\\\":1}\\u000d\\u0009" },
		{ "\x1b[2J\x7f\xc2\x9b", "\\u001b[2J\\u007f\\u009b" },
		{ "\xe2\x80\xae"
		  "x",
		    "\\u202ex" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
		    "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80" },
		{ "\xf3\xa0\x80\x81", "\\udb40\\udc01" },
		{ "\xff\xc0\x80\xed\xa0\x80"
		  "a\xe2\x82",
		    "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffda\\ufffd\\ufffd" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++)
		assert_text(cases[i][0], cases[i][1]);
}

/* A text is cut between two code points, even if the bytes after it are no text. */
static void
test_long_texts(void **state)
{
	char name[3 * AUDIT_TEXT_MAX + 1], want[AUDIT_TEXT_MAX + 4];

	(void)state;
	memset(name, 'x', sizeof(name));
	name[AUDIT_TEXT_MAX] = '\0';
	assert_text(name, name);
	name[AUDIT_TEXT_MAX] = 'x';
	name[sizeof(name) - 1] = '\0';
	memset(want, 'x', sizeof(want));
	strcpy(want + AUDIT_TEXT_MAX, "...");
	assert_text(name, want);
	for (size_t before = 1; before < 4; before++) {
		memcpy(name + AUDIT_TEXT_MAX - before, "\xf0\x9f\x98\x80", 4);
		strcpy(want + AUDIT_TEXT_MAX - before, "...");
		assert_text(name, want);
		memset(name, 'x', AUDIT_TEXT_MAX + 4);
		memset(want, 'x', AUDIT_TEXT_MAX);
	}
}

static void
test_lost(void **state)
{
	struct buf line;

	(void)state;
	buf_init(&line, 0);
	assert_int_equal(audit_line_lost(&line, TIME, 12, ENOSPC), 0);
	assert_int_equal(buf_putc(&line, '\0'), 0);
	assert_string_equal(
	    buf_data(&line), HEAD ",\"lost\":12,\"why\":\"No space left on device\"}\n");
	buf_clear(&line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
