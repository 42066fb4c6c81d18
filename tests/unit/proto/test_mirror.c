#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/mirror.h"

/* The observer's calls: "+3" for a row that changed, "-3" for one that was removed. */
struct heard {
	struct mirror *mirror;
	struct mirror_observer observer;
	char text[1024];
};

static void
hear(void *ctx, uint64_t id, const struct process_info *info)
{
	struct heard *h = ctx;
	size_t n = strlen(h->text);

	(void)snprintf(h->text + n, sizeof(h->text) - n, "%c%llu ",
	    info != NULL ? '+' : '-', (unsigned long long)id);
	assert_true(mirror_by_id(h->mirror, id) == info);
	if (info != NULL)
		assert_int_equal(info->id, id);
}

static void
expect_heard(struct heard *h, const char *want)
{
	assert_string_equal(h->text, want);
	h->text[0] = '\0';
}

static json_t *
row_of(uint64_t id, const char *group, const char *name)
{
	return json_pack("{sI, ss, ss, ss, si, si, ss, si, si, si, si, ss, ss, ss, ss, sb}",
	    "id", (json_int_t)id, "group", group, "name", name, "state", "STOPPED", "spawn",
	    0, "last_spawn", 0, "verdict", "none", "pid", 0, "start", 0, "stop", 0,
	    "exitstatus", 0, "spawnerr", "", "stopped_at", "Not started", "stdout_logfile",
	    "", "stderr_logfile", "", "fed_by_pipe", 1);
}

/* Applies params (taken) and expects the outcome. */
static void
apply(struct mirror *m, const char *method, json_t *params, int want)
{
	assert_non_null(params);
	assert_int_equal(mirror_apply(m, method, params), want);
	json_decref(params);
}

static void
apply_seq(struct mirror *m, const char *method, uint64_t seq, int want)
{
	apply(m, method, json_pack("{sI}", "seq", (json_int_t)seq), want);
}

static void
apply_row(struct mirror *m, uint64_t seq, uint64_t id, const char *group, const char *name)
{
	apply(m, "stream.process",
	    json_pack(
		"{sI, so}", "seq", (json_int_t)seq, "process", row_of(id, group, name)),
	    1);
}

static void
apply_removed(struct mirror *m, uint64_t seq, uint64_t id)
{
	apply(m, "stream.removed",
	    json_pack("{sI, sI}", "seq", (json_int_t)seq, "id", (json_int_t)id), 1);
}

static json_t *
daemon_params(uint64_t seq, int state)
{
	return json_pack("{sI, s{si, ss, si, ss, ss, sb}}", "seq", (json_int_t)seq,
	    "daemon", "state", state, "fatal_reason", "", "pid", 9, "identifier", "sup",
	    "logfile", "/l", "has_main_interface", 1);
}

/* "1=g:p 2=…" in sorted order. */
static void
expect_rows(const struct mirror *m, const char *want)
{
	const struct process_info *const *rows = m->rows;
	char text[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < m->count; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%llu=%s:%s",
		    i > 0 ? " " : "", (unsigned long long)rows[i]->id, rows[i]->group,
		    rows[i]->name);
		assert_true(mirror_by_id(m, rows[i]->id) == rows[i]);
	}
	assert_string_equal(text, want);
}

static struct mirror *
observed(struct heard *h)
{
	struct mirror *m = mirror_new();

	assert_non_null(m);
	*h = (struct heard){ .mirror = m, .observer = { .row = hear, .ctx = h } };
	mirror_observe(m, &h->observer);
	return m;
}

/* A number without a row, in a snapshot and after it. */
static void
test_reached(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply_seq(m, "stream.reached", 39, -1);
	apply_seq(m, "stream.begin", 40, 1);
	apply_seq(m, "stream.reached", 300, 1);
	assert_int_equal(m->reached, 0);
	apply_row(m, 301, 1, "app", "a");
	apply_seq(m, "stream.end", 302, 1);
	apply_seq(m, "stream.reached", 310, 1);
	assert_int_equal(m->reached, 310);
	apply_seq(m, "stream.reached", 309, -1);
	expect_rows(m, "1=app:a");
	mirror_free(m);
}

