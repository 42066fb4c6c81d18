#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "proto/frame.h"
#include "proto/row.h"

/* A new member must be added to the comparison and the sample below. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct process_info) == 168,
    "process_info has changed: compare its new member");

#define COLUMNS 27
#define RECORDED_COLUMNS 19 /* of the release whose rows tests/data/row/recorded has */
#define REQUIRED 5

static char text_group[] = "g", text_name[] = "p", text_empty[] = "";
static char text_failure[] = "cannot execute '/x': Exec format error";
static char text_waiting[] = "db (ready)";
static char text_error[] = "can't find command '/x'", text_date[] = "Nov 22 04:12 PM";
static char text_out[] = "/tmp/out \xc3\xa9", text_err[] = "/tmp/err";

static const struct process_info sample = {
	.id = 9007199254740993, .spawn = 7, .last_spawn = 6,
	.verdict = VERDICT_EXITED_EARLY,
	.group = text_group, .name = text_name, .state = PROCESS_BACKOFF, .pid = INT_MAX,
	.start = 5000000000, .stop = 4999999999, .exitstatus = -1, .spawnerr = text_error,
	.stopped_at = text_date, .stdout_logfile = text_out, .stderr_logfile = text_err,
	.fed_by_pipe = false, .last_status = -1, .last_signal = 10, .failure = text_failure,
	.ready = true, .health = HEALTH_UNHEALTHY, .waiting_for = text_waiting,
	.next_start = 5000000001, .restarts = 8, .paused = true,
	.autostart = false, .last_reason = REASON_OUT_OF_MEMORY,
};
static const struct process_info fresh = {
	.id = 1, .group = text_group, .name = text_name, .spawnerr = text_empty,
	.stopped_at = text_empty, .stdout_logfile = text_empty,
	.stderr_logfile = text_empty, .fed_by_pipe = true, .failure = text_empty,
	.waiting_for = text_empty, .autostart = true,
};
static const enum row_form forms[] = { ROW_MEMBERS, ROW_WHOLE, ROW_VALUES };

