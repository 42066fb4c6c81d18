/* Child state: a real child is passed to another master through the state document. */
#include "master/upgrade/child_state.h"
#include "master/daemon/state_document.h"
#include "master/upgrade/statefield.h"
#include "tests/unit/master/child_world.h"

struct move {
	struct loop *loop;
	struct reaper *reaper;
	char *dir;
	struct world old, new;
};

static void
move_init(struct move *m, enum role_of_cat role)
{
	m->loop = loop_new();
	m->reaper = reaper_new(m->loop);
	m->dir = new_dir();
	world_init(&m->old, m->loop, m->reaper, m->dir, role);
	start_cat(&m->old);
}

static void
move_clear(struct move *m)
{
	if (m->new.process->pid != 0)
		kill(m->new.process->pid, SIGKILL);
	wait_for_end(&m->new);
	world_clear(&m->new);
	reaper_free(m->reaper);
	loop_free(m->loop);
	remove_dir(&m->new, m->dir);
}

static void
print(const struct world *w, const char *text)
{
	char *why = NULL;

	assert_int_equal(
	    child_write_stdin(w->process, text, strlen(text), &why), FAULT_NONE);
}

/* Runs the loop until the listener is in this state, with so many bytes of a line. */
static void
wait_for_listener(const struct world *w, enum listener_state want, size_t nline)
{
	const struct listener_protocol *listener = eventlistener_of(w->process)->protocol;
	int64_t end = clock_mono_ms() + WAIT_MS;

	while (listener->state != want || listener->line.n != nline) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->context.loop, 50);
	}
}

/* An exec keeps the numbers of descriptors; here, in one process, they are duplicated. */
static void
duplicate_all(json_t *json)
{
	json_t *fd = json_object_get(json, "fd"), *member;
	const char *name;

	if (json_is_integer(fd))
		json_integer_set(fd, dup((int)json_integer_value(fd)));
	json_object_foreach(json, name, member)
		duplicate_all(member);
}

/* Through its text, as with an exec. */
static json_t *
written(const struct world *w)
{
	json_t *json = child_state_write(w->process), *again;
	char *text = json_dumps(json, 0);

	assert_non_null(text);
	again = json_loads(text, 0, NULL);
	assert_non_null(again);
	json_decref(json);
	free(text);
	return again;
}

static json_t *
carry(const struct world *old)
{
	json_t *json = written(old);

	duplicate_all(json);
	return json;
}

/* The member at this path. */
static json_t *
at(json_t *json, const char *outer, const char *inner)
{
	json = json_object_get(json_object_get(json, outer), inner);
	assert_non_null(json);
	return json;
}

/* Moves the child, without its pipes, from the old master to the new one. */
static void
take_child(struct move *m, enum role_of_cat role)
{
	world_init(&m->new, m->loop, m->reaper, m->dir, role);
	m->new.process->pid = m->old.process->pid;
	m->new.process->state = m->old.process->state;
	reaper_forget(m->reaper, m->old.process->pid);
	m->old.process->pid = 0;
}

static void
put_back(struct move *m, json_t *json_take)
{
	char *why = NULL;

	if (child_state_read(m->new.process, json_take, STATE_DOCUMENT_FORMAT, &why) == -1)
		fail_msg("%s", why);
	json_decref(json_take);
	world_clear(&m->old);
}

static void
child_changes_masters(void **state)
{
	static const char queued[] = "carried over\n";
	json_t *json, *log, *pipe;
	struct move m;
	bool hidden;

	(void)state;
	move_init(&m, PROGRAM);
	json = carry(&m.old);
	json_object_set_new(json_object_get(json, "stdin"), "queue",
	    statefield_hex(queued, strlen(queued)));
	log = at(json, "stdout", "log");
	json_object_set_new(log, "generation", json_integer(7));
	json_object_set_new(log, "lost", json_integer(8));
	json_object_set_new(log, "lost_errno", json_integer(ENOSPC));
	json_object_set_new(json, "renewing", json_true());
	json_object_set_new(json_object_get(json, "spawn"), "cpu_us", json_integer(9));
	json_object_set_new(
	    json_object_get(json, "spawn"), "mark", statefield_hex("ab", 2));
	pipe = at(json, "stdout", "pipe");
	hidden = !json_is_true(json_object_get(pipe, "hidden"));
	json_object_set_new(pipe, "hidden", json_boolean(hidden));
	take_child(&m, PROGRAM);
	put_back(&m, json);
	wait_for_log(&m.new,
	    "[reeve: 8 bytes lost: No space left on device]\n"
	    "carried over\n");
	json = written(&m.new);
	log = at(json, "stdout", "log");
	assert_int_equal(json_integer_value(json_object_get(log, "generation")), 7);
	assert_int_equal(json_integer_value(json_object_get(log, "lost")), 0);
	assert_int_equal(m.new.process->child->cpu_us, 9);
	assert_string_equal(m.new.process->child->mark, "ab");
	assert_null(m.new.process->child->cgroup);
	assert_int_equal(
	    json_is_true(json_object_get(at(json, "stdout", "pipe"), "hidden")), hidden);
	json_decref(json);
	move_clear(&m);
}

