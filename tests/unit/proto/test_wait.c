#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/wait.h"

#define PENDING (-1)

/* The rows of the table "Waiting" in man/reeve-protocol.7, and cases next to them. */
static const struct {
	const char *what;
	enum wait_kind kind;
	bool gone;
	enum process_state state;
	uint64_t row_spawn, last_spawn;
	enum verdict verdict;
	uint64_t spawn;
	int want; /* a fault, or PENDING */
} table[] = {
	{"no wait, any row", WAIT_NOT, false, PROCESS_STARTING, 1, 0, VERDICT_NONE, 1, 0},
	{"no wait, failed",
	    WAIT_NOT, false, PROCESS_FATAL, 1, 1, VERDICT_SPAWN_FAILED, 1, 0},
	{"no wait, nothing spawned",
	    WAIT_NOT, false, PROCESS_STOPPING, 3, 3, VERDICT_STOPPED, 0, 0},
	{"no wait, gone", WAIT_NOT, true, 0, 0, 0, 0, 1, 0},

	{"nothing spawned",
	    WAIT_START, false, PROCESS_STOPPING, 3, 3, VERDICT_RUNNING, 0, 40},
	{"nothing spawned ever",
	    WAIT_START, false, PROCESS_STOPPED, 0, 0, VERDICT_RUNNING, 0, 40},
	{"start, gone", WAIT_START, true, 0, 0, 0, 0, 4, 40},
	{"running", WAIT_START, false, PROCESS_RUNNING, 4, 4, VERDICT_RUNNING, 4, 0},
	{"running, then stopping",
	    WAIT_START, false, PROCESS_STOPPING, 4, 4, VERDICT_RUNNING, 4, 0},
	{"running, then exited",
	    WAIT_START, false, PROCESS_EXITED, 4, 4, VERDICT_RUNNING, 4, 0},
	{"running, then spawned again",
	    WAIT_START, false, PROCESS_STARTING, 5, 4, VERDICT_RUNNING, 4, 0},
	{"running, then unknown",
	    WAIT_START, false, PROCESS_UNKNOWN, 4, 4, VERDICT_RUNNING, 4, 0},
	{"exited early",
	    WAIT_START, false, PROCESS_BACKOFF, 4, 4, VERDICT_EXITED_EARLY, 4, 50},
	{"exited early, spawned again",
	    WAIT_START, false, PROCESS_STARTING, 5, 4, VERDICT_EXITED_EARLY, 4, 50},
	{"spawn failed",
	    WAIT_START, false, PROCESS_BACKOFF, 4, 4, VERDICT_SPAWN_FAILED, 4, 50},
	{"spawn failed for good",
	    WAIT_START, false, PROCESS_FATAL, 4, 4, VERDICT_SPAWN_FAILED, 4, 50},
	{"of a later master",
	    WAIT_START, false, PROCESS_RUNNING, 4, 4, VERDICT_UNKNOWN, 4, 40},
	{"stopped", WAIT_START, false, PROCESS_STOPPING, 4, 4, VERDICT_STOPPED, 4, 40},
	{"stopped by now",
	    WAIT_START, false, PROCESS_STOPPED, 4, 4, VERDICT_STOPPED, 4, 40},
	{"unknown", WAIT_START, false, PROCESS_UNKNOWN, 4, 3, VERDICT_RUNNING, 4, 40},
	{"overtaken", WAIT_START, false, PROCESS_STARTING, 5, 3, VERDICT_RUNNING, 4, 40},
	{"overtaken and judged",
	    WAIT_START, false, PROCESS_RUNNING, 5, 5, VERDICT_RUNNING, 4, 40},
	{"starting",
	    WAIT_START, false, PROCESS_STARTING, 4, 3, VERDICT_EXITED_EARLY, 4, PENDING},
	{"starting, first",
	    WAIT_START, false, PROCESS_STARTING, 1, 0, VERDICT_NONE, 1, PENDING},
	{"row from before the spawn",
	    WAIT_START, false, PROCESS_BACKOFF, 3, 3, VERDICT_EXITED_EARLY, 4, PENDING},
	{"number without verdict",
	    WAIT_START, false, PROCESS_STARTING, 4, 4, VERDICT_NONE, 4, PENDING},

	{"stop, gone", WAIT_STOP, true, 0, 0, 0, 0, 4, 0},
	{"stop, stopped", WAIT_STOP, false, PROCESS_STOPPED, 4, 4, VERDICT_RUNNING, 4, 0},
	{"stop, exited", WAIT_STOP, false, PROCESS_EXITED, 4, 4, VERDICT_RUNNING, 4, 0},
	{"stop, fatal", WAIT_STOP, false, PROCESS_FATAL, 4, 4, VERDICT_EXITED_EARLY, 4, 0},
	{"stop, unknown", WAIT_STOP, false, PROCESS_UNKNOWN, 4, 4, VERDICT_RUNNING, 4, 0},
	{"stop, started again",
	    WAIT_STOP, false, PROCESS_STARTING, 5, 4, VERDICT_RUNNING, 4, 0},
	{"stop, stopping",
	    WAIT_STOP, false, PROCESS_STOPPING, 4, 4, VERDICT_RUNNING, 4, PENDING},
	{"stop, last is no matter",
	    WAIT_STOP, false, PROCESS_STOPPING, 4, 4, VERDICT_STOPPED, 4, PENDING},
	{"stop, running",
	    WAIT_STOP, false, PROCESS_RUNNING, 4, 4, VERDICT_RUNNING, 4, PENDING},
	{"stop, starting",
	    WAIT_STOP, false, PROCESS_STARTING, 4, 3, VERDICT_NONE, 4, PENDING},
	{"stop, backoff",
	    WAIT_STOP, false, PROCESS_BACKOFF, 4, 4, VERDICT_EXITED_EARLY, 4, PENDING},
};