/* New. */
static json_t *
written(const struct process_info *info, enum row_form form)
{
	struct buf text;
	json_t *json;

	buf_init(&text, 0);
	assert_int_equal(row_write(&text, info, form), 0);
	json = json_loadb(buf_data(&text), buf_len(&text), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	buf_clear(&text);
	return json;
}

static void
assert_both_ways(const struct process_info *info, enum row_form form)
{
	json_t *json = written(info, form);
	struct process_info got;

	assert_int_equal(row_read(json, &got), 0);
	json_decref(json);
	assert_int_equal(got.id, info->id);
	assert_int_equal(got.spawn, info->spawn);
	assert_int_equal(got.last_spawn, info->last_spawn);
	assert_int_equal(got.verdict, info->verdict);
	assert_string_equal(got.group, info->group);
	assert_string_equal(got.name, info->name);
	assert_int_equal(got.state, info->state);
	assert_int_equal(got.pid, info->pid);
	assert_int_equal(got.start, info->start);
	assert_int_equal(got.stop, info->stop);
	assert_int_equal(got.exitstatus, info->exitstatus);
	assert_string_equal(got.spawnerr, info->spawnerr);
	assert_string_equal(got.stopped_at, info->stopped_at);
	assert_string_equal(got.stdout_logfile, info->stdout_logfile);
	assert_string_equal(got.stderr_logfile, info->stderr_logfile);
	assert_int_equal(got.fed_by_pipe, info->fed_by_pipe);
	assert_int_equal(got.last_status, info->last_status);
	assert_int_equal(got.last_signal, info->last_signal);
	assert_string_equal(got.failure, info->failure);
	assert_int_equal(got.ready, info->ready);
	assert_int_equal(got.health, info->health);
	assert_string_equal(got.waiting_for, info->waiting_for);
	assert_int_equal(got.next_start, info->next_start);
	assert_int_equal(got.restarts, info->restarts);
	assert_int_equal(got.paused, info->paused);
	assert_int_equal(got.autostart, info->autostart);
	assert_int_equal(got.last_reason, info->last_reason);
	process_info_clear(&got);
	assert_null(got.group);
}

static void
test_both_ways(void **state)
{
	(void)state;
	for (size_t f = 0; f < nitems(forms); f++) {
		assert_both_ways(&sample, forms[f]);
		assert_both_ways(&fresh, forms[f]);
	}
}

static void
test_all_words(void **state)
{
	static const enum process_state states[] = {PROCESS_STOPPED, PROCESS_STARTING,
	    PROCESS_RUNNING, PROCESS_BACKOFF, PROCESS_STOPPING, PROCESS_EXITED,
	    PROCESS_FATAL, PROCESS_UNKNOWN};

	(void)state;
	for (size_t i = 0; i < nitems(states); i++) {
		for (int v = VERDICT_NONE; v <= VERDICT_UNKNOWN; v++) {
			struct process_info info = sample;

			info.state = states[i];
			info.verdict = (enum verdict)v;
			info.health = (enum health)(v % (HEALTH_UNKNOWN + 1));
			assert_both_ways(&info, forms[(i + (size_t)v) % nitems(forms)]);
			info.ready = false;
			assert_both_ways(&info, forms[(i + (size_t)v) % nitems(forms)]);
		}
	}
}

/* The size of a row in each form. */
static void
assert_sizes(const struct process_info *info, size_t members, size_t values)
{
	json_t *part = written(info, ROW_MEMBERS), *whole = written(info, ROW_WHOLE);
	json_t *array = written(info, ROW_VALUES);

	assert_int_equal(json_object_size(part), members);
	assert_int_equal(json_object_size(whole), COLUMNS);
	assert_int_equal(json_array_size(array), values);
	json_decref(part);
	json_decref(whole);
	json_decref(array);
}

static void
test_left_out(void **state)
{
	struct process_info info = fresh;

	(void)state;
	assert_sizes(&sample, COLUMNS, COLUMNS);
	assert_sizes(&fresh, REQUIRED, REQUIRED);
	info.pid = 1;
	assert_sizes(&info, REQUIRED + 1, REQUIRED + 1);
	info.spawnerr = text_error; /* not the last: those before it must stand */
	assert_sizes(&info, REQUIRED + 2, RECORDED_COLUMNS - 4);
	info.state = PROCESS_RUNNING; /* so it is ready, unless the row says no */
	assert_sizes(&info, REQUIRED + 3, RECORDED_COLUMNS + 1);
	info.ready = true;
	assert_sizes(&info, REQUIRED + 2, RECORDED_COLUMNS - 4);
}

/* The manual's examples: the order of the columns and a program that runs. */
static void
test_text(void **state)
{
	struct process_info info = fresh;
	struct buf out;

	(void)state;
	info.spawn = info.last_spawn = 2;
	info.verdict = VERDICT_RUNNING;
	info.state = PROCESS_RUNNING;
	info.ready = true;
	info.pid = 77;
	info.start = 1700000000;
	buf_init(&out, 0);
	assert_int_equal(row_write(&out, &info, ROW_VALUES), 0);
	assert_int_equal(row_write(&out, &info, ROW_MEMBERS), 0);
	assert_int_equal(buf_putc(&out, '\0'), 0);
	assert_string_equal(buf_data(&out),
	    "[1,\"g\",\"p\",20,2,77,1700000000,2,1]"
	    "{\"id\":1,\"group\":\"g\",\"name\":\"p\",\"state\":\"RUNNING\",\"spawn\":2,"
	    "\"pid\":77,\"start\":1700000000,\"last_spawn\":2,\"verdict\":\"running\"}");
	buf_clear(&out);
}

/* Every UTF-8 text arrives unchanged; a text that is not UTF-8 is refused. */
static void
test_texts(void **state)
{
	static const char *const texts[] = {
		"a\"b\\c/d", "tab\tnewline\nend\x01",
		"\xc3\xbc\xe4\xb8\xad\xf0\x9f\x98\x80", "\x7f", " ",
	};
	struct process_info info = sample;
	struct buf out;

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		char *text = xstrdup(texts[i]);

		info.name = info.spawnerr = text;
		assert_both_ways(&info, forms[i % nitems(forms)]);
		free(text);
	}
	info.name = text_name;
	info.spawnerr = (char[]){ "\xff" };
	for (size_t f = 0; f < nitems(forms); f++) {
		buf_init(&out, 0);
		assert_int_equal(buf_puts(&out, "before"), 0);
		assert_int_equal(row_write(&out, &info, forms[f]), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(buf_len(&out), 6);
		buf_clear(&out);
	}
}

/* A row can be written once invalid UTF-8 is replaced; valid texts do not change. */
static void
test_not_utf8(void **state)
{
	struct process_info info = {
		.id = 1, .group = xstrdup("g\xfc"), .name = xstrdup("\xc3\xbc"),
		.spawnerr = xstrdup("\xff"), .stopped_at = xstrdup("x\xe9y"),
		.stdout_logfile = xstrdup("/\xc3"), .stderr_logfile = xstrdup("/\x80"),
		.failure = xstrdup("\xfe"), .waiting_for = xstrdup("\xfd"),
	};
	const char *name = info.name;

	(void)state;
	assert_int_equal(process_info_to_utf8(&info), 1);
	assert_string_equal(info.group, "g\xef\xbf\xbd");
	assert_ptr_equal(info.name, name);
	assert_string_equal(info.stopped_at, "x\xef\xbf\xbdy");
	for (size_t f = 0; f < nitems(forms); f++)
		assert_both_ways(&info, forms[f]);
	assert_int_equal(process_info_to_utf8(&info), 0);
	process_info_clear(&info);
}

/* A row with all texts over the limit fits a frame, because the texts are cut. */
static void
test_long_texts(void **state)
{
	char *text = xcalloc(1, STATE_TEXT_MAX + 3);
	struct process_info info = sample, got;
	char **texts[PROCESS_INFO_TEXTS];
	struct buf out;
	json_t *row;

	(void)state;
	process_info_texts(&info, texts);
	for (size_t i = 0; i < nitems(texts); i++)
		*texts[i] = text;
	for (size_t i = 0; i < 2; i++) {
		(void)memset(text, "\1a"[i], STATE_TEXT_MAX);
		memcpy(text + STATE_TEXT_MAX - 1, "\xc3\xa9x", 4);
		buf_init(&out, 0);
		assert_int_equal(row_write(&out, &info, ROW_WHOLE), 0);
		assert_true(buf_len(&out) < FRAME_MAX - 1024);
		buf_clear(&out);
		row = written(&info, ROW_VALUES);
		assert_int_equal(row_read(row, &got), 0);
		json_decref(row);
		assert_int_equal(strlen(got.name), STATE_TEXT_MAX - 1);
		assert_string_equal(got.spawnerr, got.name);
		process_info_clear(&got);
	}
	(void)memset(text, 'a', STATE_TEXT_MAX + 2);
	row = written(&info, ROW_VALUES);
	assert_int_equal(json_string_length(json_array_get(row, 2)), STATE_TEXT_MAX);
	json_decref(row);
	free(text);
}

static bool
accepts(const json_t *json)
{
	struct process_info info;
	int r = row_read(json, &info);

	process_info_clear(&info);
	return r == 0;
}

/* Only optional members may be missing; a member of another type is refused. */
static void
test_members(void **state)
{
	static const char *const required[] = { "id", "group", "name", "state", "spawn" };
	json_t *whole = written(&sample, ROW_WHOLE), *value;
	const char *key;

	(void)state;
	json_object_foreach(whole, key, value) {
		json_t *copy = json_copy(whole);
		bool may_lack = true;

		for (size_t i = 0; i < nitems(required); i++)
			may_lack = may_lack && strcmp(required[i], key) != 0;
		assert_int_equal(json_object_del(copy, key), 0);
		if (accepts(copy) != may_lack)
			fail_msg("without %s", key);
		(void)json_object_set_new(copy, key, json_array());
		if (accepts(copy))
			fail_msg("accepted with an array as %s", key);
		json_decref(copy);
	}
	(void)json_object_set_new(whole, "later", json_integer(1));
	assert_true(accepts(whole));
	json_decref(whole);
	assert_false(accepts(NULL));
}

static void
test_values(void **state)
{
	json_t *whole = written(&sample, ROW_VALUES);

	(void)state;
	assert_int_equal(json_array_append_new(whole, json_string("later")), 0);
	assert_true(accepts(whole));
	for (size_t i = 0; i < COLUMNS; i++) {
		json_t *copy = json_copy(whole);

		assert_int_equal(json_array_set_new(copy, i, json_null()), 0);
		if (accepts(copy))
			fail_msg("accepted with null as value %zu", i);
		json_decref(copy);
	}
	for (size_t n = COLUMNS; n > 0; n--) {
		assert_int_equal(json_array_remove(whole, n), 0);
		assert_int_equal(accepts(whole), n >= REQUIRED);
	}
	json_decref(whole);
}

static const struct {
	const char *key, *value;
} wrong[] = {
	{"id", "0"}, {"id", "-1"}, {"spawn", "-1"}, {"pid", "-1"}, {"pid", "2147483648"},
	{"exitstatus", "2147483648"}, {"state", "true"}, {"state", "20.0"},
	{"last_spawn", "-1"}, {"verdict", "{}"}, {"verdict", "1.0"}, {"fed_by_pipe", "1"},
	{"last_status", "-2"}, {"last_status", "true"}, {"last_signal", "-1"},
	{"ready", "1"}, {"health", "{}"}, {"waiting_for", "[]"}, {"next_start", "-1"},
	{"restarts", "-1"}, {"paused", "null"},
};

static void
test_wrong_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(wrong); i++) {
		json_t *json = written(&sample, ROW_WHOLE);

		(void)json_object_set_new(
		    json, wrong[i].key, json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
		if (accepts(json))
			fail_msg("accepted %s as %s", wrong[i].value, wrong[i].key);
		json_decref(json);
	}
}

