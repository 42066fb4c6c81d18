/* List: what the page shows, to whom, and that names stay text. */
#include "rpcd/pages/list.h"

#include "common/compiler.h"
#include "rpcd/pages/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define NOW 100000
#define HOSTILE "<script>alert('1')</script>\" x=\"&\x01"

/* A row with texts that are not freed. */
static struct process_info
row(const char *group, const char *name, enum process_state state)
{
	return (struct process_info){
		.group = (char *)(uintptr_t)group,
		.name = (char *)(uintptr_t)name,
		.state = state,
		.spawnerr = (char *)(uintptr_t) "it failed",
		.failure = (char *)(uintptr_t) "",
		.stopped_at = (char *)(uintptr_t) "Not started",
		.stdout_logfile = (char *)(uintptr_t) "",
		.stderr_logfile = (char *)(uintptr_t) "",
		.waiting_for = (char *)(uintptr_t) "",
		.ready = true,
	};
}

/* New: the page of these rows. */
static char *
page(const struct process_info *rows, size_t n, struct grant *grant, enum role ceiling,
    const struct list_filter *filter)
{
	const struct process_info *pointers[8];
	const struct mirror mirror = {
	    .rows = pointers,
	    .count = n,
	    .daemon = {.state = DAEMON_RUNNING, .identifier = (char *)(uintptr_t) "<sup>"},
	};
	struct view view;
	struct buf out;

	assert_true(n <= nitems(pointers));
	for (size_t i = 0; i < n; i++)
		pointers[i] = &rows[i];
	view_init(&view, &mirror, grant, ceiling, "the&host", NOW);
	buf_init(&out, 0);
	list_write(&out, &view, filter);
	return html_take(&out);
}

static const struct list_filter all = { "", "" };

static void
assert_has(const char *text, const char *part, bool wanted)
{
	if ((strstr(text, part) != NULL) != wanted)
		fail_msg("%s '%s' in:\n%s", wanted ? "no" : "unexpected", part, text);
}

static void
test_rows(void **state)
{
	struct process_info rows[] = {
		row("cat", "cat", PROCESS_RUNNING),
		row("web", "one", PROCESS_FATAL),
		row("web", "two", PROCESS_STOPPED),
	};
	char *text;

	(void)state;
	rows[0].pid = 123;
	rows[0].start = NOW - 90061;
	text = page(rows, nitems(rows), grant_of_role(ROLE_ADMIN), ROLE_ADMIN, &all);
	assert_has(text, ">&lt;sup&gt;<", true);
	assert_has(text, "the&amp;host", true);
	assert_has(text, "1d 1:01:01", true);
	assert_has(text, "value=\"stop cat\"", true);
	assert_has(text, "value=\"start cat\"", false);
	assert_has(text, "value=\"start web:two\"", true);
	assert_has(text, "value=\"stop web:two\"", false);
	assert_has(text, "value=\"stop web:*\"", true);
	assert_has(text, "value=\"stop cat:*\"", false);
	assert_has(text, "One program is in trouble", true);
	assert_has(text, "processname=web%3Aone", true);
	assert_has(text, "<a href=\"?state=FATAL\"", true);
	assert_has(text, "<a href=\"?state=EXITED\"", false);
	assert_has(text, VIEW_TOKEN, true);
	free(text);
}

static void
test_hostile(void **state)
{
	struct process_info rows[] = {
		row(HOSTILE, HOSTILE, PROCESS_FATAL),
		row("z" HOSTILE, "a", PROCESS_RUNNING),
	};
	const struct list_filter filter = { HOSTILE, "" };
	char *text;

	(void)state;
	rows[0].spawnerr = (char *)(uintptr_t)HOSTILE;
	text = page(rows, nitems(rows), grant_of_role(ROLE_ADMIN), ROLE_ADMIN, &filter);
	assert_has(text, "<script>", false);
	assert_has(text, "x=\"&", false);
	assert_has(text, "&lt;script&gt;alert(&#39;1&#39;)", true);
	/* Only the place of the token. */
	assert_ptr_equal(strchr(text, *VIEW_TOKEN), strrchr(text, *VIEW_TOKEN));
	free(text);
}

