/* The budget of a listener's calls and replies: what is counted, that everything is
 * released, and what is refused when it is used up. */
#include "tests/unit/rpcd/methods/calls.h"

#include "rpcd/methods/invocation.h"
#include "rpcd/xmlrpc/parse.h"

#define HELD_OWN_MAX (BUDGET_MAX / 4 * 3)
#define TO_THE_END P("<int>0</int>") P("<int>0</int>")
#define ROWS 60 /* more of them than a small reply has */
#define REFUSED FAULT("30", "FAILED: " BUDGET_WHY)

static void
fill(struct fixture *f, size_t up_to)
{
	budget_add(&f->share.budget, up_to - f->share.budget.bytes);
}

/* Releases the rest and checks that nothing else is counted. */
static void
empty(struct fixture *f, size_t filled)
{
	process_list_free(f->share.processes);
	f->share.processes = NULL;
	assert_int_equal(f->share.budget.bytes, filled);
	budget_release(&f->share.budget, filled);
}

static void
tell_rows(struct fixture *f)
{
	char name[16];

	for (uint64_t i = 0; i < ROWS; i++) {
		snprintf(name, sizeof(name), "p%u", (unsigned)i);
		tell_row(f,
		    (struct row){
			10 + i, 0, 0, VERDICT_NONE, PROCESS_STOPPED, "many", name });
	}
	turn(f);
}

/* New: the text n times. */
static char *
repeated(const char *text, size_t n)
{
	struct buf all;

	buf_init(&all, 0);
	while (n-- > 0)
		assert_int_equal(buf_puts(&all, text), 0);
	return buf_steal(&all);
}

static void
begin_multicall(struct fixture *f, const char *call, size_t n)
{
	char *calls = repeated(call, n);
	char *params = xasprintf(CALLS("%s"), calls);

	begin(f, "system.multicall", params);
	free(calls);
	free(params);
}

/* ---- the account ---- */

static unsigned refusals;

static void
count_refusals(void *ctx UNUSED, enum log_level level, const char *text, size_t len UNUSED)
{
	assert_int_equal(level, LEVEL_WARN);
	assert_memory_equal(text, "a listener: ", 12);
	refusals++;
}

static void
test_bounds(void **state UNUSED)
{
	struct budget budget;

	budget_init(&budget, "a listener", BUDGET_MAX, 0);
	log_init(count_refusals, NULL, LEVEL_WARN);
	assert_true(budget_fits(&budget, HELD_OWN_MAX));
	assert_int_equal(refusals, 0);
	assert_false(budget_fits(&budget, HELD_OWN_MAX + 1));
	assert_int_equal(refusals, 1);
	assert_false(budget_fits(&budget, (size_t)-1));
	budget_add(&budget, HELD_OWN_MAX);
	assert_true(budget_is_tight(&budget));
	assert_false(budget_fits(&budget, 1));
	assert_true(budget_fits_shared(&budget, BUDGET_MAX - HELD_OWN_MAX));
	assert_false(budget_fits_shared(&budget, BUDGET_MAX - HELD_OWN_MAX + 1));
	budget_add(&budget, BUDGET_MAX); /* as memory in use may */
	assert_false(budget_fits(&budget, 1));
	assert_false(budget_fits_shared(&budget, 1));
	budget_release(&budget, BUDGET_MAX);
	budget_release(&budget, HELD_OWN_MAX / 2);
	assert_false(budget_is_tight(&budget));
	assert_int_equal(refusals, 1); /* logged once a minute */
}

static void
test_files(void **state UNUSED)
{
	struct budget budget;

	budget_init(&budget, "a listener", 0, 2);
	log_init(NULL, NULL, LEVEL_CRITICAL);
	assert_true(budget_add_file(&budget));
	assert_true(budget_add_file(&budget));
	assert_false(budget_add_file(&budget));
	budget_release_file(&budget);
	assert_true(budget_add_file(&budget));
	assert_false(budget_add_file(&budget));
}

/* The clients of one listener do not use the budget of another. */
static void
test_separate(void **state)
{
	struct fixture *f = *state;
	struct share other = { 0 };
	char body[] = "<methodCall><methodName>supervisor.getAllProcessInfo</methodName>"
		      "</methodCall>";
	struct buf content;

	budget_init(&other.budget, "another listener", BUDGET_MAX, 0);
	other.processes = process_list_new(&f->rpcd, &other.budget);
	tell_rows(f);
	assert_null(begin(f, "supervisor.getAllProcessInfo", ""));
	tell_row(f, web_up);
	turn(f);
	budget_add(&f->share.budget, 2 * (size_t)BUDGET_MAX);
	buf_init(&content, 0);
	assert_int_equal(buf_puts(&content, body), 0);
	assert_null(call_begin(
	    f->rpcd.calls, &other, &f->callers[ROLE_ADMIN], &content, true, on_done, f));
	assert_non_null(strstr(f->reply, ">many<"));
	at_once(f, "supervisor.getAllProcessInfo", "", REFUSED);
	buf_clear(&content);
	process_list_free(other.processes);
	assert_int_equal(other.budget.bytes, 0);
	empty(f, 2 * (size_t)BUDGET_MAX);
}