/* Words and codes of a later master are read as UNKNOWN. */
static void
test_unknown_codes(void **state)
{
	static const char *const texts[] = {
		"\"RUNNNING\"", "\"\"", "21", "-1", "5", "4294967316", "-4294967276",
	};

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		for (size_t f = 0; f < nitems(forms); f++) {
			json_t *row = written(&sample, forms[f]);
			json_t *code = json_loads(texts[i], JSON_DECODE_ANY, NULL);
			struct process_info got;

			if (json_is_object(row)) {
				(void)json_object_set(row, "state", code);
				(void)json_object_set(row, "verdict", code);
				(void)json_object_set(row, "health", code);
			} else {
				(void)json_array_set(row, 3, code);
				(void)json_array_set(row, 8, code);
				(void)json_array_set(row, 20, code);
			}
			assert_int_equal(row_read(row, &got), 0);
			assert_int_equal(got.state, PROCESS_UNKNOWN);
			assert_int_equal(got.verdict, VERDICT_UNKNOWN);
			assert_int_equal(got.health, HEALTH_UNKNOWN);
			assert_string_equal(got.spawnerr, sample.spawnerr);
			process_info_clear(&got);
			json_decref(row);
			json_decref(code);
		}
	}
}

/* A reader of the last release finds its members and columns unchanged: new ones come after
 * them. */
