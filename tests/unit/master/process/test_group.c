/* Group: order of activation, walks over processes, ids, counters. */
#include "tests/unit/master/group_scene.h"

static void
assert_order(struct scene *s, const char *want)
{
	struct group *group;
	char *got;

	TAILQ_FOREACH(group, &s->groups->list, in_groups)
		recorder_line(&s->recorder, "%s", group->config->name);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, want);
	free(got);
}

static void
test_activation_order(void **state)
{
	struct scene *s = *state;

	add(s, "b", 5, "b:1");
	add(s, "d", 9, "d:1");
	add(s, "c", 5, "c:1");
	add(s, "a", -1, "a:1");
	add(s, "e", 9, "");
	assert_order(s, "a\nb\nc\nd\ne\n");
	groups_move_last(s->groups, groups_find(s->groups, "b"));
	groups_remove(s->groups, groups_find(s->groups, "d"));
	assert_order(s, "a\nc\ne\nb\n");
	assert_null(groups_find(s->groups, "d"));
	assert_null(groups_process(s->groups, 2));
}

static void
test_numbers(void **state)
{
	struct scene *s = *state;
	struct group *g = add(s, "g", 1, "x:1 y:1");
	struct process *x = group_process(g, "x"), *y = group_process(g, "y");

	assert_int_equal(x->id, 1);
	assert_int_equal(y->id, 2);
	assert_int_equal(s->next_id, 3);
	assert_ptr_equal(groups_process(s->groups, 1), x);
	assert_ptr_equal(groups_process(s->groups, 2), y);
	assert_null(groups_process(s->groups, 3));
	assert_null(group_process(g, "z"));
	assert_int_equal(g->count, 2);

	/* Two processes exchange their ids. */
	assert_int_equal(groups_renumber(s->groups, x, 2), 0);
	assert_int_equal(groups_renumber(s->groups, y, 1), 0);
	assert_ptr_equal(groups_process(s->groups, 2), x);
	assert_ptr_equal(groups_process(s->groups, 1), y);
	groups_remove(s->groups, g);
	assert_null(groups_process(s->groups, 1));
	assert_null(groups_process(s->groups, 2));
}

/* Walks over all processes or those of one group; some groups are empty. */
static void
assert_walk(struct scene *s, const struct group *only, const char *want)
{
	struct process *p;
	char *got;

	GROUPS_FOREACH_PROCESS(p, s->groups, only)
		recorder_line(&s->recorder, "%s", p->config->name);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, want);
	free(got);
}

static void
test_walk(void **state)
{
	struct scene *s = *state;
	struct group *none;

	assert_walk(s, NULL, "");
	none = add(s, "none", 1, "");
	assert_walk(s, NULL, "");
	add(s, "ab", 2, "a:9 b:1");
	add(s, "void", 3, "");
	add(s, "c", 4, "c:1");
	add(s, "last", 5, "");
	assert_walk(s, NULL, "a\nb\nc\n");
	assert_walk(s, groups_find(s->groups, "ab"), "a\nb\n");
	assert_walk(s, none, "");
}

static void
test_counters(void **state)
{
	static const enum process_state states[] = { PROCESS_STOPPED, PROCESS_STARTING,
		PROCESS_RUNNING, PROCESS_BACKOFF, PROCESS_STOPPING, PROCESS_EXITED,
		PROCESS_FATAL, PROCESS_UNKNOWN };
	struct scene *s = *state;
	struct group *g = add(s, "g", 1, "x:1 y:1"), *h = add(s, "h", 1, "z:1");
	struct process *x = group_process(g, "x");

	for (size_t from = 0; from < nitems(states); from++) {
		for (size_t to = 0; to < nitems(states); to++) {
			enter(x, states[from]);
			enter(x, states[to]);
			assert_int_equal(
			    g->unstopped, !process_state_is_stopped(states[to]));
			assert_int_equal(s->groups->unstopped, g->unstopped);
		}
	}
	enter(x, PROCESS_RUNNING);
	enter(group_process(h, "z"), PROCESS_STOPPING);
	assert_int_equal(s->groups->unstopped, 2);
	groups_remove(s->groups, g);
	assert_int_equal(s->groups->unstopped, 1);
	assert_int_equal(h->unstopped, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_activation_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counters, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
