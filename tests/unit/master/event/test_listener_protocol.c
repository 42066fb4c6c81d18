/* Listener protocol: each case is fed whole and byte by byte. */
#include "master/event/listener_protocol.h"

#include "tests/unit/common/no_log.h"

#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* The results of the events, a letter each: + processed, - rejected. */
static void
note(void *ctx, struct pool_event taken, bool processed)
{
	strcat(ctx, processed ? "+" : "-");
	assert_non_null(taken.event);
	event_unref(taken.event);
}

static struct listener_limits limits;

static const struct listener_protocol_ops noting = { .end = note };

/* '!' in the input stands for an event that is sent. */
static const struct {
	const char *input, *ends;
	enum listener_state state;
} cases[] = {
    {"", "", LISTENER_ACKNOWLEDGED},
    {"READY", "", LISTENER_ACKNOWLEDGED},
    {"READY\n", "", LISTENER_READY},
    {"READY\r\n", "", LISTENER_UNKNOWN},
    {"ready\n", "", LISTENER_UNKNOWN},
    {"nonsense", "", LISTENER_UNKNOWN},
    {"READY\nX", "", LISTENER_UNKNOWN},
    {"READY\nREADY\n", "", LISTENER_UNKNOWN},
    {"READY\n!", "", LISTENER_BUSY},
    {"READY\n!RESULT 2\nOK", "+", LISTENER_ACKNOWLEDGED},
    {"READY\n!RESULT 2\nOKREADY\n", "+", LISTENER_READY},
    {"READY\n!RESULT 2\nOKREADY\n!RESULT 4\nFAIL", "+-", LISTENER_ACKNOWLEDGED},
    {"READY\n!RESULT 2\nOKX", "+", LISTENER_ACKNOWLEDGED},
    {"READY\n!RESULT 2\nOKXEADY\n", "+", LISTENER_UNKNOWN},
    {"READY\n!RESULT 2\nO", "", LISTENER_BUSY},
    {"READY\n!RESULT 3\nOK\n", "-", LISTENER_ACKNOWLEDGED},
    {"READY\n!RESULT 0\n", "-", LISTENER_ACKNOWLEDGED},
    {"READY\n!RESULT  2 \nOK", "+", LISTENER_ACKNOWLEDGED},
    {"READY\n!1234567+2\nOK", "+", LISTENER_ACKNOWLEDGED},
    {"READY\n!RESULT\n", "-", LISTENER_UNKNOWN},
    {"READY\n!\n", "-", LISTENER_UNKNOWN},
    {"READY\n!RESULT x\n", "-", LISTENER_UNKNOWN},
    {"READY\n!RESULT -1\n", "-", LISTENER_UNKNOWN},
    {"READY\n!RESULT 99999999999999999999999\n", "-", LISTENER_UNKNOWN},
    {"READY\n!RESULT 9223372036854775807\nOK", "", LISTENER_BUSY},
    {"READY\n!RESULT x\nREADY\n", "-", LISTENER_UNKNOWN},
};

static void
feed(struct listener_protocol *listener, const char *input, size_t step, char *ends)
{
	while (*input != '\0') {
		size_t n = strcspn(input, "!");

		if (*input == '!') {
			struct event *event = event_new(EVENT_TICK_5, 1, "", 0);

			assert_int_equal(listener->state, LISTENER_READY);
			listener_protocol_give(
			    listener, (struct pool_event){ .event = event });
			input++;
			continue;
		}
		n = n < step ? n : step;
		listener_protocol_feed(listener, input, n, &noting, ends);
		input += n;
	}
}

static void
test_cases(void **state UNUSED)
{
	static const size_t steps[] = { SIZE_MAX, 1, 2, 3 };
	struct listener_protocol listener;
	char ends[8];

	for (size_t i = 0; i < nitems(cases); i++)
		for (size_t j = 0; j < nitems(steps); j++) {
			ends[0] = '\0';
			listener_protocol_init(&listener, "l", RESULT_OK, &limits);
			feed(&listener, cases[i].input, steps[j], ends);
			if (!str_equal(ends, cases[i].ends) ||
			    listener.state != cases[i].state)
				fail_msg("case %zu, step %zu: \"%s\", state %d", i, j, ends,
				    (int)listener.state);
			event_unref(listener_protocol_take(&listener).event);
		}
}