struct ended {
	struct fixture *fixture;
	char order[8];
};

static void
end_own(void *ctx, struct reply *reply)
{
	struct ended *ended = ctx;

	strcat(ended->order, "o");
	on_done(ended->fixture, reply);
}

static void
end_other(void *ctx, struct reply *reply)
{
	struct ended *ended = ctx;

	strcat(ended->order, "x");
	on_done(ended->fixture, reply);
}

static void
begin_long(struct fixture *f, struct share *share, size_t n, call_done_fn *done,
    struct ended *ended)
{
	char *calls = repeated(CALL("supervisor.getState"), n);
	struct buf body;

	buf_init(&body, 0);
	assert_int_equal(buf_printf(&body,
			     "<methodCall><methodName>system.multicall"
			     "</methodName><params>" CALLS("%s") "</params></methodCall>",
			     calls),
	    0);
	assert_non_null(call_begin(
	    f->rpcd.calls, share, &f->callers[ROLE_ADMIN], &body, true, done, ended));
	buf_clear(&body);
	free(calls);
}

/* Many long calls of one listener delay each turn of a call of another by one turn. */
static void
test_turns(void **state)
{
	struct fixture *f = *state;
	struct ended ended = { .fixture = f };
	struct share other = { 0 };

	budget_init(&other.budget, "another listener", BUDGET_MAX, 0);
	for (int i = 0; i < 3; i++)
		begin_long(f, &f->share, 5000, end_own, &ended);
	begin_long(f, &other, 5000, end_other, &ended);
	for (int i = 0; i < 1000 && strlen(ended.order) < 4; i++)
		turn(f);
	assert_string_equal(ended.order, "xooo");
	assert_int_equal(other.budget.bytes, 0);
	empty(f, 0);
}

/* ---- what is counted ---- */

static void
keep_reply(void *ctx, struct reply *reply)
{
	*(struct reply *)ctx = *reply;
}

static void
begin_kept(struct fixture *f, const char *method, const char *params, struct reply *reply)
{
	char *body = xasprintf("<methodCall><methodName>%s</methodName><params>%s</params>"
			       "</methodCall>",
	    method, params);

	if (begin_text(f, ROLE_ADMIN, true, body, keep_reply, reply) != NULL)
		turn(f);
	assert_int_equal(calls_parked(f->rpcd.calls), 0);
	free(body);
}

/* The reply of one client is counted until it is sent. */
static void
test_own_reply(void **state)
{
	struct fixture *f = *state;
	struct reply reply;
	char *calls = repeated(CALL("supervisor.getState"), 100);
	char *params = xasprintf(CALLS("%s"), calls);

	begin_kept(f, "system.multicall", params, &reply);
	assert_non_null(reply.shared);
	assert_true(reply.shared->len > BUDGET_SMALL);
	assert_int_equal(f->share.budget.bytes, reply.shared->len);
	shared_buffer_unref(reply.shared);
	empty(f, 0);
	free(calls);
	free(params);
}

/* A shared text is counted once as long as a slow client has not read it. */
static void
test_shared_reply(void **state)
{
	struct fixture *f = *state;
	struct reply replies[3];
	size_t len;

	tell_rows(f);
	begin_kept(f, "supervisor.getAllProcessInfo", "", &replies[0]);
	begin_kept(f, "supervisor.getAllProcessInfo", "", &replies[1]);
	len = replies[0].shared->len;
	assert_int_equal(f->share.budget.bytes, len);
	tell_row(f, web_up);
	turn(f);
	begin_kept(f, "supervisor.getAllProcessInfo", "", &replies[2]);
	assert_int_equal(f->share.budget.bytes, len + replies[2].shared->len);
	shared_buffer_unref(replies[0].shared);
	shared_buffer_unref(replies[2].shared);
	assert_int_equal(f->share.budget.bytes, len + replies[2].shared->len);
	shared_buffer_unref(replies[1].shared);
	empty(f, 0);
}

