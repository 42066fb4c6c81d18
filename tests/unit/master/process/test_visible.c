/* Visible: groups and processes that a caller does not see do not exist for commands. */
#include "master/process/visible.h"

#include "master/process/namespec.h"
#include "master/process/order.h"

#include "tests/unit/master/group_scene.h"

static struct grant *
grant_of(const char *const *programs)
{
	struct grant *grant = grant_new(&(struct grant_source){
	    .user = "bob", .role = ROLE_ADMIN, .programs = programs });

	assert_non_null(grant);
	return grant;
}

static bool
any(enum process_state state)
{
	(void)state;
	return true;
}

/* What a command on a group, or on all (NULL), selects. */
static void
assert_selected(
    struct scene *s, const struct grant *grant, const struct group *group, const char *want)
{
	size_t count;
	struct process **found = order_select(s->groups, grant, group, any, &count), *p;
	char *got;

	for (size_t i = 0; i < count; i++)
		recorder_line(&s->recorder, "%s", found[i]->config->name);
	free(found);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, want);
	free(got);
	VISIBLE_FOREACH(p, grant, s->groups, group)
	recorder_line(&s->recorder, "%s", p->config->name);
	got = recorder_take(&s->recorder);
	assert_string_equal(got, want);
	free(got);
}

static void
test_select(void **state)
{
	static const char *const programs[] = { "all", "web", "db:d2", "no", NULL };
	struct scene *s = *state;
	struct group *web = add(s, "web", 1, "w1:1 w2:2");
	struct group *db = add(s, "db", 2, "d1:1 d2:2 d3:3"),
		     *mail = add(s, "mail", 3, "m:1");
	struct grant *all = grant_of(programs), *some = grant_of(programs + 1),
		     *none = grant_of(programs + 3);
	static const char everything[] = "w1\nw2\nd1\nd2\nd3\nm\n";

	assert_selected(s, NULL, NULL, everything);
	assert_selected(s, all, NULL, everything);
	assert_selected(s, some, NULL, "w1\nw2\nd2\n");
	assert_selected(s, some, web, "w1\nw2\n");
	assert_selected(s, some, db, "d2\n");
	assert_selected(s, some, mail, "");
	assert_selected(s, none, NULL, "");
	assert_ptr_equal(visible_find(NULL, s->groups, "mail"), mail);
	assert_ptr_equal(visible_find(all, s->groups, "mail"), mail);
	assert_ptr_equal(visible_find(some, s->groups, "web"), web);
	assert_ptr_equal(visible_find(some, s->groups, "db"), db);
	assert_null(visible_find(some, s->groups, "mail"));
	assert_null(visible_find(some, s->groups, "other"));
	assert_null(visible_find(all, s->groups, "other"));
	grant_unref(all);
	grant_unref(some);
	grant_unref(none);
}

static void
test_names(void **state)
{
	static const char *const programs[] = { "web:w1", "one", "none", NULL };
	struct scene *s = *state;
	struct group *web = add(s, "web", 1, "w1:1 w2:2"), *group;
	struct group *one = add(s, "one", 1, "one:1"), *none = add(s, "none", 1, "");
	struct grant *grant = grant_of(programs);
	struct process *process;
	const struct {
		const char *spec;
		struct group *group; /* NULL = BAD_NAME */
		const char *process;
	} cases[] = {
		{ "web:w1", web, "w1" },
		{ "web:w2", NULL, NULL },
		{ "web:*", web, NULL },
		{ "web:", web, NULL },
		{ "one", one, "one" },
		{ "one:*", one, NULL },
		{ "none:*", none, NULL },
		{ "hidden", NULL, NULL },
		{ "hidden:*", NULL, NULL },
		{ "hidden:hidden", NULL, NULL },
		{ "nope", NULL, NULL },
	};

	(void)add(s, "hidden", 1, "hidden:1");
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_int_equal(
		    namespec_resolve(s->groups, grant, cases[i].spec, &group, &process),
		    cases[i].group != NULL ? FAULT_NONE : FAULT_BAD_NAME);
		if (cases[i].group != NULL)
			assert_ptr_equal(group, cases[i].group);
		if (cases[i].process != NULL)
			assert_string_equal(process->config->name, cases[i].process);
		else
			assert_null(process);
	}
	grant_unref(grant);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_select, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
