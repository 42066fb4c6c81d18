/* Listener pool: queue, overflow and order of sending. Listeners are only states, and their
 * standard input is a string. */
#include "tests/unit/master/recorder.h"

#include "common/str.h"
#include "master/event/listener_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define LISTENERS 3

/* One pool "p" with the listeners a, b and c. Single: the ops have no context. */
static struct scene {
	struct recorder recorder;
	struct groups *groups;
	struct listener_pool *pool;
	struct process *processes[LISTENERS];
	struct listener_protocol listeners[LISTENERS];
	struct listener_limits limits;
	int write_errno[LISTENERS]; /* 0 = the write succeeds */
	struct buf written;         /* "a: " and the bytes */
	uint64_t next_id, next_serial;
} scene;

static size_t
index_of(const struct process *process)
{
	return (size_t)(process->config->name[0] - 'a');
}

static struct listener_protocol *
listener_of(const struct process *process)
{
	struct listener_protocol *listener = &scene.listeners[index_of(process)];

	return listener->name == NULL ? NULL : listener;
}

static int
write_event(struct process *process, const char *bytes, size_t n)
{
	errno = scene.write_errno[index_of(process)];
	if (errno != 0)
		return -1;
	assert_int_equal(buf_printf(&scene.written, "%s: ", process->config->name), 0);
	assert_int_equal(buf_append(&scene.written, bytes, n), 0);
	return buf_putc(&scene.written, '\n');
}

static const struct listener_pool_ops ops = { listener_of, write_event };

/* All listeners are RUNNING and READY; the log is quiet below WARN. */
static void
setup(uint32_t events, int64_t buffer_size, bool counts_bytes)
{
	struct group_config *config = recorder_group("p", -1);
	struct group *group;

	memset(&scene, 0, sizeof(scene));
	recorder_init(&scene.recorder);
	log_init(recorder_sink, &scene.recorder, LEVEL_WARN);
	scene.recorder.quiet = true;
	scene.next_id = 1;
	buf_init(&scene.written, 0);
	config->kind = GROUP_LISTENER_POOL;
	config->pool = (struct pool_config){
		.events = events, .buffer_size = buffer_size, .counts_bytes = counts_bytes
	};
	for (char name[] = "a"; name[0] < 'a' + LISTENERS; name[0]++)
		recorder_add(config, recorder_program(name, -1));
	scene.groups = groups_new(NULL);
	group = recorder_activate(&scene.recorder, scene.groups, config, &scene.next_id);
	for (uint64_t i = 0; i < LISTENERS; i++) {
		scene.processes[i] = groups_process(scene.groups, i + 1);
		scene.processes[i]->state = PROCESS_RUNNING;
		listener_protocol_init(&scene.listeners[i],
		    scene.processes[i]->config->name, RESULT_OK, &scene.limits);
		scene.listeners[i].state = LISTENER_READY;
	}
	scene.pool = listener_pool_new(group, &ops);
	assert_non_null(scene.pool);
}

static void
teardown(void)
{
	for (size_t i = 0; i < LISTENERS; i++)
		event_unref(listener_protocol_take(&scene.listeners[i]).event);
	listener_pool_free(scene.pool);
	groups_free(scene.groups);
	buf_clear(&scene.written);
	recorder_clear(&scene.recorder);
}

static void
set_all(enum listener_state state)
{
	for (size_t i = 0; i < LISTENERS; i++)
		scene.listeners[i].state = state;
}

/* The serial of the first event is 0. */
static void
accept_event(const char *payload, unsigned times, size_t processes)
{
	struct event *event = event_new(
	    EVENT_REMOTE_COMMUNICATION, scene.next_serial++, payload, strlen(payload));

	assert_non_null(event);
	listener_pool_accept(scene.pool, event, times, processes);
	event_unref(event);
}

static void
accept_many(size_t count, size_t processes)
{
	for (size_t i = 0; i < count; i++)
		accept_event("x", 1, processes);
}

