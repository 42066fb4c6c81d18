/* Session: its texts and exit codes, without a server. */
#include "ctl/commands/session.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct command command = { .name = "frob", .help = "frob\t\tDo it" };

struct world {
	struct session session;
	char *text;
	size_t length;
};

static void
open_world(struct world *w)
{
	const struct server_address address = { .url = "unix:///nonexistent/s" };
	char *why;

	*w = (struct world){ .session = { .command = &command } };
	w->session.out = open_memstream(&w->text, &w->length);
	w->session.server = server_new(&address);
	assert_int_equal(server_reach(w->session.server, &why), REACH_NO_FILE);
	free(why);
}

static void
output_is(struct world *w, const char *want, int status, bool broken)
{
	fclose(w->session.out);
	assert_string_equal(w->text, want);
	assert_int_equal(w->session.status, status);
	assert_int_equal(w->session.broken, broken);
	free(w->text);
	server_free(w->session.server);
}

#define URL "unix:///nonexistent/s"

static void
test_not_there(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	assert_false(session_connect(&w.session));
	output_is(&w, URL " no such file\n", EXIT_NOT_RUNNING, true);
	open_world(&w);
	assert_false(session_reach(&w.session));
	output_is(&w, "error: " URL ": No such file or directory\n", EXIT_GENERIC, true);
}

/* Outcomes that end the command, and others. */
static void
test_judge(void **state)
{
	static const struct {
		enum reach reached;
		const char *why, *want;
		bool fine, unauthorized;
	} cases[] = {
		{ REACH_OK, NULL, "", true, false },
		{ REACH_FAULT, "the daemon is shutting down", "", true, false },
		{ REACH_OTHER_API, "2.0", "", true, false },
		{ REACH_NO_INTERFACE, NULL, "", true, false },
		{ REACH_NO_FILE, "gone", "error: " URL ": gone\n", false, false },
		{ REACH_REFUSED, "no", "error: " URL ": no\n", false, false },
		{ REACH_FAILED, "a\nb", "error: " URL ": a\nb\n", false, false },
		{ REACH_FAILED, NULL, "error: " URL ": cannot be reached\n", false, false },
		{ REACH_UNAUTHORIZED, "401 No", "Server requires authentication\n"
		    "error: " URL ": 401 No\n", false, true },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct world w;

		open_world(&w);
		assert_int_equal(session_accept(&w.session, cases[i].reached, cases[i].why),
		    cases[i].fine);
		assert_int_equal(w.session.unauthorized, cases[i].unauthorized);
		output_is(&w, cases[i].want, cases[i].fine ? EXIT_OK : EXIT_GENERIC,
		    !cases[i].fine);
	}
}

/* An interactive session, which asks for the password, prints nothing more. */
static void
test_unauthorized_interactive(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	w.session.interactive = true;
	assert_false(session_accept(&w.session, REACH_UNAUTHORIZED, "401 No"));
	assert_true(w.session.unauthorized);
	output_is(&w, "Server requires authentication\n", EXIT_GENERIC, true);
}

/* Every fault has a text of its own, without escape sequences for the terminal. */
static void
test_fault(void **state)
{
	static const struct {
		enum fault fault;
		const char *text, *want;
	} rows[] = {
		{ FAULT_SHUTDOWN_STATE, "SHUTDOWN_STATE", "the daemon is shutting down" },
		{ FAULT_FAILED, "FAILED: it's\x1b[31m", "the server failed to do this: "
		    "it's?[31m" },
		{ FAULT_CANT_REREAD, "CANT_REREAD: a\n\tb\xc2", "the configuration cannot "
		    "be read: a\n\tb?" },
		{ FAULT_BAD_NAME, "BAD_NAMES", "no such process or group: BAD_NAMES" },
		{ FAULT_BAD_NAME, "other words", "no such process or group: other words" },
		{ (enum fault)777, "x\xff", "fault 777: x?" },
		{ (enum fault)-1, "", "fault -1: " },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		char *want = xasprintf("error: %s\n", rows[i].want);
		struct world w;

		open_world(&w);
		session_fault(&w.session, rows[i].fault, rows[i].text);
		output_is(&w, want, EXIT_GENERIC, true);
		free(want);
	}
	for (int fault = 1; fault < 100; fault++) {
		const char *name = fault_name((enum fault)fault);
		char *text = reply_meaning((enum fault)fault, name);

		assert_int_equal(strcmp(name, "UNKNOWN") == 0, str_starts(text, "fault "));
		assert_null(strstr(text, strcmp(name, "UNKNOWN") != 0 ? name : "\n"));
		free(text);
	}
}

