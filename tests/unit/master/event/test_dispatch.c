/* Dispatch: the exact payload of each type, and no event that no pool wants. */
#include "tests/unit/master/recorder.h"

#include "common/loop.h"
#include "common/str.h"
#include "master/event/dispatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* A program "g:p", and the pools "first" and "second" without processes. */
struct scene {
	struct recorder recorder;
	struct loop *loop;
	struct groups *groups;
	struct dispatcher *events;
	struct process *process;
	uint64_t next_id, next_serial;
};

static struct listener_protocol *
no_listener(const struct process *process UNUSED)
{
	return NULL;
}

static const struct listener_pool_ops ops = { .protocol = no_listener };

static struct scene *
scene_new(void)
{
	struct group_config *config = recorder_group("g", 999);
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	s->next_id = 1;
	s->next_serial = 7;
	s->loop = loop_new();
	s->groups = groups_new(NULL);
	s->events = dispatch_new(s->loop, s->groups, &s->next_serial);
	assert_non_null(s->events);
	recorder_add(config, recorder_program("p", 999));
	recorder_activate(&s->recorder, s->groups, config, &s->next_id);
	s->process = groups_process(s->groups, 1);
	return s;
}

static void
scene_free(struct scene *s)
{
	dispatch_free(s->events);
	groups_free(s->groups);
	loop_free(s->loop);
	recorder_clear(&s->recorder);
	free(s);
}

static struct listener_pool *
subscribe(struct scene *s, const char *name, enum event_type type)
{
	struct group_config *config = recorder_group(name, -1);
	struct listener_pool *pool;

	config->kind = GROUP_LISTENER_POOL;
	config->pool.events = UINT32_C(1) << type;
	config->pool.buffer_size = 100;
	pool = listener_pool_new(
	    recorder_activate(&s->recorder, s->groups, config, &s->next_id), &ops);
	assert_non_null(pool);
	dispatch_subscribe(s->events, pool);
	return pool;
}

/* Removes the events of the pool and returns them in order: "SERIAL TYPE PAYLOAD" each. */
static void
assert_told(struct listener_pool *pool, const char *want)
{
	const struct pool_waiting *waiting;
	struct buf text;

	buf_init(&text, 0);
	STAILQ_FOREACH(waiting, &pool->buffer, in_buffer) {
		const struct event *event = waiting->item.event;

		assert_int_equal(buf_printf(&text, "%d %s ", (int)event->serial,
				     event_type_name(event->type)),
		    0);
		assert_int_equal(buf_append(&text, event->payload, event->size), 0);
		assert_int_equal(buf_putc(&text, '|'), 0);
	}
	assert_int_equal(buf_putc(&text, '\0'), 0);
	assert_string_equal(buf_data(&text), want);
	buf_clear(&text);
	listener_pool_clear(pool);
}

/* --- payloads ---------------------------------------------------------------------- */

static const struct {
	enum process_state from, to;
	pid_t pid;
	int64_t backoff;
	int exitstatus;
	const char *want;
} states[] = {
    {PROCESS_STOPPED, PROCESS_STARTING, 0, 0, 0,
        "STARTING processname:p groupname:g from_state:STOPPED tries:0|"},
    {PROCESS_BACKOFF, PROCESS_STARTING, 0, 2, 0,
        "STARTING processname:p groupname:g from_state:BACKOFF tries:2|"},
    {PROCESS_STARTING, PROCESS_RUNNING, 31, 0, 0,
        "RUNNING processname:p groupname:g from_state:STARTING pid:31|"},
    {PROCESS_STARTING, PROCESS_BACKOFF, 31, 3, 0,
        "BACKOFF processname:p groupname:g from_state:STARTING tries:3|"},
    {PROCESS_RUNNING, PROCESS_STOPPING, 31, 0, 0,
        "STOPPING processname:p groupname:g from_state:RUNNING pid:31|"},
    {PROCESS_STOPPING, PROCESS_STOPPED, 31, 0, 0,
        "STOPPED processname:p groupname:g from_state:STOPPING pid:31|"},
    {PROCESS_BACKOFF, PROCESS_STOPPED, 0, 0, 0,
        "STOPPED processname:p groupname:g from_state:BACKOFF pid:0|"},
    {PROCESS_RUNNING, PROCESS_EXITED, 31, 0, 0,
        "EXITED processname:p groupname:g from_state:RUNNING expected:1 pid:31|"},
    {PROCESS_RUNNING, PROCESS_EXITED, 31, 0, 1,
        "EXITED processname:p groupname:g from_state:RUNNING expected:0 pid:31|"},
    {PROCESS_BACKOFF, PROCESS_FATAL, 0, 4, 0,
        "FATAL processname:p groupname:g from_state:BACKOFF|"},
    {PROCESS_STOPPING, PROCESS_UNKNOWN, 31, 0, 0,
        "UNKNOWN processname:p groupname:g from_state:STOPPING|"},
};

