/* Payload: the text of each event, also of bytes that are not UTF-8; and struct event. */
#include "master/event/payload.h"

#include "master/event/event.h"
#include "tests/unit/master/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct scene {
	struct recorder recorder;
	struct groups *groups;
	struct process *process;
	struct buf text;
	uint64_t next_id;
};

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct group_config *config = recorder_group("pets", 1);

	assert_non_null(s);
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	recorder_add(config, recorder_program("cat", 1));
	s->groups = s->recorder.groups = groups_new(NULL);
	s->next_id = 1;
	s->process = group_process(
	    recorder_activate(&s->recorder, s->groups, config, &s->next_id), "cat");
	s->process->pid = 100;
	s->process->backoff = 3;
	buf_init(&s->text, 0);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	buf_clear(&s->text);
	groups_free(s->groups);
	recorder_clear(&s->recorder);
	free(s);
	return 0;
}

static void
assert_text(struct scene *s, int rc, const char *want)
{
	assert_int_equal(rc, 0);
	assert_int_equal(buf_len(&s->text), strlen(want));
	assert_memory_equal(buf_data(&s->text), want, strlen(want));
	buf_consume(&s->text, buf_len(&s->text));
}

static void
test_states(void **state)
{
	static const struct {
		enum process_state state;
		enum event_type type;
		const char *more;
	} cases[] = {
		{ PROCESS_STOPPED, EVENT_PROCESS_STATE_STOPPED, " pid:100" },
		{ PROCESS_STARTING, EVENT_PROCESS_STATE_STARTING, " tries:3" },
		{ PROCESS_RUNNING, EVENT_PROCESS_STATE_RUNNING, " pid:100" },
		{ PROCESS_BACKOFF, EVENT_PROCESS_STATE_BACKOFF, " tries:3" },
		{ PROCESS_STOPPING, EVENT_PROCESS_STATE_STOPPING, " pid:100" },
		{ PROCESS_EXITED, EVENT_PROCESS_STATE_EXITED, " expected:1 pid:100" },
		{ PROCESS_FATAL, EVENT_PROCESS_STATE_FATAL, "" },
		{ PROCESS_UNKNOWN, EVENT_PROCESS_STATE_UNKNOWN, "" },
	};
	struct scene *s = *state;
	char want[128];

	for (size_t i = 0; i < nitems(cases); i++) {
		s->process->state = cases[i].state;
		assert_int_equal(payload_state_type(cases[i].state), cases[i].type);
		snprintf(want, sizeof(want),
		    "processname:cat groupname:pets from_state:RUNNING%s", cases[i].more);
		assert_text(
		    s, payload_process_state(&s->text, s->process, PROCESS_RUNNING), want);
	}
}

static void
test_output(void **state)
{
	struct scene *s = *state;

	assert_text(s,
	    payload_process_output(&s->text, s->process, OUTPUT_STDOUT, false, "abc", 3),
	    "processname:cat groupname:pets pid:100 channel:stdout\nabc");
	assert_text(s,
	    payload_process_output(&s->text, s->process, OUTPUT_STDERR, false, "", 0),
	    "processname:cat groupname:pets pid:100 channel:stderr\n");
	assert_text(s,
	    payload_process_output(&s->text, s->process, OUTPUT_STDERR, true, "abc", 3),
	    "processname:cat groupname:pets pid:100\nabc");
}

static void
test_others(void **state)
{
	struct scene *s = *state;

	assert_text(s, payload_group(&s->text, "pets"), "groupname:pets\n");
	assert_text(s, payload_tick(&s->text, 1700000000), "when:1700000000");
}

static const struct {
	const char *type, *data;
	size_t n;
	const char *payload;
	size_t characters;
} cases[] = {
    {"", "", 0, "type:\n", 6},
    {"x", "abc", 3, "type:x\nabc", 10},
    {"\xc3\xa9", "\xe2\x82\xac", 3, "type:\xc3\xa9\n\xe2\x82\xac", 8},
    {"h", "\xff", 1, "type:h\nUndecodable: b'\\xff'", 27},
    {"h", "a\n\xc3", 3, "type:h\nUndecodable: b'a\\n\\xc3'", 30},
};

static void
test_remote(void **state)
{
	struct scene *s = *state;

	for (size_t i = 0; i < nitems(cases); i++)
		assert_text(s,
		    payload_remote(&s->text, cases[i].type, cases[i].data, cases[i].n),
		    cases[i].payload);
}

static void
test_event(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(cases); i++) {
		struct event *event = event_new(EVENT_REMOTE_COMMUNICATION, 7,
		    cases[i].payload, strlen(cases[i].payload));

		assert_non_null(event);
		assert_int_equal(event->size, strlen(cases[i].payload));
		assert_memory_equal(event->payload, cases[i].payload, event->size);
		assert_int_equal(event->characters, cases[i].characters);
		assert_int_equal(event->serial, 7);
		event_unref(event_ref(event));
		event_unref(event);
	}
	event_unref(NULL);
}

/* The reason is named only where the state follows from the exit. */
static void
test_reason(void **state)
{
	static const struct {
		enum process_state state;
		enum verdict verdict;
		const char *more;
	} ends[] = {
		{ PROCESS_EXITED, VERDICT_RUNNING,
		    " expected:1 pid:100 reason:out-of-memory" },
		{ PROCESS_BACKOFF, VERDICT_EXITED_EARLY, " tries:3 reason:out-of-memory" },
		{ PROCESS_BACKOFF, VERDICT_SPAWN_FAILED, " tries:3" },
		{ PROCESS_RUNNING, VERDICT_RUNNING, " pid:100" },
		{ PROCESS_FATAL, VERDICT_EXITED_EARLY, "" },
	};
	struct scene *s = *state;
	char want[128];

	s->process->last_reason = REASON_OUT_OF_MEMORY;
	for (size_t i = 0; i < nitems(ends); i++) {
		s->process->state = ends[i].state;
		s->process->verdict = ends[i].verdict;
		snprintf(want, sizeof(want),
		    "processname:cat groupname:pets from_state:RUNNING%s", ends[i].more);
		assert_text(
		    s, payload_process_state(&s->text, s->process, PROCESS_RUNNING), want);
	}
	s->process->last_reason = REASON_NONE;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_states, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_remote, setup, teardown),
		cmocka_unit_test(test_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