static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(table); i++) {
		struct process_info row = {
			.id = 1, .state = table[i].state, .spawn = table[i].row_spawn,
			.last_spawn = table[i].last_spawn, .verdict = table[i].verdict,
		};
		enum fault fault = FAULT_CANT_REREAD;
		bool ended = wait_decide(
		    table[i].kind, table[i].gone ? NULL : &row, table[i].spawn, &fault);
		int got = ended ? (int)fault : PENDING;

		if (got != table[i].want)
			fail_msg("%s: %d, not %d", table[i].what, got, table[i].want);
		if (!ended)
			assert_int_equal(fault, FAULT_NONE);
	}
}

/* Rows 1 to 9, and the results that the bulk has reported. */
struct world {
	struct process_info rows[10];
	bool there[10];
	struct bulk *bulk;
	char reported[1024];
};

static const struct process_info *
find_row(void *ctx, uint64_t id)
{
	struct world *w = ctx;

	return id < 10 && w->there[id] ? &w->rows[id] : NULL;
}

static void
report(void *ctx, const struct bulk_result *r)
{
	struct world *w = ctx;
	size_t n = strlen(w->reported);

	(void)snprintf(w->reported + n, sizeof(w->reported) - n, "[%s:%s %d %s]", r->group,
	    r->name, (int)r->fault, r->text);
}

static void
begin(struct world *w, enum wait_kind kind)
{
	*w = (struct world){ 0 };
	for (size_t id = 1; id < 10; id++) {
		w->there[id] = true;
		w->rows[id] = (struct process_info){
			.id = id, .spawn = 1, .state = PROCESS_STARTING
		};
	}
	w->bulk = bulk_new(kind, find_row, w, report, w);
}

static void
add(struct world *w, int id, const char *group, const char *name, int spawn)
{
	json_t *params = json_pack("{si, si, ss, ss, si}", "job", 1, "id", id, "group",
	    group, "name", name, "spawn", spawn);

	assert_int_equal(bulk_add(w->bulk, params), 0);
	json_decref(params);
}

