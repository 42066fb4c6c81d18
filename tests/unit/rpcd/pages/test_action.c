/* Action: what forms and links ask for, for whom, and the calls that follow. */
#include "rpcd/pages/action.h"

#include "common/compiler.h"
#include "rpcd/pages/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(text) ((char *)(uintptr_t)(text))

static const struct process_info cat = {
	.id = 1,
	.group = TEXT("cat"),
	.name = TEXT("cat"),
	.state = PROCESS_RUNNING,
};
static const struct process_info one = {
	.id = 2,
	.group = TEXT("web"),
	.name = TEXT("one"),
	.state = PROCESS_RUNNING,
};
static const struct process_info two = {
	.id = 3,
	.group = TEXT("web"),
	.name = TEXT("two"),
	.state = PROCESS_STOPPED,
};
static const struct process_info *const rows[] = { &cat, &one, &two };
static struct mirror mirror = {
	.rows = (const struct process_info **)(uintptr_t)rows,
	.count = nitems(rows),
};

/* The action of a form; new. */
static enum action_result
act(struct action *action, struct grant *grant, const char *body)
{
	enum action_result result;
	struct form form;
	struct view view;

	view_init(&view, &mirror, grant, ROLE_ADMIN, "host", 1000);
	form_read(&form, body, strlen(body));
	result = action_read(action, &view, &form);
	form_clear(&form);
	return result;
}

static void
assert_names(const struct action *action, const char *expected)
{
	struct buf out;
	char *text;

	buf_init(&out, 0);
	for (size_t i = 0; i < action->count; i++) {
		html_raw(&out, action->names[i]);
		html_raw(&out, " ");
	}
	text = html_take(&out);
	assert_string_equal(text, expected);
	free(text);
}

static void
test_targets(void **state)
{
	static const struct {
		const char *body;
		enum action_result result;
		const char *names;
		bool grave;
	} cases[] = {
	    {"action=stop+cat", ACTION_OK, "cat ", false},
	    {"action=stop&name=cat&name=web:two", ACTION_OK, "cat web:two ", true},
	    {"action=stop+web:*", ACTION_OK, "web:one ", false},
	    {"action=start+web:*", ACTION_OK, "web:two ", false},
	    {"action=start+*", ACTION_OK, "web:two ", false},
	    {"action=stop+*", ACTION_OK, "cat web:one ", true},
	    {"action=restart+*&q=web", ACTION_OK, "web:one ", false},
	    {"action=stop+*&state=STOPPED", ACTION_NO_NAME, "", false},
	    {"action=signal+*&signal=HUP", ACTION_OK, "cat web:one ", false},
	    {"action=clear+*", ACTION_OK, "cat web:one web:two ", false},
	    {"action=more+web:*", ACTION_OK, "web:one web:two ", false},
	    {"action=more+nope:*", ACTION_NO_NAME, "", false},
	    {"action=stop&name=cat&name=cat&name=cat:cat", ACTION_OK, "cat ", false},
	    {"action=clear&name=web:two&name=*&name=web:*&name=*&name=web:two", ACTION_OK,
		"cat web:one web:two ", false},
	    {"action=stop&name=x:*&name=web:two&name=a:*&name=web:*&name=z:*", ACTION_OK,
		"web:one web:two ", true},
	    {"action=stop+web", ACTION_NO_NAME, "", false},
	    {"action=stop+web:", ACTION_NO_NAME, "", false},
	    {"action=stop+:*", ACTION_NO_NAME, "", false},
	    {"action=stop+:", ACTION_NO_NAME, "", false},
	    {"action=stop+nope:one", ACTION_NO_NAME, "", false},
	    {"action=stop+", ACTION_NO_NAME, "", false},
	    {"action=stop", ACTION_NO_NAME, "", false},
	    {"action=log+cat", ACTION_UNKNOWN, "", false},
	    {"action=mainlog", ACTION_UNKNOWN, "", false},
	    {"action=STOP+cat", ACTION_UNKNOWN, "", false},
	    {"action=stops+cat", ACTION_UNKNOWN, "", false},
	    {"name=cat", ACTION_UNKNOWN, "", false},
	    {"", ACTION_UNKNOWN, "", false},
	};
	struct action action;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_int_equal(act(&action, grant_of_role(ROLE_ADMIN), cases[i].body),
		    cases[i].result);
		assert_names(&action, cases[i].names);
		assert_int_equal(action_is_grave(&action), cases[i].grave);
		action_clear(&action);
	}
}

