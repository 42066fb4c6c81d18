#include "proto/row.h"

#include "common/fail.h"
#include "common/str.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct column;

/* How the values of a column are read and written. */
struct kind {
	/* -1: the JSON is not such a value. Texts are borrowed from the JSON. */
	int (*read)(const struct column *, const json_t *, void *field);
	int (*write)(const struct column *, struct buf *, const void *field);
	/* Whether a row may leave out the value. */
	bool (*is_usual)(const struct column *, const void *field);
	const struct state_word *words; /* of a column of words, which ROW_VALUES has as
					 * codes; else NULL */
};

struct column {
	const char *key;
	const struct kind *kind;
	size_t offset, size; /* in struct process_info */
	int64_t least;       /* of a number */
	bool usual;          /* of a flag */
	bool required;
};

/* ---- numbers ---- */

static int64_t
row_number(const struct column *column, const void *field)
{
	int64_t value;

	if (column->size == sizeof(bool))
		return *(const bool *)field;
	if (column->size == sizeof(int))
		return *(const int *)field;
	memcpy(&value, field, sizeof(value));
	return value;
}

static int
row_read_number(const struct column *column, const json_t *json, void *field)
{
	int64_t value = json_integer_value(json);
	bool is_int = column->size == sizeof(int);

	if (!json_is_integer(json) || value < column->least || (is_int && value > INT_MAX))
		return -1;
	if (is_int)
		*(int *)field = (int)value;
	else
		memcpy(field, &value, sizeof(value));
	return 0;
}

static int
row_write_number(const struct column *column, struct buf *out, const void *field)
{
	return buf_printf(out, "%" PRId64, row_number(column, field));
}

static bool
row_is_usual(const struct column *column, const void *field)
{
	return row_number(column, field) == column->usual;
}

/* ---- words ---- */

/* A later master may have more words; a mirror shows those as the last of the table. */
static int
row_read_word(const struct column *column, const json_t *json, void *field)
{
	const struct state_word *words = column->kind->words;
	json_int_t number = json_integer_value(json);
	int code = number >= 0 && number <= INT_MAX ? (int)number : -1;

	if (json_is_string(json))
		code = state_word_code(words, json_string_value(json));
	else if (!json_is_integer(json))
		return -1;
	*(int *)field = state_word_code(words, state_word_name(words, code));
	return 0;
}

static int
row_write_word(const struct column *column, struct buf *out, const void *field)
{
	return buf_printf(
	    out, "\"%s\"", state_word_name(column->kind->words, *(const int *)field));
}

/* Sets `ready`, too: that column comes later, and only in rows where it differs. */
static int
row_read_state(const struct column *column, const json_t *json, void *field)
{
	struct process_info *info = container_of(field, struct process_info, state);

	if (row_read_word(column, json, field) == -1)
		return -1;
	info->ready = info->state == PROCESS_RUNNING;
	return 0;
}

/* ---- texts ---- */

static int
row_read_text(const struct column *column UNUSED, const json_t *json, void *field)
{
	const char *text = json_string_value(json);

	*(const char **)field = text;
	return text == NULL ? -1 : 0;
}

static int
row_take_bytes(const char *bytes, size_t n, void *out)
{
	return buf_append(out, bytes, n);
}

/* Most texts are ASCII without escapes: those need no JSON value. */
static int
row_write_text(const struct column *column UNUSED, struct buf *out, const void *field)
{
	const char *text = *(char *const *)field;
	size_t len = 0;
	json_t *string;
	int failed;

	while (len < STATE_TEXT_MAX && text[len] >= ' ' && text[len] <= '~' &&
	    text[len] != '"' && text[len] != '\\')
		len++;
	if (len == STATE_TEXT_MAX || text[len] == '\0')
		return buf_printf(out, "\"%.*s\"", (int)len, text);
	len = state_text_len(text);
	string = json_stringn(text, len);
	if (string == NULL)
		return fail_with(str_is_utf8(text, len) ? ENOMEM : EINVAL);
	failed = json_dump_callback(string, row_take_bytes, out, JSON_ENCODE_ANY);
	json_decref(string);
	return failed;
}

static bool
row_is_usual_text(const struct column *column UNUSED, const void *field)
{
	return **(char *const *)field == '\0';
}

/* ---- flags ---- */

static int
row_read_flag(const struct column *column UNUSED, const json_t *json, void *field)
{
	*(bool *)field = json_is_true(json);
	return json_is_boolean(json) ? 0 : -1;
}

static int
row_write_flag(const struct column *column UNUSED, struct buf *out, const void *field)
{
	return buf_puts(out, *(const bool *)field ? "true" : "false");
}

static bool
row_is_usual_ready(const struct column *column UNUSED, const void *field)
{
	const struct process_info *info =
	    (const void *)((const char *)field - offsetof(struct process_info, ready));

	return info->ready == (info->state == PROCESS_RUNNING);
}

/* ---- the columns ---- */