/* Sends the listener an event; it writes the beginning of its answer. */
static void
make_busy(struct move *m, const char *answer)
{
	struct pool_event item = { 0 };

	print(&m->old, "READY\n");
	wait_for_listener(&m->old, LISTENER_READY, 0);
	item.event = event_new(EVENT_TICK_5, 12, "when:5", 6);
	item.poolserial = 3;
	listener_protocol_give(eventlistener_of(m->old.process)->protocol, item);
	print(&m->old, answer);
}

static void
make_print(struct move *m)
{
	make_busy(m, "RESULT 100\nprocessname:p channel:c\nhalf");
	while (eventlistener_of(m->old.process)->protocol->missing != 72)
		loop_turn(m->old.context.loop, 1000);
}

static void
printed_result_changes_masters(void **state)
{
	struct printer *printer;
	json_t *json;
	struct move m;

	(void)state;
	move_init(&m, PRINTED);
	make_print(&m);
	json = carry(&m.old);
	take_child(&m, PRINTED);
	put_back(&m, json);
	printer = eventlistener_of(m.new.process)->printer;
	assert_string_equal(printer->prefix, "p c | ");
	assert_int_equal(buf_len(&printer->line), 4);
	assert_memory_equal(buf_data(&printer->line), "half", 4);
	move_clear(&m);
}

/* The listener has written half of its result line; the new master reads the rest. */
static void
listener_changes_masters(void **state)
{
	struct pool_event item;
	json_t *json;
	struct move m;

	(void)state;
	move_init(&m, LISTENER);
	make_busy(&m, "RESULT");
	wait_for_listener(&m.old, LISTENER_BUSY, 6);
	json = carry(&m.old);
	take_child(&m, LISTENER);
	put_back(&m, json);
	assert_string_equal(eventlistener_of(m.new.process)->protocol->name, "cat");
	print(&m.new, " 4\nFAIL");
	wait_for_listener(&m.new, LISTENER_ACKNOWLEDGED, 0);
	assert_int_equal(m.new.pool->count, 1);
	item = STAILQ_FIRST(&m.new.pool->buffer)->item;
	assert_int_equal(item.poolserial, 3);
	assert_int_equal(item.event->serial, 12);
	assert_int_equal(item.event->type, EVENT_TICK_5);
	assert_memory_equal(item.event->payload, "when:5", item.event->size);
	move_clear(&m);
}

/* Between the tokens of capture mode, with half of the end token written. */
static void
capture_changes_masters(void **state)
{
	const struct event *event;
	json_t *json, *capture;
	struct move m;

	(void)state;
	move_init(&m, CAPTURED);
	print(&m.old, "before<!--XSUPERVISOR:BEGIN-->abc<!--XSUP");
	wait_for_log(&m.old, "before");
	json = carry(&m.old);
	capture = at(json, "stdout", "capture");
	assert_true(json_is_true(json_object_get(capture, "capturing")));
	assert_int_equal(json_integer_value(json_object_get(capture, "held")), 8);
	assert_string_equal(
	    json_string_value(json_object_get(capture, "captured")), "616263");
	take_child(&m, CAPTURED);
	put_back(&m, json);
	print(&m.new, "ERVISOR:END-->after");
	wait_for_log(&m.new, "beforeafter");
	assert_int_equal(m.new.pool->count, 1);
	event = STAILQ_FIRST(&m.new.pool->buffer)->item.event;
	assert_memory_equal(event->payload + event->size - 4, "\nabc", 4);
	move_clear(&m);
}

/* The output that a child has closed keeps its captured text and its log. */
static void
closed_output_changes_masters(void **state)
{
	json_t *json, *pipe;
	struct move m;

	(void)state;
	move_init(&m, CAPTURED);
	print(&m.old, "before<!--XSUPERVISOR:BEGIN-->abc");
	wait_for_log(&m.old, "before");
	json = carry(&m.old);
	pipe = at(json, "stdout", "pipe");
	close((int)json_integer_value(at(pipe, "fd", "fd")));
	json_object_set_new(pipe, "fd", json_null());
	take_child(&m, CAPTURED);
	put_back(&m, json);
	kill(m.new.process->pid, SIGKILL);
	wait_for_log(&m.new, "beforeabc");
	move_clear(&m);
}

/* A document that does not match the configuration is rejected. */
static void
misfits(void **state)
{
	static const struct {
		enum role_of_cat was, is;
		const char *about;
	} cases[] = {{PROGRAM, LISTENER, "listener"}, {PROGRAM, CAPTURED, "capture"},
	    {CAPTURED, PROGRAM, "capture"}, {LISTENER, PROGRAM, "listener"}};
	char *why, text[100];
	struct move m;
	json_t *json;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		move_init(&m, cases[i].was);
		json = carry(&m.old);
		take_child(&m, cases[i].is);
		assert_int_equal(
		    child_state_read(m.new.process, json, STATE_DOCUMENT_FORMAT, &why), -1);
		snprintf(text, sizeof(text), "state document: bad member of cat: %s",
		    cases[i].about);
		assert_string_equal(why, text);
		free(why);
		json_decref(json);
		world_clear(&m.old);
		assert_int_equal(
		    reaper_watch(m.reaper, m.new.process->pid, child_reaped, m.new.process),
		    0);
		move_clear(&m);
	}
}