static void
test_rights(void **state)
{
	static const char *const programs[] = { "web", NULL }, *denied[] = {
		"supervisor.stopProcess", NULL };
	struct grant *grant = grant_new(&(struct grant_source){ .user = "bob",
	    .role = ROLE_OPERATE,
	    .programs = programs,
	    .deny_methods = denied });
	struct action action;

	(void)state;
	assert_int_equal(
	    act(&action, grant_of_role(ROLE_VIEW), "action=stop+cat"), ACTION_DENIED);
	action_clear(&action);
	assert_int_equal(act(&action, grant, "action=stop+web:one"), ACTION_DENIED);
	action_clear(&action);
	assert_int_equal(act(&action, grant, "action=restart+web:one"), ACTION_DENIED);
	action_clear(&action);
	assert_int_equal(act(&action, grant, "action=start+cat"), ACTION_NO_NAME);
	action_clear(&action);
	assert_int_equal(act(&action, grant, "action=clear+*"), ACTION_OK);
	assert_names(&action, "web:one web:two ");
	action_clear(&action);
	grant_unref(grant);
}

static void
test_links(void **state)
{
	static const struct {
		const char *action, *name;
		enum action_result result;
		const char *names;
	} cases[] = {
	    {"stop", "cat", ACTION_OK, "cat "},
	    {"clearlog", "web:two", ACTION_OK, "web:two "},
	    {"stopall", "", ACTION_OK, "cat web:one "},
	    {"restartall", "ignored", ACTION_OK, "cat web:one "},
	    {"stop", "", ACTION_NO_NAME, ""},
	    {"stop", "web", ACTION_NO_NAME, ""},
	    {"clear", "cat", ACTION_UNKNOWN, ""},
	    {"nope", "cat", ACTION_UNKNOWN, ""},
	};
	struct action action;
	struct view view;

	(void)state;
	view_init(&view, &mirror, grant_of_role(ROLE_ADMIN), ROLE_ADMIN, "host", 1000);
	for (size_t i = 0; i < nitems(cases); i++) {
		assert_int_equal(
		    action_read_link(&action, &view, cases[i].action, cases[i].name),
		    cases[i].result);
		assert_names(&action, cases[i].names);
		action_clear(&action);
	}
}

static void
test_calls(void **state)
{
	static const struct {
		const char *body, *calls;
	} cases[] = {
	    {"action=start+cat", "supervisor.startProcess [\"cat\", true]; "},
	    {"action=stop+cat", "supervisor.stopProcess [\"cat\", true]; "},
	    {"action=restart+cat", "reeve.restartProcesses [[\"cat\"], true]; "},
	    {"action=restart&name=cat&name=web:one",
		"reeve.restartProcesses [[\"cat\", \"web:one\"], false]; "},
	    {"action=stop&name=cat&name=web:one",
		"supervisor.stopProcess [\"cat\", false]; "
		"supervisor.stopProcess [\"web:one\", false]; "},
	    {"action=signal+cat&signal=%3Cb%3E",
		"supervisor.signalProcess [\"cat\", \"<b>\"]; "},
	    {"action=clear+cat", "supervisor.clearProcessLogs [\"cat\"]; "},
	};
	struct action action;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		json_t *calls, *call;
		struct buf out;
		size_t k;
		char *text;

		assert_int_equal(
		    act(&action, grant_of_role(ROLE_ADMIN), cases[i].body), ACTION_OK);
		calls = action_calls(&action);
		buf_init(&out, 0);
		json_array_foreach(calls, k, call) {
			char *params = json_dumps(json_object_get(call, "params"), 0);

			html_raw(
			    &out, json_string_value(json_object_get(call, "methodName")));
			html_raw(&out, " ");
			html_raw(&out, params);
			html_raw(&out, "; ");
			free(params);
		}
		text = html_take(&out);
		assert_string_equal(text, cases[i].calls);
		free(text);
		json_decref(calls);
		action_clear(&action);
	}
}

static void
test_failures(void **state)
{
	static const struct {
		const char *body, *results, *text;
	} cases[] = {
	    {"action=stop+cat", "[true]", ""},
	    {"action=stop+cat", "[{\"faultCode\":70,\"faultString\":\"<NOT>\"}]",
		"<li>cat: &lt;NOT&gt;</li>\n"},
	    {"action=restart+cat", "[{\"faultCode\":70,\"faultString\":\"x\"}]",
		"<li>cat: x</li>\n"},
	    {"action=restart+cat", "[[{\"name\":\"cat\",\"status\":80}]]", ""},
	    {"action=restart+cat",
		"[[{\"name\":\"cat\",\"status\":50,\"description\":\"<y>\"}]]",
		"<li>cat: &lt;y&gt;</li>\n"},
	    {"action=clear&name=cat&name=web:one",
		"[true, {\"faultCode\":30,\"faultString\":\"z\"}]",
		"<li>web:one: z</li>\n"},
	    {"action=stop+cat", "[]", ""},
	};
	struct action action;

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		json_t *results = json_loads(cases[i].results, 0, NULL);
		struct buf out;
		char *text;

		assert_int_equal(
		    act(&action, grant_of_role(ROLE_ADMIN), cases[i].body), ACTION_OK);
		buf_init(&out, 0);
		action_failures(&out, &action, results);
		text = html_take(&out);
		assert_string_equal(text, cases[i].text);
		free(text);
		json_decref(results);
		action_clear(&action);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