/* The serials of the waiting events, in order. */
static void
assert_waiting(const char *want)
{
	const struct pool_waiting *waiting;
	size_t bytes = 0, count = 0;
	struct buf text;

	buf_init(&text, 0);
	STAILQ_FOREACH(waiting, &scene.pool->buffer, in_buffer) {
		assert_int_equal(buf_printf(&text, "%s%d", count == 0 ? "" : " ",
				     (int)waiting->item.event->serial),
		    0);
		bytes += waiting->item.event->size;
		count++;
	}
	assert_int_equal(buf_putc(&text, '\0'), 0);
	assert_string_equal(buf_data(&text), want);
	assert_int_equal(scene.pool->count, count);
	assert_int_equal(scene.pool->bytes, bytes);
	buf_clear(&text);
}

static void
assert_logged(const char *want)
{
	char *got = recorder_take(&scene.recorder);

	assert_string_equal(got, want);
	free(got);
	if (scene.pool != NULL) /* the next failure is logged again */
		(void)log_limit_reset(&scene.pool->overflows);
}

static void
dispatch(const char *want)
{
	char *got;

	(void)listener_pool_dispatch(scene.pool, "here");
	assert_int_equal(buf_putc(&scene.written, '\0'), 0);
	got = buf_steal(&scene.written);
	assert_string_equal(got, want);
	free(got);
}

/* Ends the event that the listener has. */
static void
end(size_t i, bool processed)
{
	scene.listeners[i].state = LISTENER_READY;
	listener_pool_end(scene.pool, scene.processes[i],
	    listener_protocol_take(&scene.listeners[i]), processed);
}

#define HEAD(serial, poolserial)                                                    \
	"ver:3.0 server:here serial:" #serial " pool:p poolserial:" #poolserial       \
	" eventname:REMOTE_COMMUNICATION "

/* --- tests ------------------------------------------------------------------------- */

/* The oldest event is sent first, to the listeners in their order; each becomes BUSY. */
static void
test_order(void **state UNUSED)
{
	setup(0, 10, false);
	accept_event("one", 1, 4);
	accept_event("two", 1, 4);
	dispatch("a: " HEAD(0, 0) "len:3\none\n"
				  "b: " HEAD(1, 1) "len:3\ntwo\n");
	assert_waiting("");
	assert_int_equal(scene.listeners[0].state, LISTENER_BUSY);
	assert_int_equal(scene.listeners[0].outstanding.event->serial, 0);
	assert_int_equal(scene.listeners[1].outstanding.poolserial, 1);
	assert_int_equal(scene.listeners[2].state, LISTENER_READY);
	for (int i = 0; i < 3; i++)
		accept_event("", 1, 4);
	dispatch("c: " HEAD(2, 2) "len:0\n\n");
	assert_waiting("3 4");
	end(1, true);
	dispatch("b: " HEAD(3, 3) "len:0\n\n");
	assert_waiting("4");
	teardown();
}

/* len is in characters, or in bytes if the section says so. */
static void
test_envelope(void **state UNUSED)
{
	setup(0, 10, false);
	accept_event("h\xc3\xa9 \xe2\x82\xac", 1, 4);
	dispatch("a: " HEAD(0, 0) "len:4\nh\xc3\xa9 \xe2\x82\xac\n");
	teardown();
	setup(0, 10, true);
	accept_event("h\xc3\xa9 \xe2\x82\xac", 1, 4);
	dispatch("a: " HEAD(0, 0) "len:7\nh\xc3\xa9 \xe2\x82\xac\n");
	teardown();
}

/* A listener that is not READY, not RUNNING or has no pipes gets nothing. */
static void
test_nobody_ready(void **state UNUSED)
{
	static const enum listener_state states[] = {
	    LISTENER_ACKNOWLEDGED, LISTENER_BUSY, LISTENER_UNKNOWN};

	setup(0, 10, false);
	accept_event("x", 1, 4);
	for (size_t i = 0; i < nitems(states); i++) {
		set_all(states[i]);
		dispatch("");
	}
	set_all(LISTENER_READY);
	scene.processes[0]->state = PROCESS_STARTING;
	scene.processes[1]->state = PROCESS_STOPPING;
	scene.listeners[2].name = NULL;
	dispatch("");
	assert_waiting("0");
	scene.processes[1]->state = PROCESS_RUNNING;
	dispatch("b: " HEAD(0, 0) "len:1\nx\n");
	scene.listeners[2].name = "c";
	teardown();
}