static void
test_small_reply(void **state)
{
	struct fixture *f = *state;
	struct reply reply;

	begin_kept(f, "supervisor.getState", "", &reply);
	assert_null(reply.shared);
	assert_int_equal(f->share.budget.bytes, 0);
	buf_clear(&reply.body);
	empty(f, 0);
}

#define EMPTY_VALUES 10000

/* The parameters of a call are counted until it is answered or abandoned; small elements
 * count more than their text. */
static void
test_parameters(void **state)
{
	struct fixture *f = *state;
	char *values = repeated("<value/>", EMPTY_VALUES);
	char *params = xasprintf(P("web") P("<array><data>%s</data></array>"), values);
	struct call *call;

	for (int i = 0; i < 2; i++) {
		call = begin(f, "supervisor.startProcess", params);
		assert_non_null(call);
		turn(f);
		assert_true(f->share.budget.bytes > EMPTY_VALUES * XMLPARSE_ELEMENT_COST);
		if (i == 0)
			call_abandon(call);
		else
			answer_fault(f, FAULT_NO_FILE, "NO_FILE");
		assert_int_equal(f->share.budget.bytes, 0);
	}
	assert_int_equal(f->replies, 1);
	free(values);
	free(params);
}

/* The reservation of a call that waits, and the results of a multicall so far. */
static void
test_waiting(void **state)
{
	struct fixture *f = *state;
	struct call *call = begin(f, "supervisor.readLog", TO_THE_END);
	char *calls = repeated(CALL("supervisor.getState"), 100), *params;

	assert_non_null(call);
	assert_int_equal(f->share.budget.bytes, REPLY_TEXT_LOG_COST);
	turn(f);
	answer_log(f, "short", 1);
	assert_int_equal(f->share.budget.bytes, 0);
	params = xasprintf(CALLS("%s" CALL1("supervisor.startProcess", "web")), calls);
	call = begin(f, "system.multicall", params);
	assert_non_null(call);
	assert_true(f->share.budget.bytes > 100 * strlen(CALL("supervisor.getState")));
	call_abandon(call);
	empty(f, 0);
	free(calls);
	free(params);
}

/* ---- when it is full ---- */

static void
test_full(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *method, *params;
	} refused[] = {
		{"supervisor.getAllConfigInfo", ""},
		{"supervisor.startAllProcesses", ""},
		{"supervisor.stopAllProcesses", ""},
		{"supervisor.signalAllProcesses", P("HUP")},
		{"supervisor.startProcessGroup", P("g")},
		{"supervisor.stopProcess", P("g:*")},
		{"supervisor.readLog", TO_THE_END},
		{"supervisor.readProcessStdoutLog", P("web") TO_THE_END},
		{"supervisor.tailProcessStderrLog", P("web") TO_THE_END},
	};

	tell_rows(f);
	fill(f, HELD_OWN_MAX);
	for (size_t i = 0; i < nitems(refused); i++)
		at_once(f, refused[i].method, refused[i].params, REFUSED);
	assert_int_equal(f->requests, 0);
	empty(f, HELD_OWN_MAX);
}

/* Small calls are answered, send requests to the master, and may wait. */
static void
test_full_small(void **state)
{
	struct fixture *f = *state;

	tell_rows(f);
	fill(f, 2 * (size_t)BUDGET_MAX);
	at_once(f, "supervisor.getPID", "", VALUE(INT("77")));
	at_once(f, "supervisor.getProcessInfo", P("nope"), FAULT("10", "BAD_NAME: nope"));
	at_once(f, "system.multicall",
	    CALLS(CALL("supervisor.getPID") CALL("supervisor.getPID")),
	    VALUE(ARRAY(INT("77") INT("77"))));
	requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_fault(f, FAULT_NO_FILE, "NO_FILE");
	expect(f, f->replies, FAULT("20", "NO_FILE"));
	begin(f, "supervisor.readLog", P("<int>-1600</int>") P("<int>0</int>"));
	turn(f);
	answer_log(f, "short", 1);
	expect(f, f->replies, VALUE(STRING("short")));
	empty(f, 2 * (size_t)BUDGET_MAX);
}

/* getAllProcessInfo is answered until the shared part is full, too. */
static void
test_full_rows(void **state)
{
	struct fixture *f = *state;

	tell_rows(f);
	fill(f, HELD_OWN_MAX);
	begin(f, "supervisor.getAllProcessInfo", "");
	assert_non_null(strstr(f->reply, ">many<"));
	tell_row(f, web_up);
	turn(f);
	fill(f, 2 * (size_t)BUDGET_MAX);
	at_once(f, "supervisor.getAllProcessInfo", "", REFUSED);
	budget_release(&f->share.budget, f->share.budget.bytes);
	begin(f, "supervisor.getAllProcessInfo", "");
	assert_non_null(strstr(f->reply, ">many<"));
	empty(f, 0);
}