static void
test_first_snapshot(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	assert_false(m->ready);
	assert_int_equal(m->reached, 0);
	assert_int_equal(m->daemon.state, DAEMON_RUNNING);
	assert_string_equal(m->daemon.identifier, "");
	expect_rows(m, "");
	apply_seq(m, "stream.begin", 40, 1);
	apply(m, "stream.daemon", daemon_params(41, 2), 1);
	apply_row(m, 45, 3, "web", "web");
	apply_row(m, 43, 1, "app", "b");
	assert_false(m->ready);
	assert_int_equal(m->reached, 0);
	apply_row(m, 44, 2, "app", "a");
	apply_seq(m, "stream.end", 46, 1);
	assert_true(m->ready);
	assert_int_equal(m->reached, 46);
	assert_int_equal(m->daemon.state, DAEMON_FATAL);
	assert_string_equal(m->daemon.identifier, "sup");
	expect_rows(m, "2=app:a 1=app:b 3=web:web");
	expect_heard(&h, "+3 +1 +2 ");
	mirror_free(m);
}

static void
test_deltas(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply_seq(m, "stream.begin", 0, 1);
	apply_seq(m, "stream.end", 0, 1);
	assert_true(m->ready);
	apply_row(m, 1, 1, "g", "p");
	assert_int_equal(m->reached, 1);
	apply_row(m, 5, 1, "g", "p");
	assert_int_equal(m->reached, 5);
	apply(m, "stream.daemon", daemon_params(6, -1), 1);
	assert_int_equal(m->daemon.state, DAEMON_SHUTDOWN);
	apply(m, "stream.daemon", daemon_params(7, 0), 1);
	assert_int_equal(m->daemon.state, DAEMON_RESTARTING);
	assert_int_equal(m->reached, 7);
	apply_removed(m, 8, 1);
	apply_removed(m, 9, 55);
	assert_int_equal(m->reached, 9);
	assert_null(mirror_by_id(m, 1));
	expect_rows(m, "");
	expect_heard(&h, "+1 +1 -1 ");
	mirror_free(m);
}

static void
test_later_snapshot(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply_seq(m, "stream.begin", 0, 1);
	for (uint64_t id = 1; id <= 4; id++)
		apply_row(m, id, id, "g", (const char *[]){ "a", "b", "c", "d" }[id - 1]);
	apply_seq(m, "stream.end", 4, 1);
	h.text[0] = '\0';
	apply_seq(m, "stream.begin", 9, 1);
	assert_false(m->ready);
	apply_row(m, 2, 2, "g", "b");
	assert_int_equal(m->reached, 4);
	apply_row(m, 8, 5, "g", "aa");
	apply_removed(m, 9, 4);
	assert_non_null(mirror_by_id(m, 1));
	expect_heard(&h, "+2 +5 -4 ");
	apply_seq(m, "stream.end", 9, 1);
	expect_rows(m, "5=g:aa 2=g:b");
	expect_heard(&h, "-1 -3 ");
	assert_int_equal(m->reached, 9);
	assert_true(m->ready);
	mirror_free(m);
}

/* One frame holds many rows of a snapshot, as arrays. */
static void
test_rows(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);
	const struct process_info *row;

	(void)state;
	apply_seq(m, "stream.begin", 0, 1);
	apply(m, "stream.rows",
	    json_pack("{si, s[[isssi], [isssiiiis]]}", "seq", 4, "rows", 1, "g", "b",
		"STOPPED", 0, 2, "g", "a", "RUNNING", 3, 77, 1700000000, 3, "running"),
	    1);
	apply(m, "stream.rows", json_pack("{si, s[]}", "seq", 5, "rows"), 1);
	apply_seq(m, "stream.end", 5, 1);
	expect_rows(m, "2=g:a 1=g:b");
	expect_heard(&h, "+1 +2 ");
	row = mirror_by_id(m, 2);
	assert_int_equal(row->pid, 77);
	assert_int_equal(row->verdict, VERDICT_RUNNING);
	assert_int_equal(m->reached, 5);
	mirror_free(m);
}

/* A second stream.begin discards the rows that only the unfinished snapshot had. */
static void
test_snapshot_begun_twice(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply_seq(m, "stream.begin", 1, 1);
	apply_row(m, 1, 1, "g", "a");
	apply_seq(m, "stream.begin", 1, 1);
	apply_row(m, 1, 2, "g", "b");
	apply_seq(m, "stream.end", 2, 1);
	expect_rows(m, "2=g:b");
	mirror_free(m);
}