/* An event that a listener cannot be sent goes to the next one; without one, it waits. */
static void
test_write_fails(void **state UNUSED)
{
	setup(0, 10, false);
	accept_event("x", 1, 4);
	scene.write_errno[0] = EPIPE;
	scene.write_errno[1] = ENOBUFS;
	dispatch("c: " HEAD(0, 0) "len:1\nx\n");
	assert_int_equal(scene.listeners[0].state, LISTENER_READY);
	assert_null(scene.listeners[0].outstanding.event);
	accept_event("y", 1, 4);
	dispatch("");
	assert_waiting("1");
	scene.write_errno[1] = 0;
	dispatch("b: " HEAD(1, 1) "len:1\ny\n");
	assert_logged("");
	teardown();
}

/* A rejected event becomes the first, with its serials, but the listener that rejected it
 * gets others for a second. */
static void
test_rejected(void **state UNUSED)
{
	setup(0, 10, false);
	set_all(LISTENER_UNKNOWN);
	scene.listeners[0].state = LISTENER_READY;
	accept_many(3, 4);
	dispatch("a: " HEAD(0, 0) "len:1\nx\n");
	end(0, false);
	assert_waiting("0 1 2");
	dispatch("a: " HEAD(1, 1) "len:1\nx\n");
	end(0, true);
	assert_waiting("0 2");
	dispatch("a: " HEAD(2, 2) "len:1\nx\n");
	end(0, true);
	recorder_tick(&scene.recorder, 999);
	assert_int_equal(listener_pool_dispatch(scene.pool, "here"), RECORDER_MONO + 1000);
	recorder_tick(&scene.recorder, 1);
	dispatch("a: " HEAD(0, 0) "len:1\nx\n");
	end(0, true);
	assert_waiting("");
	listener_pool_end(scene.pool, scene.processes[0], (struct pool_event){ 0 }, false);
	assert_waiting("");
	teardown();
}

/* A rejected event goes to another listener at once. When all have rejected one, none gets
 * a rejected event for a second, but new ones. */
static void
test_passed_around(void **state UNUSED)
{
	setup(0, 10, false);
	scene.listeners[2].state = LISTENER_UNKNOWN;
	accept_many(2, 4);
	dispatch("a: " HEAD(0, 0) "len:1\nx\nb: " HEAD(1, 1) "len:1\nx\n");
	end(0, false);
	recorder_tick(&scene.recorder, 100);
	end(1, true);
	dispatch("b: " HEAD(0, 0) "len:1\nx\n");
	end(1, false);
	assert_int_equal(listener_pool_dispatch(scene.pool, "here"), RECORDER_MONO + 1000);
	recorder_tick(&scene.recorder, 900);
	dispatch("a: " HEAD(0, 0) "len:1\nx\n");
	end(0, true);
	accept_many(1, 4);
	end(1, true);
	dispatch("a: " HEAD(2, 2) "len:1\nx\n");
	teardown();
}

/* A queue of buffer_size events discards its oldest, also for a rejected one. */
static void
test_overflow(void **state UNUSED)
{
	setup(0, 2, false);
	accept_many(1, 4);
	dispatch("a: " HEAD(0, 0) "len:1\nx\n");
	set_all(LISTENER_BUSY);
	accept_many(3, 100);
	assert_waiting("2 3");
	assert_logged("ERRO pool p event buffer overflowed, discarding event 1\n");
	listener_pool_end(scene.pool, scene.processes[0],
	    listener_protocol_take(&scene.listeners[0]), false);
	assert_waiting("0 3");
	assert_logged("ERRO pool p event buffer overflowed, discarding event 2\n");
	teardown();
}

