#include "master/upgrade/statefield.h"

#include "common/hex.h"
#include "master/event/listener_protocol.h"
#include "proto/state.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- hex ---- */

json_t *
statefield_hex(const void *bytes, size_t n)
{
	char *text = malloc(2 * n + 1);
	json_t *hex;

	if (text == NULL)
		return NULL;
	hex_encode(bytes, n, text);
	hex = json_stringn(text, 2 * n);
	free(text);
	return hex;
}

char *
statefield_unhex(const json_t *hex, size_t *n)
{
	const char *text = json_string_value(hex);
	char *bytes;

	*n = json_string_length(hex) / 2;
	if (text == NULL || (bytes = malloc(*n + 1)) == NULL)
		return NULL;
	bytes[*n] = '\0';
	if (hex_decode(text, json_string_length(hex), bytes) == 0)
		return bytes;
	free(bytes);
	return NULL;
}

/* ---- one pair for each type ---- */

static json_t *
write_u64(const void *from)
{
	return json_integer((json_int_t)*(const uint64_t *)from);
}

static bool
read_u64(const json_t *value, void *into)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*(uint64_t *)into = (uint64_t)json_integer_value(value);
	return true;
}

static json_t *
write_i64(const void *from)
{
	return json_integer(*(const int64_t *)from);
}

static bool
read_i64(const json_t *value, void *into)
{
	if (!json_is_integer(value))
		return false;
	*(int64_t *)into = json_integer_value(value);
	return true;
}

static json_t *
write_int(const void *from)
{
	return json_integer(*(const int *)from);
}

static bool
read_int(const json_t *value, void *into)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < INT_MIN || number > INT_MAX)
		return false;
	*(int *)into = (int)number;
	return true;
}

static json_t *
write_bool(const void *from)
{
	return json_boolean(*(const bool *)from);
}

static bool
read_bool(const json_t *value, void *into)
{
	if (!json_is_boolean(value))
		return false;
	*(bool *)into = json_is_true(value);
	return true;
}

static json_t *
write_state(const void *from)
{
	return json_string(process_state_name(*(const enum process_state *)from));
}

static bool
read_state(const json_t *value, void *into)
{
	int state = json_is_string(value) ?
	    process_state_parse(json_string_value(value)) : -1;

	if (state == -1)
		return false;
	*(enum process_state *)into = (enum process_state)state;
	return true;
}

static json_t *
write_verdict(const void *from)
{
	return json_string(verdict_name(*(const enum verdict *)from));
}

static bool
read_verdict(const json_t *value, void *into)
{
	for (int v = VERDICT_NONE; json_is_string(value) && v <= VERDICT_STOPPED; v++) {
		if (strcmp(json_string_value(value), verdict_name((enum verdict)v)) == 0) {
			*(enum verdict *)into = (enum verdict)v;
			return true;
		}
	}
	return false;
}

static json_t *
write_daemon(const void *from)
{
	return json_string(daemon_state_name(*(const enum daemon_state *)from));
}

static bool
read_daemon(const json_t *value, void *into)
{
	for (int s = DAEMON_SHUTDOWN; json_is_string(value) && s <= DAEMON_FATAL; s++) {
		if (strcmp(json_string_value(value),
		    daemon_state_name((enum daemon_state)s)) == 0) {
			*(enum daemon_state *)into = (enum daemon_state)s;
			return true;
		}
	}
	return false;
}

static json_t *
write_event(const void *from)
{
	return json_string(event_type_name(*(const enum event_type *)from));
}

static bool
read_event(const json_t *value, void *into)
{
	int type = json_is_string(value) ? event_type_find(json_string_value(value)) : -1;

	if (type == -1)
		return false;
	*(enum event_type *)into = (enum event_type)type;
	return true;
}

static json_t *
write_listener(const void *from)
{
	return json_string(listener_state_name(*(const enum listener_state *)from));
}

static bool
read_listener(const json_t *value, void *into)
{
	int state =
	    json_is_string(value) ? listener_state_find(json_string_value(value)) : -1;

	if (state == -1)
		return false;
	*(enum listener_state *)into = (enum listener_state)state;
	return true;
}

static json_t *
write_text(const void *from)
{
	const char *text = *(char *const *)from;

	return text != NULL ? statefield_hex(text, strlen(text)) : json_null();
}

static bool
read_text(const json_t *value, void *into)
{
	char **text = into, *bytes = NULL;
	size_t n;

	if (!json_is_null(value)) {
		bytes = statefield_unhex(value, &n);
		if (bytes == NULL)
			return false;
	}
	free(*text);
	*text = bytes;
	return true;
}

static const struct {
	json_t *(*write)(const void *from);
	bool (*read)(const json_t *, void *into);
} types[STATEFIELD_MAX] = {
	[STATEFIELD_U64] = { write_u64, read_u64 },
	[STATEFIELD_I64] = { write_i64, read_i64 },
	[STATEFIELD_INT] = { write_int, read_int },
	[STATEFIELD_BOOL] = { write_bool, read_bool },
	[STATEFIELD_STATE] = { write_state, read_state },
	[STATEFIELD_VERDICT] = { write_verdict, read_verdict },
	[STATEFIELD_DAEMON] = { write_daemon, read_daemon },
	[STATEFIELD_EVENT] = { write_event, read_event },
	[STATEFIELD_LISTENER] = { write_listener, read_listener },
	[STATEFIELD_TEXT] = { write_text, read_text },
};

/* ---- the table ---- */

json_t *
statefield_write(const struct statefield *table, size_t rows, const void *from)
{
	json_t *object = json_object();

	for (size_t i = 0; object != NULL && i < rows; i++) {
		json_t *value = types[table[i].type].write(
		    (const char *)from + table[i].offset);

		if (json_object_set_new(object, table[i].name, value) == -1) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

const char *
statefield_read(const struct statefield *table, size_t rows, const json_t *object,
    void *into)
{
	for (size_t i = 0; i < rows; i++) {
		const json_t *value = json_object_get(object, table[i].name);

		if (value == NULL ||
		    !types[table[i].type].read(value, (char *)into + table[i].offset))
			return table[i].name;
	}
	return NULL;
}