static void
assert_old_reader(const json_t *row, const json_t *recorded)
{
	json_t *unconst = (json_t *)(uintptr_t)recorded, *value; /* only read */
	const char *key;
	size_t i;

	assert_true(json_array_size(row) >= json_array_size(recorded));
	json_array_foreach(unconst, i, value)
		assert_true(json_equal(json_array_get(row, i), value));
	json_object_foreach(unconst, key, value)
		if (!json_equal(json_object_get(row, key), value))
			fail_msg("%s has changed", key);
}

/* Rows of the last release, each in all forms, can be read. Newer members then have their
 * neutral values, and writing the row gives the recorded text. */
static void
test_recorded(void **state)
{
	FILE *file = fopen("tests/data/row/recorded", "r");
	char line[1024];
	size_t lines = 0;

	(void)state;
	assert_non_null(file);
	for (; fgets(line, sizeof(line), file) != NULL; lines++) {
		json_t *recorded = json_loads(line, 0, NULL), *row;
		struct process_info info;

		assert_int_equal(row_read(recorded, &info), 0);
		assert_int_equal(info.ready, info.state == PROCESS_RUNNING);
		assert_int_equal(info.health, HEALTH_NONE);
		assert_string_equal(info.waiting_for, "");
		assert_int_equal(info.next_start, 0);
		assert_int_equal(info.restarts, 0);
		assert_false(info.paused);
		row = written(&info, forms[lines % nitems(forms)]);
		assert_old_reader(row, recorded);
		if (lines % nitems(forms) != 1) /* not ROW_WHOLE, which has new members */
			assert_true(json_equal(row, recorded));
		json_decref(row);
		info.ready = !info.ready;
		info.health = HEALTH_STARTING;
		info.next_start = info.restarts = 1;
		info.paused = true;
		row = written(&info, forms[lines % nitems(forms)]);
		assert_old_reader(row, recorded);
		json_decref(row);
		json_decref(recorded);
		process_info_clear(&info);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(lines, 3 * nitems(forms));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_all_words),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_not_utf8),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_unknown_codes),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
