#include "proto/row.h"

#include "common/fail.h"
#include "common/str.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* How a column's value is kept: as a number, an int, a word, a text or a flag. Texts are
 * borrowed from the JSON until all are known. */
struct kind {
	int (*read)(const json_t *, int64_t least, void *field); /* -1: not such a value */
	int (*write)(struct buf *, const void *field);		/* in an object */
	int (*write_value)(struct buf *, const void *field);	/* in an array */
	bool (*goes_without_saying)(const void *field);
};

/* ---- numbers ---- */

static int
read_number(const json_t *json, int64_t least, void *field)
{
	int64_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < least)
		return -1;
	memcpy(field, &value, sizeof(value));
	return 0;
}

static int
write_number(struct buf *out, const void *field)
{
	int64_t value;

	memcpy(&value, field, sizeof(value));
	return buf_printf(out, "%" PRId64, value);
}

static bool
is_zero_number(const void *field)
{
	int64_t value;

	memcpy(&value, field, sizeof(value));
	return value == 0;
}

static int
read_int(const json_t *json, int64_t least, void *field)
{
	int64_t value = json_integer_value(json);

	if (!json_is_integer(json) || value < least || value > INT_MAX)
		return -1;
	*(int *)field = (int)value;
	return 0;
}

static int
write_int(struct buf *out, const void *field)
{
	return buf_printf(out, "%d", *(const int *)field);
}

static bool
is_zero_int(const void *field)
{
	return *(const int *)field == 0;
}

/* ---- words, which are codes in an array ---- */

/* The code, or -1: neither a word nor a number. A later master may know more of them than
 * we do, and that must not end the stream: those are `unknown`. */
static int
read_word(const json_t *json, int (*parse)(const char *), int unknown)
{
	const char *word = json_string_value(json);
	json_int_t code = json_integer_value(json);

	if (word != NULL)
		code = parse(word);
	else if (!json_is_integer(json))
		return -1;
	return code < 0 || code > INT_MAX ? unknown : (int)code;
}

static int
read_state(const json_t *json, int64_t least UNUSED, void *field)
{
	int code = read_word(json, process_state_parse, PROCESS_UNKNOWN);

	if (code == -1)
		return -1;
	/* One without a name is named UNKNOWN. */
	code = process_state_parse(process_state_name((enum process_state)code));
	*(enum process_state *)field = (enum process_state)code;
	/* Its own column comes later, and only in a row where it differs from this. */
	container_of(field, struct process_info, state)->ready = code == PROCESS_RUNNING;
	return 0;
}

static int
write_state(struct buf *out, const void *field)
{
	return buf_printf(out, "\"%s\"",
	    process_state_name(*(const enum process_state *)field));
}

/* An enum whose values begin at 0 and end before `unknown`. */
static int
read_enum(const json_t *json, int (*parse)(const char *), int unknown, void *field)
{
	int code = read_word(json, parse, unknown);

	if (code == -1)
		return -1;
	*(int *)field = code < unknown ? code : unknown;
	return 0;
}

static int
read_verdict(const json_t *json, int64_t least UNUSED, void *field)
{
	return read_enum(json, verdict_parse, VERDICT_UNKNOWN, field);
}

static int
write_verdict(struct buf *out, const void *field)
{
	return buf_printf(out, "\"%s\"", verdict_name(*(const enum verdict *)field));
}

static int
read_health(const json_t *json, int64_t least UNUSED, void *field)
{
	return read_enum(json, health_parse, HEALTH_UNKNOWN, field);
}

static int
write_health(struct buf *out, const void *field)
{
	return buf_printf(out, "\"%s\"", health_name(*(const enum health *)field));
}

/* ---- texts ---- */

static int
read_text(const json_t *json, int64_t least UNUSED, void *field)
{
	const char *text = json_string_value(json);

	*(const char **)field = text;
	return text == NULL ? -1 : 0;
}

/* No escapes, and UTF-8 without looking. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

static int
take_bytes(const char *bytes, size_t n, void *out)
{
	return buf_append(out, bytes, n);
}

static int
write_quoted(struct buf *out, const char *text)
{
	json_t *string = json_string(text);
	int failed;

	if (string == NULL)
		return fail_with(str_is_utf8(text, strlen(text)) ? ENOMEM : EINVAL);
	failed = json_dump_callback(string, take_bytes, out, JSON_ENCODE_ANY);
	json_decref(string);
	return failed;
}

static int
write_text(struct buf *out, const void *field)
{
	const char *text = *(char *const *)field;

	return is_plain(text) ? buf_printf(out, "\"%s\"", text) : write_quoted(out, text);
}

static bool
is_empty(const void *field)
{
	return **(char *const *)field == '\0';
}

/* ---- flags ---- */

