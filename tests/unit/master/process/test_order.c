/* Order: of commands, automatic starts and shutdowns. */
#include "master/process/order.h"

#include "tests/unit/master/group_scene.h"

static void
assert_processes(struct scene *s, struct process **found, size_t count, const char *want)
{
	char *got;

	assert_non_null(found);
	for (size_t i = 0; i < count; i++)
		recorder_line(&s->recorder, "%s", found[i]->config->name);
	free(found);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, want);
	free(got);
}

static void
assert_selected(struct scene *s, const struct group *group,
    bool (*takes)(enum process_state), const char *want)
{
	size_t count;
	struct process **found = order_select(s->groups, NULL, group, takes, &count);

	assert_processes(s, found, count, want);
}

static void
test_select(void **state)
{
	struct scene *s = *state;
	struct group *late = add(s, "late", 7, "l1:3 l2:1");
	struct group *soon = add(s, "soon", 2, "zz:900 same1:5 same2:5 aa:-4 same0:5");

	assert_selected(
	    s, NULL, process_state_is_stopped, "aa\nsame1\nsame2\nsame0\nzz\nl2\nl1\n");
	assert_selected(s, soon, process_state_is_stopped, "aa\nsame1\nsame2\nsame0\nzz\n");
	assert_selected(s, late, process_state_is_running, "");
	enter(group_process(soon, "same2"), PROCESS_BACKOFF);
	enter(group_process(late, "l1"), PROCESS_RUNNING);
	assert_selected(s, NULL, process_state_is_running, "same2\nl1\n");
	assert_selected(s, soon, process_state_is_stopped, "aa\nsame1\nsame0\nzz\n");
}

/* Groups from the last one; in each the reverse of a command's order. */
static void
test_stops(void **state)
{
	struct scene *s = *state;
	struct group *late = add(s, "late", 7, "l1:3 l2:1");
	struct group *soon = add(s, "soon", 2, "zz:900 same1:5 same2:5 aa:-4 same0:5");
	struct group *again = add(s, "again", 7, "x:1");
	struct process **found, *p;
	size_t count;

	assert_ptr_equal(order_first_stop(s->groups), again);
	assert_ptr_equal(order_next_stop(again), late);
	assert_ptr_equal(order_next_stop(late), soon);
	assert_null(order_next_stop(soon));
	TAILQ_FOREACH(p, &soon->processes, in_group)
		enter(p, PROCESS_RUNNING);
	enter(group_process(soon, "same1"), PROCESS_FATAL);
	found = order_stops(s->groups, soon, &count);
	assert_processes(s, found, count, "zz\nsame0\nsame2\naa\n");
	found = order_stops(s->groups, late, &count);
	assert_processes(s, found, count, "");
}

/* In order of activation, whatever the priorities. */
static void
test_unstopped(void **state)
{
	struct scene *s = *state;
	struct process **found;
	size_t count;

	enter(group_process(add(s, "late", 7, "l1:3 l2:1"), "l1"), PROCESS_STOPPING);
	enter(group_process(add(s, "soon", 2, "b:9 a:1"), "b"), PROCESS_RUNNING);
	enter(group_process(groups_find(s->groups, "soon"), "a"), PROCESS_BACKOFF);
	found = order_unstopped(s->groups, &count);
	assert_processes(s, found, count, "l1\nb\na\n");
}

static void
note_start(struct recorder *r, struct process *p)
{
	recorder_line(r, "%s", p->config->name);
}

/* Groups by priority; their processes in the configuration's order. */
static void
test_autostart(void **state)
{
	struct scene *s = *state;
	char *got;

	s->recorder.enqueue = note_start;
	add(s, "late", 7, "l1:3 l2:1");
	add(s, "soon", 2, "b:9 a:1");
	order_autostart(s->groups, NULL);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, "b\na\nl1\nl2\n");
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_select, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stops, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unstopped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_autostart, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