static void
test_arguments(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	assert_true(session_no_arguments(&w.session, ""));
	output_is(&w, "", EXIT_OK, false);
	open_world(&w);
	assert_false(session_no_arguments(&w.session, "a"));
	output_is(
	    &w, "Error: frob accepts no arguments\nfrob\t\tDo it\n", EXIT_GENERIC, false);
	open_world(&w);
	session_usage(&w.session, EXIT_INVALID_ARGS, "%s wrong", "100%");
	output_is(&w, "100% wrong\nfrob\t\tDo it\n", EXIT_INVALID_ARGS, false);
}

/* A fault has a text of the command or ends it; without a name it always ends it. */
static void
test_replied(void **state)
{
	static const struct {
		const char *command;
		enum fault fault;
		const char *want;
		int status;
		bool broken;
	} cases[] = {
		{ "add", FAULT_BAD_NAME, "ERROR: no such process/group: x\n", EXIT_GENERIC,
		    false },
		{ "add", FAULT_ALREADY_ADDED, "ERROR: process group already active\n",
		    EXIT_OK, false },
		{ "remove", FAULT_STILL_RUNNING, "ERROR: process/group still running: x\n",
		    EXIT_GENERIC, false },
		{ "remove", FAULT_SHUTDOWN_STATE, "error: the daemon is shutting down\n",
		    EXIT_GENERIC, true },
		{ "update", FAULT_SHUTDOWN_STATE, "ERROR: already shutting down\n",
		    EXIT_GENERIC, false },
		{ "shutdown", FAULT_SHUTDOWN_STATE, "ERROR: already shutting down\n",
		    EXIT_OK, false },
		{ "reload", FAULT_CANT_REREAD, "ERROR: CANT_REREAD: x\n", EXIT_GENERIC,
		    false },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		const struct command named = { .name = cases[i].command };
		char text[] = "CANT_REREAD: x", plain[] = "SHUTDOWN_STATE";
		struct reply r = { .fault = cases[i].fault, .fd = -1,
			.text = cases[i].fault == FAULT_CANT_REREAD ? text : plain };
		struct world w;

		open_world(&w);
		w.session.command = &named;
		assert_false(session_replied(&w.session, 0, &r, "x"));
		assert_int_equal(w.session.unknown.count, cases[i].fault == FAULT_BAD_NAME);
		words_clear(&w.session.unknown);
		output_is(&w, cases[i].want, cases[i].status, cases[i].broken);
		open_world(&w);
		w.session.command = &named;
		assert_false(session_replied(&w.session, 0, &r, NULL));
		assert_true(w.session.broken);
		fclose(w.session.out);
		free(w.text);
		server_free(w.session.server);
	}
}

static void
test_no_such(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	session_no_such(&w.session, w.session.out, "a:b");
	session_no_such(&w.session, w.session.out, "a:*");
	session_no_such(&w.session, w.session.out, "c");
	assert_int_equal(w.session.unknown.count, 3);
	words_clear(&w.session.unknown);
	output_is(&w,
	    "a:b: ERROR (no such process)\na: ERROR (no such group)\n"
	    "c: ERROR (no such process)\n",
	    EXIT_OK, false);
}

/* Without a pattern the server is not called. */
static void
test_expand_nothing(void **state)
{
	struct words words;
	struct world w;

	(void)state;
	open_world(&w);
	words_split(&words, "web* g:* it's");
	assert_true(session_expand(&w.session, &words, 1));
	assert_int_equal(words.count, 3);
	words_clear(&words);
	output_is(&w, "", EXIT_OK, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_unauthorized_interactive),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_replied),
		cmocka_unit_test(test_no_such),
		cmocka_unit_test(test_expand_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