static void
add_fault(struct world *w, int id, const char *group, const char *name, int code,
    const char *text)
{
	json_t *params = json_pack("{si, si, ss, ss, s{si, ss}}", "job", 1, "id", id,
	    "group", group, "name", name, "fault", "code", code, "text", text);

	assert_int_equal(bulk_add(w->bulk, params), 0);
	json_decref(params);
}

static void
become(struct world *w, uint64_t id, enum process_state s, uint64_t last, enum verdict v)
{
	w->rows[id].state = s;
	w->rows[id].last_spawn = last;
	w->rows[id].verdict = v;
	bulk_changed(w->bulk, id, &w->rows[id]);
}

static void
go(struct world *w, uint64_t id)
{
	w->there[id] = false;
	bulk_changed(w->bulk, id, NULL);
}

static void
expect_said(struct world *w, const char *want)
{
	assert_string_equal(w->reported, want);
	w->reported[0] = '\0';
}

static void
test_bulk_without_wait(void **state)
{
	struct world w;

	(void)state;
	begin(&w, WAIT_NOT);
	add(&w, 1, "g", "a", 1);
	add_fault(&w, 2, "g", "b", 50, "SPAWN_ERROR: g:b");
	add(&w, 3, "c", "c", 0);
	assert_false(bulk_done(w.bulk));
	bulk_ended(w.bulk);
	assert_true(bulk_done(w.bulk));
	expect_said(&w, "[g:a 0 OK][g:b 50 SPAWN_ERROR: g:b][c:c 0 OK]");
	bulk_free(w.bulk);
}

static void
test_bulk_order(void **state)
{
	struct world w;

	(void)state;
	begin(&w, WAIT_START);
	add(&w, 1, "g", "slow", 1);
	add(&w, 2, "g", "quick", 1);
	w.rows[3].state = PROCESS_RUNNING;
	w.rows[3].last_spawn = 1;
	w.rows[3].verdict = VERDICT_RUNNING;
	add(&w, 3, "g", "instant", 1);
	/* It has ended, but a later result of the job may come before it in the order. */
	become(&w, 2, PROCESS_RUNNING, 1, VERDICT_RUNNING);
	expect_said(&w, "[g:instant 0 OK]");
	add_fault(&w, 4, "g", "bad", 21, "NOT_EXECUTABLE: x");
	add(&w, 5, "p", "p", 1);
	expect_said(&w, "[g:bad 21 NOT_EXECUTABLE: x]");
	become(&w, 5, PROCESS_BACKOFF, 1, VERDICT_EXITED_EARLY);
	bulk_ended(w.bulk);
	expect_said(&w, "[g:quick 0 OK][p:p 50 SPAWN_ERROR: p]");
	assert_false(bulk_done(w.bulk));
	become(&w, 1, PROCESS_STARTING, 0, VERDICT_NONE);
	become(&w, 2, PROCESS_EXITED, 1, VERDICT_RUNNING);
	bulk_changed(w.bulk, 9, &w.rows[9]);
	expect_said(&w, "");
	become(&w, 1, PROCESS_STOPPING, 1, VERDICT_STOPPED);
	expect_said(&w, "[g:slow 40 ABNORMAL_TERMINATION: g:slow]");
	assert_true(bulk_done(w.bulk));
	bulk_free(w.bulk);
}

static void
test_bulk_stop(void **state)
{
	struct world w;

	(void)state;
	begin(&w, WAIT_STOP);
	w.rows[1].state = PROCESS_STOPPED;
	add(&w, 1, "g", "at-once", 1);
	w.rows[2].state = w.rows[3].state = PROCESS_STOPPING;
	add(&w, 2, "g", "b", 1);
	add(&w, 3, "g", "c", 1);
	add_fault(&w, 4, "g", "d", 30, "FAILED: no");
	bulk_ended(w.bulk);
	expect_said(&w, "[g:at-once 0 OK][g:d 30 FAILED: no]");
	go(&w, 3);
	become(&w, 2, PROCESS_STOPPED, 1, VERDICT_RUNNING);
	expect_said(&w, "[g:c 0 OK][g:b 0 OK]");
	assert_true(bulk_done(w.bulk));
	bulk_free(w.bulk);
}