/* A multicall whose faults would not fit has no effect. Otherwise each call is answered,
 * and those whose results do not fit with a fault. */
static void
test_full_multicall(void **state)
{
	struct fixture *f = *state;
	const char *at;
	size_t faults = 0;

	tell_rows(f);
	fill(f, HELD_OWN_MAX - 100);
	begin_multicall(f, CALL("supervisor.getPID"), 100);
	expect(f, 1, REFUSED);
	budget_release(&f->share.budget, HELD_OWN_MAX / 4);
	begin(f, "supervisor.getAllProcessInfo", "");
	fill(f, HELD_OWN_MAX - 300 * 1024);
	begin_multicall(f, CALL("supervisor.getAllProcessInfo"), 20);
	assert_int_equal(f->replies, 3);
	for (at = f->reply; (at = strstr(at, BUDGET_WHY)) != NULL; at++)
		faults++;
	assert_in_range(faults, 1, 19);
	assert_non_null(strstr(f->reply, ">many<"));
	f->share.budget.bytes = 0;
	process_list_free(f->share.processes);
	f->share.processes = NULL;
}

/* A fault repeats only the beginning of a long name, even when the budget is used up. */
static void
test_full_echo(void **state)
{
	struct fixture *f = *state;
	char *name = repeated("n", BUDGET_SMALL + INVOCATION_ECHO_MAX);
	char *params = xasprintf(P("%s"), name);

	begin(f, "supervisor.getProcessInfo", params);
	assert_true(strlen(f->reply) < 1000);
	assert_non_null(strstr(f->reply, "BAD_NAME: nnnnn"));
	assert_non_null(strstr(f->reply, "nnn..."));
	fill(f, HELD_OWN_MAX);
	/* The body alone is not small: only its parameters add to the budget. */
	budget_release(&f->share.budget, strlen(params) + 2000);
	begin(f, "supervisor.getProcessInfo", params);
	assert_true(strlen(f->reply) < 1000);
	assert_non_null(strstr(f->reply, "nnn..."));
	free(name);
	free(params);
	f->share.budget.bytes = 0;
}

/* Whether a call with such a reservation returns the string, not a fault. */
static bool
answers(struct fixture *f, size_t room, size_t length)
{
	struct reply_text doc;
	struct invocation inv = { .rpcd = &f->rpcd, .doc = &doc };
	char *text = repeated("x", length);
	bool written;

	reply_text_init(&doc, &f->share.budget, &writer_xml);
	assert_true(invocation_reserve(&inv, room));
	fill(f, HELD_OWN_MAX);
	invocation_return_json_take(&inv, json_string(text));
	assert_int_equal(inv.phase, INVOCATION_DONE);
	written = reply_text_size(&doc) > length;
	reply_text_clear(&doc);
	assert_true(f->share.budget.bytes <= HELD_OWN_MAX);
	f->share.budget.bytes = 0;
	free(text);
	return written;
}

/* A result uses its reservation and no further memory. */
static void
test_full_promised(void **state)
{
	struct fixture *f = *state;

	assert_true(answers(f, BUDGET_SMALL / 2, BUDGET_SMALL / 2));
	assert_true(answers(f, 4 * BUDGET_SMALL, 3 * BUDGET_SMALL));
	assert_false(answers(f, BUDGET_SMALL / 2, 2 * BUDGET_SMALL));
	assert_false(answers(f, 4 * BUDGET_SMALL, 5 * BUDGET_SMALL));
}

static void
test_full_parameters(void **state)
{
	struct fixture *f = *state;
	char *values = repeated("<value/>", 100);
	char *params = xasprintf(P("web") P("<array><data>%s</data></array>"), values);

	fill(f, HELD_OWN_MAX);
	at_once(f, "supervisor.startProcess", params, REFUSED);
	assert_int_equal(f->requests, 0);
	empty(f, HELD_OWN_MAX);
	free(values);
	free(params);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_files),
		TEST(test_separate),
		TEST(test_turns),
		TEST(test_own_reply),
		TEST(test_shared_reply),
		TEST(test_small_reply),
		TEST(test_parameters),
		TEST(test_waiting),
		TEST(test_full),
		TEST(test_full_small),
		TEST(test_full_rows),
		TEST(test_full_multicall),
		TEST(test_full_echo),
		TEST(test_full_promised),
		TEST(test_full_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