static int
read_flag(const json_t *json, int64_t least UNUSED, void *field)
{
	*(bool *)field = json_is_true(json);
	return json_is_boolean(json) ? 0 : -1;
}

static int
write_flag(struct buf *out, const void *field)
{
	return buf_puts(out, *(const bool *)field ? "true" : "false");
}

static bool
is_set(const void *field)
{
	return *(const bool *)field;
}

static bool
is_clear(const void *field)
{
	return !*(const bool *)field;
}

static bool
is_as_state(const void *field)
{
	const struct process_info *info =
	    (const void *)((const char *)field - offsetof(struct process_info, ready));

	return info->ready == (info->state == PROCESS_RUNNING);
}

/* ---- the columns ---- */

static const struct kind kind_number = {read_number, write_number, write_number,
    is_zero_number};
static const struct kind kind_integer = {read_int, write_int, write_int, is_zero_int};
static const struct kind kind_state = {read_state, write_state, write_int, NULL};
static const struct kind kind_verdict = {read_verdict, write_verdict, write_int,
    is_zero_int};
static const struct kind kind_health = {read_health, write_health, write_int, is_zero_int};
static const struct kind kind_text = {read_text, write_text, write_text, is_empty};
static const struct kind kind_on = {read_flag, write_flag, write_flag, is_set};
static const struct kind kind_off = {read_flag, write_flag, write_flag, is_clear};
static const struct kind kind_ready = {read_flag, write_flag, write_flag, is_as_state};

#define COLUMN(member, kind, ...) \
	{#member, &kind_##kind, offsetof(struct process_info, member), __VA_ARGS__}

/* Their order is the protocol's: new ones go to the end. */
static const struct column {
	const char *key;
	const struct kind *kind;
	size_t offset;
	int64_t least;
	bool required;
} columns[] = {
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
	COLUMN(fed_by_pipe, on, .least = 0),
	COLUMN(last_status, integer, .least = -1),
	COLUMN(last_signal, integer, .least = 0),
	COLUMN(failure, text, .least = 0),
	COLUMN(ready, ready, .least = 0),
	COLUMN(health, health, .least = 0),
	COLUMN(waiting_for, text, .least = 0),
	COLUMN(next_start, number, .least = 0),
	COLUMN(restarts, number, .least = 0),
	COLUMN(paused, off, .least = 0),
};

static const void *
field_of(const struct process_info *info, const struct column *column)
{
	return (const char *)info + column->offset;
}

static bool
is_left_out(const struct process_info *info, const struct column *column)
{
	return !column->required &&
	    column->kind->goes_without_saying(field_of(info, column));
}

/* ---- writing ---- */

static int
write_members(struct buf *out, const struct process_info *info, bool whole)
{
	const char *before = "{";
	int failed = 0;

	for (const struct column *c = columns; c < columns + nitems(columns); c++) {
		if (!whole && is_left_out(info, c))
			continue;
		failed |= buf_printf(out, "%s\"%s\":", before, c->key);
		failed |= c->kind->write(out, field_of(info, c));
		before = ",";
	}
	return failed | buf_putc(out, '}');
}

static int
write_values(struct buf *out, const struct process_info *info)
{
	const struct column *end = columns + nitems(columns);
	int failed = 0;

	while (is_left_out(info, end - 1))
		end--;
	for (const struct column *c = columns; c < end; c++) {
		failed |= buf_putc(out, c == columns ? '[' : ',');
		failed |= c->kind->write_value(out, field_of(info, c));
	}
	return failed | buf_putc(out, ']');
}

int
row_write(struct buf *out, const struct process_info *info, enum row_form form)
{
	size_t before = buf_len(out);
	int failed;

	if (form == ROW_VALUES)
		failed = write_values(out, info);
	else
		failed = write_members(out, info, form == ROW_WHOLE);
	if (failed != 0)
		out->len = before;
	return failed;
}

/* ---- reading ---- */

static int
read_columns(const json_t *json, struct process_info *info)
{
	bool has_keys = json_is_object(json);

	for (size_t i = 0; i < nitems(columns); i++) {
		const struct column *c = &columns[i];
		const json_t *value = has_keys ? json_object_get(json, c->key) :
		    json_array_get(json, i);

		if (value == NULL ? c->required :
		    c->kind->read(value, c->least, (char *)info + c->offset) == -1)
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
	*info = (struct process_info){0};
	errno = EINVAL;
	if (read_columns(json, &got) == -1 ||
	    state_own_strings(strings, nitems(strings)) == -1)
		return -1;
	*info = got;
	return 0;
}