static void
test_find(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply_seq(m, "stream.begin", 0, 1);
	apply_row(m, 0, 1, "g", "p");
	apply_row(m, 0, 2, "g", "p1");
	apply_row(m, 0, 3, "gg", "p");
	apply_row(m, 0, 4, "", "empty");
	apply_row(m, 0, 5, "\xc3\xa9", "x");
	apply_row(m, 0, 6, "z", "x");
	apply_seq(m, "stream.end", 0, 1);
	assert_int_equal(mirror_find(m, "g", "p")->id, 1);
	assert_int_equal(mirror_find(m, "g", "p1")->id, 2);
	assert_int_equal(mirror_find(m, "gg", "p")->id, 3);
	assert_int_equal(mirror_find(m, "", "empty")->id, 4);
	assert_null(mirror_find(m, "g", ""));
	assert_null(mirror_find(m, "g", "p2"));
	assert_null(mirror_find(m, "g", "o"));
	assert_null(mirror_find(m, "zz", "x"));
	assert_null(mirror_find(m, "p", "g"));
	expect_rows(m, "4=:empty 1=g:p 2=g:p1 3=gg:p 6=z:x 5=\xc3\xa9:x");
	mirror_free(m);
}

/* A process that is removed and added again has a new id; both rows exist for a moment. */
static void
test_same_name(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply_seq(m, "stream.begin", 0, 1);
	apply_row(m, 0, 1, "g", "p");
	apply_seq(m, "stream.end", 0, 1);
	apply_row(m, 1, 9, "g", "p");
	assert_int_equal(mirror_find(m, "g", "p")->id, 9);
	apply_removed(m, 2, 1);
	assert_int_equal(mirror_find(m, "g", "p")->id, 9);
	expect_rows(m, "9=g:p");
	apply_row(m, 3, 9, "a", "renamed");
	assert_null(mirror_find(m, "g", "p"));
	expect_rows(m, "9=a:renamed");
	mirror_free(m);
}

/* An observer that reads on: it applies the removal of each row that it hears of. */
static void
remove_heard(void *ctx, uint64_t id, const struct process_info *info)
{
	if (info != NULL)
		apply_removed(ctx, 0, id);
}

static void
hear_daemon(void *ctx)
{
	struct heard *h = ctx;
	size_t n = strlen(h->text);

	(void)snprintf(h->text + n, sizeof(h->text) - n, "d%d ", h->mirror->daemon.state);
}

/* Each observer hears of every change, and no row that another one has removed. */
static void
test_observers(void **state)
{
	struct heard first, second;
	struct mirror *m = observed(&first);
	struct mirror_observer remover = { .row = remove_heard, .ctx = m };

	(void)state;
	mirror_unobserve(m, &first.observer);
	mirror_observe(m, &remover);
	second = first;
	first.observer.daemon = hear_daemon;
	mirror_observe(m, &first.observer);
	second.observer.ctx = &second;
	mirror_observe(m, &second.observer);
	apply_seq(m, "stream.begin", 0, 1);
	apply_row(m, 0, 1, "g", "a");
	expect_rows(m, "");
	apply(m, "stream.daemon", daemon_params(0, 0), 1);
	assert_string_equal(first.text, "-1 -1 d0 ");
	assert_string_equal(second.text, "-1 -1 ");
	mirror_free(m);
}

/* Adds many rows in shuffled order, then removes half of them. */
static void
test_many(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);
	const struct process_info *const *rows;
	char name[16];

	(void)state;
	mirror_unobserve(m, &h.observer);
	apply_seq(m, "stream.begin", 0, 1);
	for (uint64_t i = 0; i < 509; i++) {
		(void)snprintf(name, sizeof(name), "p%03u", (unsigned)(i * 211 % 509));
		apply_row(m, 0, i + 1, "g", name);
	}
	apply_seq(m, "stream.end", 0, 1);
	for (uint64_t i = 0; i < 509; i += 2)
		apply_removed(m, i + 1, i + 1);
	rows = m->rows;
	assert_int_equal(m->count, 254);
	for (size_t i = 0; i < m->count; i++) {
		assert_int_equal(rows[i]->id % 2, 0);
		assert_true(i == 0 || strcmp(rows[i - 1]->name, rows[i]->name) < 0);
		assert_true(mirror_find(m, "g", rows[i]->name) == rows[i]);
	}
	mirror_free(m);
}