/* Of many discarded events, one is logged. */
static void
test_overflows_are_counted(void **state UNUSED)
{
	setup(0, 2, false);
	set_all(LISTENER_BUSY);
	accept_many(2 + LOG_LIMIT_FIRST + 6, 100);
	assert_int_equal(scene.pool->overflows.suppressed, 6);
	assert_logged("ERRO pool p event buffer overflowed, discarding event 0\n"
		      "ERRO pool p event buffer overflowed, discarding event 1\n"
		      "ERRO pool p event buffer overflowed, discarding event 2\n"
		      "ERRO pool p event buffer overflowed, discarding event 3\n"
		      "ERRO pool p event buffer overflowed, discarding event 4\n"
		      "ERRO pool p event buffer overflowed, discarding event 5\n"
		      "ERRO pool p event buffer overflowed, discarding event 6\n"
		      "ERRO pool p event buffer overflowed, discarding event 7\n"
		      "ERRO pool p event buffer overflowed, discarding event 8\n"
		      "ERRO pool p event buffer overflowed, discarding event 9\n");
	teardown();
}

/* Without buffer_size the bound is ten events, or four for each process. */
static void
test_default_size(void **state UNUSED)
{
	setup(0, 0, false);
	set_all(LISTENER_BUSY);
	accept_many(11, 1);
	assert_waiting("1 2 3 4 5 6 7 8 9 10");
	assert_logged("ERRO pool p event buffer overflowed, discarding event 0\n");
	accept_many(3, 3);
	assert_waiting("2 3 4 5 6 7 8 9 10 11 12 13");
	assert_logged("ERRO pool p event buffer overflowed, discarding event 1\n");
	accept_many(388, 100);
	assert_int_equal(scene.pool->count, 400);
	assert_logged("");
	accept_many(1, 100);
	assert_int_equal(scene.pool->count, 400);
	assert_logged("ERRO pool p event buffer overflowed, discarding event 2\n");
	teardown();
}

/* More than ten only while they are small. */
static void
test_default_size_in_bytes(void **state UNUSED)
{
	char *large = calloc(1, LISTENER_POOL_BYTES / 8 + 1);

	assert_non_null(large);
	memset(large, 'x', LISTENER_POOL_BYTES / 8);
	setup(0, 0, false);
	set_all(LISTENER_BUSY);
	for (int i = 0; i < 10; i++)
		accept_event(large, 1, 1000);
	assert_waiting("0 1 2 3 4 5 6 7 8 9");
	accept_event(large, 1, 1000);
	assert_waiting("1 2 3 4 5 6 7 8 9 10");
	assert_logged("ERRO pool p event buffer overflowed, discarding event 0\n");
	free(large);
	teardown();
}

/* Two subscriptions that include the type: the event comes twice, with one poolserial. */
static void
test_double_subscription(void **state UNUSED)
{
	uint32_t events = UINT32_C(1) << EVENT_TICK | UINT32_C(1) << EVENT_TICK_5 |
	    UINT32_C(1) << EVENT_PROCESS_STATE;

	setup(events, 10, false);
	assert_int_equal(listener_pool_wants(scene.pool, EVENT_TICK_5), 2);
	assert_int_equal(listener_pool_wants(scene.pool, EVENT_TICK_60), 1);
	assert_int_equal(listener_pool_wants(scene.pool, EVENT_PROCESS_STATE_EXITED), 1);
	assert_int_equal(listener_pool_wants(scene.pool, EVENT_PROCESS_LOG_STDOUT), 0);
	accept_event("x", 2, 4);
	assert_waiting("0 0");
	dispatch("a: " HEAD(0, 0) "len:1\nx\n"
				  "b: " HEAD(0, 0) "len:1\nx\n");
	accept_event("y", 1, 4);
	dispatch("c: " HEAD(1, 1) "len:1\ny\n");
	teardown();
}

/* Serials start again at 0 after the largest that JSON and supervisord support. */
static void
test_serials_wrap(void **state UNUSED)
{
	setup(0, 10, false);
	scene.pool->next_serial = INT64_MAX;
	accept_event("x", 1, 4);
	accept_event("y", 1, 4);
	dispatch("a: " HEAD(0, 9223372036854775807) "len:1\nx\n"
						    "b: " HEAD(1, 0) "len:1\ny\n");
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_envelope),
		cmocka_unit_test(test_nobody_ready),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_passed_around),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_overflows_are_counted),
		cmocka_unit_test(test_default_size),
		cmocka_unit_test(test_default_size_in_bytes),
		cmocka_unit_test(test_double_subscription),
		cmocka_unit_test(test_serials_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