/* ---- invalid documents ---- */

static void
assert_refused(struct move *m, const json_t *json, enum role_of_cat role, const char *about)
{
	json_t *copy = json_deep_copy(json);
	struct world fresh;
	char *why = NULL;

	duplicate_all(copy);
	world_init(&fresh, m->loop, m->reaper, m->dir, role);
	fresh.process->state = m->old.process->state;
	if (child_state_read(fresh.process, copy, STATE_DOCUMENT_FORMAT, &why) == 0)
		fail_msg("taken although %s is wrong", about);
	assert_non_null(strstr(why, "state document: "));
	free(why);
	json_decref(copy);
	world_clear(&fresh);
}

/* Removes each member in turn, and replaces it by one of another type. */
static void
spoil(struct move *m, json_t *json, json_t *part, enum role_of_cat role)
{
	json_t *names = json_copy(part), *value;
	const char *name;

	json_object_foreach(names, name, value) {
		spoil(m, json, value, role);
		json_object_set_new(part, name, json_real(0.5));
		assert_refused(m, json, role, name);
		json_object_del(part, name);
		assert_refused(m, json, role, name);
		json_object_set(part, name, value);
	}
	json_decref(names);
}

static void
spoiled_members(void **state)
{
	static const enum role_of_cat roles[] = { CAPTURED, PRINTED };
	struct move m;
	json_t *json;

	(void)state;
	for (size_t i = 0; i < nitems(roles); i++) {
		move_init(&m, roles[i]);
		if (roles[i] == PRINTED)
			make_print(&m);
		json = written(&m.old);
		spoil(&m, json, json, roles[i]);
		json_decref(json);
		m.new = m.old;
		move_clear(&m);
	}
}

/* Inconsistent states of a listener. */
static void
spoiled_listener(void **state)
{
	static const char *const cases[][2] = {
		{ "state", "\"ASLEEP\"" },
		{ "state", "\"READY\"" },	/* … with an event */
		{ "state", "\"ACKNOWLEDGED\"" },
		{ "outstanding", "null" },	/* BUSY with none */
		{ "missing", "0" },
		{ "missing", "-1" },
		{ "result", "\"00000000\"" },
		{ "line", "\"0\"" },
	};
	char line[2 * LISTENER_LINE_MAX + 1];
	json_t *json, *listener, *kept;
	struct move m;

	(void)state;
	move_init(&m, PRINTED);
	make_print(&m);
	json = written(&m.old);
	listener = json_object_get(json, "listener");
	for (size_t i = 0; i < nitems(cases); i++) {
		kept = json_incref(json_object_get(listener, cases[i][0]));
		json_object_set_new(
		    listener, cases[i][0], json_loads(cases[i][1], JSON_DECODE_ANY, NULL));
		assert_refused(&m, json, PRINTED, cases[i][1]);
		json_object_set_new(listener, cases[i][0], kept);
	}
	/* A line of this length would not be incomplete. */
	memset(line, '0', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	json_object_set_new(listener, "line", json_string(line));
	assert_refused(&m, json, PRINTED, "line");
	json_decref(json);
	m.new = m.old;
	move_clear(&m);
}

static int
shared_fd(const struct world *w)
{
	return ((const struct fcgi_socket *)w->process->group->shared)->fd;
}

/* The group's socket, which is the child's standard input, is passed to the new master. */
static void
socket_changes_masters(void **state)
{
	struct move m;
	char *why = NULL;
	json_t *json;
	int fd;

	(void)state;
	move_init(&m, SHARING);
	assert_int_equal(child_write_stdin(m.old.process, "x", 1, &why), FAULT_NO_FILE);
	json = written(&m.old);
	assert_int_equal(json_integer_value(at(json, "socket", "fd")), shared_fd(&m.old));
	duplicate_all(json);
	fd = (int)json_integer_value(at(json, "socket", "fd"));
	take_child(&m, SHARING);
	put_back(&m, json);
	assert_int_equal(shared_fd(&m.new), fd);
	kill(m.new.process->pid, SIGKILL);
	wait_for_end(&m.new);
	assert_int_equal(shared_fd(&m.new), -1);
	unlink(m.new.socket);
	move_clear(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(child_changes_masters),
	    cmocka_unit_test(listener_changes_masters),
	    cmocka_unit_test(printed_result_changes_masters),
	    cmocka_unit_test(capture_changes_masters),
	    cmocka_unit_test(closed_output_changes_masters),
	    cmocka_unit_test(misfits),
	    cmocka_unit_test(spoiled_members),
	    cmocka_unit_test(spoiled_listener),
	    cmocka_unit_test(socket_changes_masters),
	};

	if (spawn_init(NULL) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