static struct listener_pool *
pool_of(const struct dispatcher *events, const struct group *group)
{
	struct listener_pool *pool = dispatch_next(events, NULL);

	while (pool != NULL && pool->group != group)
		pool = dispatch_next(events, pool);
	return pool;
}

static void
test_process_states(void **state UNUSED)
{
	struct scene *s = scene_new();
	struct listener_pool *pool = subscribe(s, "first", EVENT_PROCESS_STATE);
	struct process *p = s->process;
	char want[256];

	for (size_t i = 0; i < nitems(states); i++) {
		p->state = states[i].to;
		p->pid = states[i].pid;
		p->backoff = states[i].backoff;
		p->has_exitstatus = true;
		p->exitstatus = states[i].exitstatus;
		dispatch_process_state(s->events, p, states[i].from);
		snprintf(
		    want, sizeof(want), "%d PROCESS_STATE_%s", (int)i + 7, states[i].want);
		assert_told(pool, want);
	}
	scene_free(s);
}

static void
test_output(void **state UNUSED)
{
	struct scene *s = scene_new();
	struct listener_pool *pool = subscribe(s, "first", EVENT_ANY);

	s->process->pid = 31;
	dispatch_process_output(s->events, s->process, OUTPUT_STDOUT, false, "a\nb", 3);
	dispatch_process_output(s->events, s->process, OUTPUT_STDERR, false, "\xff'", 2);
	dispatch_process_output(s->events, s->process, OUTPUT_STDOUT, true, "", 0);
	dispatch_process_output(s->events, s->process, OUTPUT_STDERR, true, "c\n", 2);
	assert_told(pool,
	    "7 PROCESS_LOG_STDOUT processname:p groupname:g pid:31 channel:stdout\n"
	    "a\nb|"
	    "8 PROCESS_LOG_STDERR processname:p groupname:g pid:31 channel:stderr\n"
	    "Undecodable: b\"\\xff'\"|"
	    "9 PROCESS_COMMUNICATION_STDOUT processname:p groupname:g pid:31\n|"
	    "10 PROCESS_COMMUNICATION_STDERR processname:p groupname:g pid:31\nc\n|");
	scene_free(s);
}

/* SUPERVISOR_STATE_CHANGE_STOPPING is sent once. */
static void
test_others(void **state UNUSED)
{
	struct scene *s = scene_new();
	struct listener_pool *pool = subscribe(s, "first", EVENT_ANY);

	dispatch_group(s->events, EVENT_PROCESS_GROUP_ADDED, "g");
	dispatch_supervisor_state(s->events, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING);
	dispatch_remote(s->events, "t:u", "d\n", 2);
	dispatch_supervisor_state(s->events, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING);
	dispatch_supervisor_state(s->events, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING);
	dispatch_group(s->events, EVENT_PROCESS_GROUP_REMOVED, "g");
	assert_told(pool,
	    "7 PROCESS_GROUP_ADDED groupname:g\n|"
	    "8 SUPERVISOR_STATE_CHANGE_RUNNING |"
	    "9 REMOTE_COMMUNICATION type:t:u\nd\n|"
	    "10 SUPERVISOR_STATE_CHANGE_STOPPING |"
	    "11 PROCESS_GROUP_REMOVED groupname:g\n|");
	scene_free(s);
}

static void
test_ticks(void **state UNUSED)
{
	struct scene *s = scene_new();
	struct listener_pool *pool = subscribe(s, "first", EVENT_TICK_5);

	recorder_tick(&s->recorder, 5000);
	assert_int_equal(loop_turn(s->loop, 1000), 0);
	assert_told(pool, "7 TICK_5 when:1700000005|");
	scene_free(s);
}