static void
note_result(void *ctx, const char *bytes, size_t n)
{
	strncat(ctx, bytes, n);
}

/* An unknown handler accepts every result; only a bad result line is an error. */
static void
test_handlers(void **state UNUSED)
{
	static const struct listener_protocol_ops ops = { .end = note,
		.result = note_result };
	static const struct {
		enum result_handler handler;
		const char *ends;
	} wants[] = {{RESULT_OK, "--+-"}, {RESULT_ANY, "+++-"},
	    {RESULT_PRINTED, "FAIL++OK+-"}};
	static const char *const results[] = {
	    "RESULT 4\nFAIL", "RESULT 0\n", "RESULT 2\nOK", "RESULT x\n"};
	struct listener_protocol listener;
	char got[32];

	for (size_t i = 0; i < nitems(wants); i++) {
		got[0] = '\0';
		listener_protocol_init(&listener, "l", wants[i].handler, &limits);
		for (size_t j = 0; j < nitems(results); j++) {
			listener_protocol_feed(&listener, "READY\n", 6, &ops, got);
			listener_protocol_give(&listener,
			    (struct pool_event){
				.event = event_new(EVENT_TICK_5, 1, "", 0) });
			for (const char *at = results[j]; *at != '\0'; at++)
				listener_protocol_feed(&listener, at, 1, &ops, got);
		}
		assert_string_equal(got, wants[i].ends);
	}
}

/* A line or a result without an end uses no memory. */
static void
test_floods(void **state UNUSED)
{
	char flood[4096], ends[8] = "";
	struct listener_protocol listener;

	memset(flood, 'x', sizeof(flood));
	listener_protocol_init(&listener, "l", RESULT_OK, &limits);
	feed(&listener, "READY\n!", SIZE_MAX, ends);
	listener_protocol_feed(&listener, flood, sizeof(flood), &noting, ends);
	assert_string_equal(ends, "-");
	assert_int_equal(listener.state, LISTENER_UNKNOWN);

	listener_protocol_init(&listener, "l", RESULT_OK, &limits);
	feed(&listener, "READY\n!RESULT 1000000000\n", SIZE_MAX, ends);
	for (int i = 0; i < 1000; i++)
		listener_protocol_feed(&listener, flood, sizeof(flood), &noting, ends);
	assert_int_equal(listener.state, LISTENER_BUSY);
	assert_int_equal(listener.missing, 1000000000 - 1000 * 4096);
	event_unref(listener_protocol_take(&listener).event);
	assert_null(listener_protocol_take(&listener).event);
}

static void
count_lines(void *ctx, enum log_level level, const char *text, size_t len UNUSED)
{
	unsigned *lines = ctx;

	if (level == LEVEL_WARN) {
		lines[strcmp(text, "l: event was rejected") == 0            ? 0 :
			strcmp(text, "l: bad result line: 'RESULT x'") == 0 ? 1 :
			strstr(text, "UNKNOWN") != NULL                     ? 2 :
									      3]++;
	}
}

/* A listener that rejects everything, or breaks the protocol after each restart, causes ten
 * lines of each kind; the limits of another one are its own. */
static void
test_log_floods(void **state UNUSED)
{
	static const char *const inputs[] = {
	    "READY\n!RESULT 4\nFAIL", "READY\n!RESULT x\n"};
	struct listener_limits own[2] = { 0 };
	unsigned lines[4] = { 0 };
	char ends[1024] = "";
	struct listener_protocol listener;

	log_init(count_lines, lines, LEVEL_INFO);
	for (size_t i = 0; i < 400; i++) {
		listener_protocol_init(&listener, "l", RESULT_OK, &own[i % 2]);
		feed(&listener, inputs[i / 200], SIZE_MAX, ends);
	}
	for (size_t kind = 0; kind < 3; kind++)
		assert_int_equal(lines[kind], 20);
	assert_int_equal(lines[3], 0);
	assert_int_equal(own[0].rejected.suppressed, 90);
	log_init(no_log, NULL, LEVEL_DEBUG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_handlers),
		cmocka_unit_test(test_floods),
		cmocka_unit_test(test_log_floods),
	};

	log_init(no_log, NULL, LEVEL_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