static void
test_rights(void **state)
{
	static const struct {
		enum role role, ceiling;
		const char *part;
		bool wanted;
	} cases[] = {
	    {ROLE_STATES, ROLE_ADMIN, "<button name=action", false},
	    {ROLE_STATES, ROLE_ADMIN, "tail.html", false},
	    {ROLE_STATES, ROLE_ADMIN, "mainlog.html", false},
	    {ROLE_STATES, ROLE_ADMIN, "data-may=\"\"", true},
	    {ROLE_VIEW, ROLE_ADMIN, "tail.html", true},
	    {ROLE_VIEW, ROLE_ADMIN, "<button name=action", false},
	    {ROLE_OPERATE, ROLE_ADMIN, "value=\"stop cat\"", true},
	    {ROLE_ADMIN, ROLE_VIEW, "<button name=action", false},
	};
	const struct process_info rows[] = { row("cat", "cat", PROCESS_RUNNING) };

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		char *text =
		    page(rows, 1, grant_of_role(cases[i].role), cases[i].ceiling, &all);

		assert_has(text, cases[i].part, cases[i].wanted);
		free(text);
	}
}

static void
test_programs_of_a_user(void **state)
{
	static const char *const programs[] = { "web:one", NULL }, *denied[] = {
		"supervisor.stop*", NULL };
	struct grant *grant = grant_new(&(struct grant_source){ .user = "bob",
	    .role = ROLE_OPERATE,
	    .programs = programs,
	    .deny_methods = denied });
	const struct process_info rows[] = {
		row("cat", "cat", PROCESS_FATAL),
		row("web", "one", PROCESS_RUNNING),
		row("web", "two", PROCESS_RUNNING),
	};
	char *text = page(rows, nitems(rows), grant, ROLE_ADMIN, &all);

	(void)state;
	assert_has(text, ">All 1<", true);
	assert_has(text, "cat", false);
	assert_has(text, "trouble<", false);
	assert_has(text, ">one<", true);
	assert_has(text, ">two<", false);
	assert_has(text, "value=\"stop ", false);
	assert_has(text, "value=\"restart ", false);
	free(text);
	grant_unref(grant);
}

static void
test_filter(void **state)
{
	static const struct {
		struct list_filter filter;
		bool one, two;
	} cases[] = {
	    {{"", ""}, true, true},
	    {{"WEB", ""}, true, true},
	    {{"web:o", ""}, true, false},
	    {{"tw", ""}, false, true},
	    {{"77", ""}, true, false},
	    {{"7", ""}, false, false},
	    {{"", "STOPPED"}, false, true},
	    {{"one", "STOPPED"}, false, false},
	    {{"", "NOPE"}, false, false},
	};
	struct process_info one = row("web", "one", PROCESS_RUNNING);
	struct process_info two = row("web", "two", PROCESS_STOPPED);

	(void)state;
	one.pid = 77;
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_int_equal(list_shows(&cases[i].filter, &one), cases[i].one);
		assert_int_equal(list_shows(&cases[i].filter, &two), cases[i].two);
	}
}

static void
test_empty(void **state)
{
	const struct list_filter filter = { "nothing", "" };
	const struct process_info rows[] = { row("cat", "cat", PROCESS_RUNNING) };
	char *text = page(rows, 0, grant_of_role(ROLE_ADMIN), ROLE_ADMIN, &all);

	(void)state;
	assert_has(text, "No programs yet", true);
	free(text);
	text = page(rows, 1, grant_of_role(ROLE_ADMIN), ROLE_ADMIN, &filter);
	assert_has(text, "No program matches", true);
	assert_has(text, "q=nothing&amp;state=RUNNING", true);
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_programs_of_a_user),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