/* --- subscriptions ------------------------------------------------------------------ */

/* Calls each function once. */
static void
tell_all(struct scene *s)
{
	for (size_t i = 0; i < nitems(states); i++) {
		s->process->state = states[i].to;
		dispatch_process_state(s->events, s->process, states[i].from);
	}
	for (int c = 0; c < OUTPUT_MAX; c++) {
		dispatch_process_output(
		    s->events, s->process, (enum output_id)c, false, "x", 1);
		dispatch_process_output(
		    s->events, s->process, (enum output_id)c, true, "x", 1);
	}
	dispatch_remote(s->events, "t", "", 0);
	dispatch_supervisor_state(s->events, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING);
	dispatch_supervisor_state(s->events, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING);
	dispatch_group(s->events, EVENT_PROCESS_GROUP_ADDED, "g");
	dispatch_group(s->events, EVENT_PROCESS_GROUP_REMOVED, "g");
}

/* A serial is used only by an event that is created. */
static void
test_only_what_is_wanted(void **state UNUSED)
{
	static const struct {
		enum event_type subscribed;
		uint64_t made;
	} cases[] = {
	    {EVENT_ANY, 20},
	    {EVENT_PROCESS_STATE, 11},
	    {EVENT_PROCESS_STATE_EXITED, 2},
	    {EVENT_PROCESS_LOG, 2},
	    {EVENT_PROCESS_LOG_STDERR, 1},
	    {EVENT_PROCESS_COMMUNICATION, 2},
	    {EVENT_REMOTE_COMMUNICATION, 1},
	    {EVENT_SUPERVISOR_STATE_CHANGE, 2},
	    {EVENT_SUPERVISOR_STATE_CHANGE_STOPPING, 1},
	    {EVENT_PROCESS_GROUP, 2},
	    {EVENT_TICK, 0},
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct scene *s = scene_new();
		struct group *group;
		struct listener_pool *pool;

		tell_all(s);
		assert_int_equal(s->next_serial, 7);
		pool = subscribe(s, "first", cases[i].subscribed);
		dispatch_record(s->events)->sent_stopping = false;
		tell_all(s);
		assert_int_equal(s->next_serial, 7 + cases[i].made);
		assert_int_equal(pool->count, cases[i].made);
		group = pool->group;
		assert_ptr_equal(pool_of(s->events, group), pool);
		dispatch_unsubscribe(s->events, pool);
		assert_null(pool_of(s->events, group));
		tell_all(s);
		assert_int_equal(s->next_serial, 7 + cases[i].made);
		scene_free(s);
	}
}

/* All pools share an event, but have poolserials of their own. */
static void
test_several_pools(void **state UNUSED)
{
	struct scene *s = scene_new();
	struct listener_pool *first = subscribe(s, "first", EVENT_REMOTE_COMMUNICATION);
	struct listener_pool *second = subscribe(s, "second", EVENT_ANY);

	assert_true(dispatch_wanted(s->events, EVENT_TICK_5));
	dispatch_supervisor_state(s->events, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING);
	dispatch_remote(s->events, "t", "", 0);
	assert_int_equal(STAILQ_FIRST(&first->buffer)->item.poolserial, 0);
	assert_int_equal(first->next_serial, 1);
	assert_int_equal(second->next_serial, 2);
	assert_told(first, "8 REMOTE_COMMUNICATION type:t\n|");
	assert_told(
	    second, "7 SUPERVISOR_STATE_CHANGE_RUNNING |8 REMOTE_COMMUNICATION type:t\n|");
	dispatch_unsubscribe(s->events, second);
	assert_false(dispatch_wanted(s->events, EVENT_TICK_5));
	assert_true(dispatch_wanted(s->events, EVENT_REMOTE_COMMUNICATION));
	scene_free(s);
}

static void
test_serials_wrap(void **state UNUSED)
{
	struct scene *s = scene_new();

	subscribe(s, "first", EVENT_ANY);
	s->next_serial = INT64_MAX;
	dispatch_supervisor_state(s->events, EVENT_SUPERVISOR_STATE_CHANGE_RUNNING);
	assert_int_equal(s->next_serial, 0);
	scene_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_states),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_only_what_is_wanted),
		cmocka_unit_test(test_several_pools),
		cmocka_unit_test(test_serials_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