static const struct kind
    kind_number = { row_read_number, row_write_number, row_is_usual, NULL },
    kind_text = { row_read_text, row_write_text, row_is_usual_text, NULL },
    kind_flag = { row_read_flag, row_write_flag, row_is_usual, NULL },
    kind_ready = { row_read_flag, row_write_flag, row_is_usual_ready, NULL },
    kind_state = { row_read_state, row_write_word, row_is_usual, state_process_words },
    kind_verdict = { row_read_word, row_write_word, row_is_usual, state_verdict_words },
    kind_reason = { row_read_word, row_write_word, row_is_usual, state_reason_words },
    kind_health = { row_read_word, row_write_word, row_is_usual, state_health_words };

#define COLUMN(member, kind, ...) \
	{#member, &kind_##kind, offsetof(struct process_info, member), \
	    sizeof(((struct process_info *)0)->member), __VA_ARGS__}

/* The order is part of the protocol: new columns go to the end. */
static const struct column columns[] = {
	COLUMN(id, number, .least = 1, .required = true),
	COLUMN(group, text, .required = true),
	COLUMN(name, text, .required = true),
	COLUMN(state, state, .required = true),
	COLUMN(spawn, number, .required = true),
	COLUMN(pid, number, .least = 0),
	COLUMN(start, number, .least = INT64_MIN),
	COLUMN(last_spawn, number, .least = 0),
	COLUMN(verdict, verdict, .least = 0),
	COLUMN(stop, number, .least = INT64_MIN),
	COLUMN(exitstatus, number, .least = INT_MIN),
	COLUMN(stopped_at, text, .least = 0),
	COLUMN(stdout_logfile, text, .least = 0),
	COLUMN(stderr_logfile, text, .least = 0),
	COLUMN(spawnerr, text, .least = 0),
	COLUMN(fed_by_pipe, flag, .usual = true),
	COLUMN(last_status, number, .least = -1),
	COLUMN(last_signal, number, .least = 0),
	COLUMN(failure, text, .least = 0),
	COLUMN(ready, ready, .least = 0),
	COLUMN(health, health, .least = 0),
	COLUMN(waiting_for, text, .least = 0),
	COLUMN(next_start, number, .least = 0),
	COLUMN(restarts, number, .least = 0),
	COLUMN(paused, flag, .usual = false),
	COLUMN(autostart, flag, .usual = true),
	COLUMN(last_reason, reason, .least = 0),
};

static bool
row_is_left_out(const struct process_info *info, const struct column *column)
{
	return !column->required &&
	    column->kind->is_usual(column, (const char *)info + column->offset);
}

/* ---- writing ---- */

static int
row_write_members(struct buf *out, const struct process_info *info, bool whole)
{
	const char *before = "{";
	int failed = 0;

	for (const struct column *c = columns; c < columns + nitems(columns); c++) {
		if (!whole && row_is_left_out(info, c))
			continue;
		failed |= buf_printf(out, "%s\"%s\":", before, c->key);
		failed |= c->kind->write(c, out, (const char *)info + c->offset);
		before = ",";
	}
	return failed | buf_putc(out, '}');
}

static int
row_write_values(struct buf *out, const struct process_info *info)
{
	const struct column *end = columns + nitems(columns);
	int failed = 0;

	while (row_is_left_out(info, end - 1))
		end--;
	for (const struct column *c = columns; c < end; c++) {
		failed |= buf_putc(out, c == columns ? '[' : ',');
		failed |= (c->kind->words != NULL ? row_write_number : c->kind->write)(
		    c, out, (const char *)info + c->offset);
	}
	return failed | buf_putc(out, ']');
}

int
row_write(struct buf *out, const struct process_info *info, enum row_form form)
{
	size_t before = buf_len(out);
	int failed;

	if (form == ROW_VALUES)
		failed = row_write_values(out, info);
	else
		failed = row_write_members(out, info, form == ROW_WHOLE);
	if (failed != 0)
		out->len = before;
	return failed;
}

/* ---- reading ---- */

static int
row_read_columns(const json_t *json, struct process_info *info)
{
	bool has_keys = json_is_object(json);

	for (size_t i = 0; i < nitems(columns); i++) {
		const struct column *c = &columns[i];
		const json_t *value =
		    has_keys ? json_object_get(json, c->key) : json_array_get(json, i);

		if (value == NULL ? c->required :
				    c->kind->read(c, value, (char *)info + c->offset) == -1)
			return -1;
	}
	return 0;
}

int
row_read(const json_t *json, struct process_info *info)
{
	/* The values of columns that the row leaves out. */
	static char none[] = "";
	struct process_info got = {.spawnerr = none, .failure = none, .stopped_at = none,
	    .stdout_logfile = none, .stderr_logfile = none, .waiting_for = none,
	    .fed_by_pipe = true, .autostart = true};
	char **texts[PROCESS_INFO_TEXTS];

	process_info_texts(&got, texts);
	*info = (struct process_info){ 0 };
	errno = EINVAL;
	if (row_read_columns(json, &got) == -1 ||
	    state_copy_texts(texts, nitems(texts)) == -1)
		return -1;
	*info = got;
	return 0;
}