static const struct {
	const char *method, *params;
	int want;
} breaches[] = {
	{"job.end", "{\"job\":1}", 0},
	{"log.rotated", "{}", 0},
	{"stream", "{}", 0},
	{"stream.", "{}", 0},
	{"stream.begin", "{}", -1},
	{"stream.begin", "{\"seq\":\"1\"}", -1},
	{"stream.begin", "{\"seq\":-1}", -1},
	{"stream.begin", "{\"seq\":4}", -1},
	{"stream.end", "{\"seq\":5}", -1},
	{"stream.daemon", "{\"seq\":6}", -1},
	{"stream.daemon", "{\"seq\":6,\"daemon\":[]}", -1},
	{"stream.daemon", "{\"seq\":6,\"daemon\":{}}", -1},
	{"stream.process", "{\"seq\":6}", -1},
	{"stream.process", "{\"seq\":6,\"process\":{\"id\":1}}", -1},
	{"stream.rows", "{\"seq\":6}", -1},
	{"stream.rows", "{\"seq\":6,\"rows\":{}}", -1},
	{"stream.rows", "{\"seq\":6,\"rows\":[7]}", -1},
	{"stream.rows", "{\"seq\":6,\"rows\":[[1,\"g\",\"p\",\"STOPPED\"]]}", -1},
	{"stream.rows", "{\"seq\":4,\"rows\":[]}", -1},
	{"stream.removed", "{\"seq\":6}", -1},
	{"stream.removed", "{\"seq\":6,\"id\":\"1\"}", -1},
	{"stream.removed", "{\"seq\":6,\"id\":0}", -1},
	{"stream.removed", "{\"seq\":4,\"id\":1}", -1},
};

static void
test_breaches(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply_seq(m, "stream.begin", 0, 1);
	apply_row(m, 5, 1, "g", "p");
	apply_seq(m, "stream.end", 5, 1);
	h.text[0] = '\0';
	for (size_t i = 0; i < nitems(breaches); i++) {
		json_t *params = json_loads(breaches[i].params, 0, NULL);

		if (mirror_apply(m, breaches[i].method, params) != breaches[i].want)
			fail_msg("%s %s", breaches[i].method, breaches[i].params);
		json_decref(params);
		assert_int_equal(m->reached, 5);
		assert_true(m->ready);
	}
	expect_rows(m, "1=g:p");
	expect_heard(&h, "");
	assert_int_equal(mirror_apply(m, "stream.end", NULL), -1);
	mirror_free(m);
}

static void
test_stream_before_snapshot(void **state)
{
	struct heard h;
	struct mirror *m = observed(&h);

	(void)state;
	apply(m, "stream.process",
	    json_pack("{si, so}", "seq", 1, "process", row_of(1, "g", "p")), -1);
	apply(m, "stream.daemon", daemon_params(1, 1), -1);
	apply(m, "stream.removed", json_pack("{si, si}", "seq", 1, "id", 1), -1);
	apply_seq(m, "stream.end", 1, -1);
	assert_false(m->ready);
	apply_seq(m, "stream.begin", 7, 1);
	apply_seq(m, "stream.end", 7, 1);
	apply_seq(m, "stream.begin", 8, 1);
	apply_seq(m, "stream.end", 6, -1);
	mirror_free(m);
}

/* Reads the last release's rows, in frames as that release sent them. */
static void
test_recorded(void **state)
{
	FILE *file = fopen("tests/data/row/recorded", "r");
	struct heard h;
	struct mirror *m = observed(&h);
	char line[1024];

	(void)state;
	assert_non_null(file);
	apply_seq(m, "stream.begin", 1, 1);
	while (fgets(line, sizeof(line), file) != NULL) {
		json_t *row = json_loads(line, 0, NULL);

		if (json_is_array(row))
			apply(m, "stream.rows",
			    json_pack("{si s[o]}", "seq", 1, "rows", row), 1);
		else
			apply(m, "stream.process",
			    json_pack("{si so}", "seq", 1, "process", row), 1);
	}
	assert_int_equal(fclose(file), 0);
	apply_seq(m, "stream.end", 2, 1);
	expect_rows(m, "1=g:p 2=g:web_01 9007199254740993=web_01:web_01");
	assert_true(mirror_by_id(m, 2)->ready);
	assert_int_equal(mirror_by_id(m, 2)->restarts, 0);
	mirror_free(m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_snapshot),
		cmocka_unit_test(test_reached),
		cmocka_unit_test(test_deltas),
		cmocka_unit_test(test_later_snapshot),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_snapshot_begun_twice),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_same_name),
		cmocka_unit_test(test_observers),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_breaches),
		cmocka_unit_test(test_stream_before_snapshot),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests_name("mirror", tests, NULL, NULL);
}
