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

/* How a column's value is kept. Texts are borrowed from the JSON until all are known. */
struct kind {
	/* -1: not such a value. */
	int (*read)(const struct column *, const json_t *, void *field);
	int (*write)(const struct column *, struct buf *, const void *field);
	/* The value of a row that leaves the column out. */
	bool (*is_usual)(const struct column *, const void *field);
	/* Of words, which an array has as codes: */
	const char *(*name)(int code);
	int (*parse)(const char *name);
	int unknown; /* a code or word that is not ours */
};

struct column {
	const char *key;
	const struct kind *kind;
	size_t offset;
	int64_t least;
	bool usual; /* of a flag */
	bool required;
};

/* ---- numbers ---- */

static int
row_read_number(const struct column *column, const json_t *json, void *field)
{
	int64_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < column->least)
		return -1;
	memcpy(field, &value, sizeof(value));
	return 0;
}

static int
row_write_number(const struct column *column UNUSED, struct buf *out, const void *field)
{
	int64_t value;

	memcpy(&value, field, sizeof(value));
	return buf_printf(out, "%" PRId64, value);
}

static bool
row_is_zero_number(const struct column *column UNUSED, const void *field)
{
	int64_t value;

	memcpy(&value, field, sizeof(value));
	return value == 0;
}

static int
row_read_int(const struct column *column, const json_t *json, void *field)
{
	int64_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < column->least || value > INT_MAX)
		return -1;
	*(int *)field = (int)value;
	return 0;
}

static int
row_write_int(const struct column *column UNUSED, struct buf *out, const void *field)
{
	return buf_printf(out, "%d", *(const int *)field);
}

static bool
row_is_zero_int(const struct column *column UNUSED, const void *field)
{
	return *(const int *)field == 0;
}

/* ---- words ---- */

/* A later master may have more words than we know, and that must not end the stream: those
 * are `unknown`. */
static int
row_read_word(const struct column *column, const json_t *json, void *field)
{
	const struct kind *kind = column->kind;
	json_int_t code = json_integer_value(json);

	if (json_is_string(json))
		code = kind->parse(json_string_value(json));
	else if (!json_is_integer(json))
		return -1;
	if (code < 0 || code > kind->unknown)
		code = kind->unknown;
	/* A code between ours has no name of its own. */
	*(int *)field = kind->parse(kind->name((int)code));
	return 0;
}

static int
row_write_word(const struct column *column, struct buf *out, const void *field)
{
	return buf_printf(out, "\"%s\"", column->kind->name(*(const int *)field));
}

static const char *
row_state_name(int code)
{
	return process_state_name((enum process_state)code);
}

static const char *
row_verdict_name(int code)
{
	return verdict_name((enum verdict)code);
}

static const char *
row_health_name(int code)
{
	return health_name((enum health)code);
}

/* The column `ready` comes later, and only in a row where it differs from this. */
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

/* Nearly every text needs no escapes, and is UTF-8 without looking. */
static int
row_write_text(const struct column *column UNUSED, struct buf *out, const void *field)
{
	const char *text = *(char *const *)field, *c = text;
	json_t *string;
	int failed;

	while (*c >= ' ' && *c <= '~' && *c != '"' && *c != '\\')
		c++;
	if (*c == '\0')
		return buf_printf(out, "\"%s\"", text);
	string = json_string(text);
	if (string == NULL)
		return fail_with(str_is_utf8(text, strlen(text)) ? ENOMEM : EINVAL);
	failed = json_dump_callback(string, row_take_bytes, out, JSON_ENCODE_ANY);
	json_decref(string);
	return failed;
}

static bool
row_is_empty(const struct column *column UNUSED, const void *field)
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
row_is_usual_flag(const struct column *column, const void *field)
{
	return *(const bool *)field == column->usual;
}

static bool
row_is_as_state(const struct column *column UNUSED, const void *field)
{
	const struct process_info *info =
	    (const void *)((const char *)field - offsetof(struct process_info, ready));

	return info->ready == (info->state == PROCESS_RUNNING);
}

/* ---- the columns ---- */

#define KIND(read, write, is_usual, ...) \
	{row_read_##read, row_write_##write, row_##is_usual, __VA_ARGS__}

static const struct kind kind_number = KIND(number, number, is_zero_number, .name = NULL),
			 kind_integer = KIND(int, int, is_zero_int, .name = NULL),
			 kind_text = KIND(text, text, is_empty, .name = NULL),
			 kind_flag = KIND(flag, flag, is_usual_flag, .name = NULL),
			 kind_ready = KIND(flag, flag, is_as_state, .name = NULL),
			 kind_state = KIND(state, word, is_zero_int, row_state_name,
			     process_state_parse, PROCESS_UNKNOWN),
			 kind_verdict = KIND(word, word, is_zero_int, row_verdict_name,
			     verdict_parse, VERDICT_UNKNOWN),
			 kind_health = KIND(word, word, is_zero_int, row_health_name,
			     health_parse, HEALTH_UNKNOWN);

#define COLUMN(member, kind, ...) \
	{#member, &kind_##kind, offsetof(struct process_info, member), __VA_ARGS__}

/* Their order is the protocol's: new ones go to the end. */
static const struct column columns[] = {
	COLUMN(id, number, .least = 1, .required = true),
	COLUMN(group, text, .required = true),
	COLUMN(name, text, .required = true),
	COLUMN(state, state, .required = true),
	COLUMN(spawn, number, .required = true),
	COLUMN(pid, integer, .least = 0),
	COLUMN(start, number, .least = INT64_MIN),
	COLUMN(last_spawn, number, .least = 0),
	COLUMN(verdict, verdict, .least = 0),
	COLUMN(stop, number, .least = INT64_MIN),
	COLUMN(exitstatus, integer, .least = INT_MIN),
	COLUMN(stopped_at, text, .least = 0),
	COLUMN(stdout_logfile, text, .least = 0),
	COLUMN(stderr_logfile, text, .least = 0),
	COLUMN(spawnerr, text, .least = 0),
	COLUMN(fed_by_pipe, flag, .usual = true),
	COLUMN(last_status, integer, .least = -1),
	COLUMN(last_signal, integer, .least = 0),
	COLUMN(failure, text, .least = 0),
	COLUMN(ready, ready, .least = 0),
	COLUMN(health, health, .least = 0),
	COLUMN(waiting_for, text, .least = 0),
	COLUMN(next_start, number, .least = 0),
	COLUMN(restarts, number, .least = 0),
	COLUMN(paused, flag, .usual = false),
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
		failed |= (c->kind->name != NULL ? row_write_int : c->kind->write)(
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
	static char none[] = "";
	struct process_info got = {.spawnerr = none, .failure = none, .stopped_at = none,
	    .stdout_logfile = none, .stderr_logfile = none, .waiting_for = none,
	    .fed_by_pipe = true};
	char **strings[PROCESS_INFO_STRINGS];

	process_info_strings(&got, strings);
	*info = (struct process_info){ 0 };
	errno = EINVAL;
	if (row_read_columns(json, &got) == -1 ||
	    state_own_strings(strings, nitems(strings)) == -1)
		return -1;
	*info = got;
	return 0;
}