static void
test_bulk_row_gone(void **state)
{
	struct world w;

	(void)state;
	begin(&w, WAIT_START);
	add(&w, 1, "g", "a", 1);
	bulk_ended(w.bulk);
	go(&w, 1);
	expect_said(&w, "[g:a 40 ABNORMAL_TERMINATION: g:a]");
	assert_true(bulk_done(w.bulk));
	bulk_free(w.bulk);
}

static void
test_bulk_empty_and_unfinished(void **state)
{
	struct world w;

	(void)state;
	begin(&w, WAIT_START);
	assert_false(bulk_done(w.bulk));
	bulk_ended(w.bulk);
	assert_true(bulk_done(w.bulk));
	bulk_free(w.bulk);
	begin(&w, WAIT_START);
	add(&w, 1, "g", "a", 1);
	add(&w, 2, "g", "b", 1);
	become(&w, 2, PROCESS_RUNNING, 1, VERDICT_RUNNING);
	bulk_free(w.bulk);
	bulk_free(NULL);
}

static const struct {
	enum wait_kind kind;
	const char *params;
} malformed[] = {
	{WAIT_NOT, "{}"},
	{WAIT_NOT, "{\"id\":1,\"group\":\"g\"}"},
	{WAIT_NOT, "{\"id\":\"1\",\"group\":\"g\",\"name\":\"p\"}"},
	{WAIT_NOT, "{\"id\":1,\"group\":2,\"name\":\"p\"}"},
	{WAIT_NOT, "{\"id\":1,\"group\":\"g\",\"name\":\"p\",\"fault\":1}"},
	{WAIT_NOT, "{\"id\":1,\"group\":\"g\",\"name\":\"p\",\"fault\":{\"code\":1}}"},
	{WAIT_NOT, "{\"id\":1,\"group\":\"g\",\"name\":\"p\","
	    "\"fault\":{\"code\":0,\"text\":\"\"}}"},
	{WAIT_NOT, "{\"id\":1,\"group\":\"g\",\"name\":\"p\","
	    "\"fault\":{\"code\":4294967346,\"text\":\"\"}}"},
	{WAIT_START, "{\"id\":1,\"group\":\"g\",\"name\":\"p\"}"},
	{WAIT_STOP, "{\"id\":1,\"group\":\"g\",\"name\":\"p\",\"spawn\":-1}"},
	{WAIT_STOP, "{\"id\":1,\"group\":\"g\",\"name\":\"p\",\"spawn\":\"1\"}"},
};

static void
test_bulk_malformed(void **state)
{
	struct world w;

	(void)state;
	for (size_t i = 0; i < nitems(malformed); i++) {
		json_t *params = json_loads(malformed[i].params, 0, NULL);

		assert_non_null(params);
		begin(&w, malformed[i].kind);
		if (bulk_add(w.bulk, params) != -1)
			fail_msg("accepted %s", malformed[i].params);
		expect_said(&w, "");
		bulk_free(w.bulk);
		json_decref(params);
	}
}

static void
test_bulk_twice(void **state)
{
	json_t *params =
	    json_pack("{si, ss, ss, si}", "id", 1, "group", "g", "name", "p", "spawn", 1);
	struct world w;

	(void)state;
	begin(&w, WAIT_START);
	assert_int_equal(bulk_add(w.bulk, params), 0);
	assert_int_equal(bulk_add(w.bulk, params), -1);
	bulk_ended(w.bulk);
	w.there[1] = false;
	assert_int_equal(bulk_add(w.bulk, params), -1);
	bulk_free(w.bulk);
	json_decref(params);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_bulk_without_wait),
		cmocka_unit_test(test_bulk_order),
		cmocka_unit_test(test_bulk_stop),
		cmocka_unit_test(test_bulk_row_gone),
		cmocka_unit_test(test_bulk_empty_and_unfinished),
		cmocka_unit_test(test_bulk_malformed),
		cmocka_unit_test(test_bulk_twice),
	};

	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
