#include "master/upgrade/statefield.h"

#include "common/hex.h"
#include "common/safepath.h"
#include "common/str.h"
#include "master/event/listener_protocol.h"
#include "master/process/id_queue.h"
#include "proto/state.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

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

/* ---- a pair of functions for each kind ---- */

#define STATEFIELD_NUMBER(kind, type, min, max)                                         \
	static json_t *statefield_write_##kind(const void *from)                        \
	{                                                                               \
		return json_integer((json_int_t)*(const type *)from);                   \
	}                                                                               \
	static bool statefield_read_##kind(const json_t *value, void *into)             \
	{                                                                               \
		json_int_t number = json_integer_value(value);                          \
                                                                                        \
		if (!json_is_integer(value) || number < (min) || number > (max))        \
			return false;                                                   \
		*(type *)into = (type)number;                                           \
		return true;                                                            \
	}

STATEFIELD_NUMBER(u64, uint64_t, 0, INT64_MAX)
STATEFIELD_NUMBER(i64, int64_t, INT64_MIN, INT64_MAX)
STATEFIELD_NUMBER(int, int, INT_MIN, INT_MAX)

/* NAME(value) is the name of a value; PARSE(name) the value, or NONE. */
#define STATEFIELD_ENUM(kind, type, NAME, PARSE, NONE)                                  \
	static json_t *statefield_write_##kind(const void *from)                        \
	{                                                                               \
		return json_string(NAME(*(const type *)from));                          \
	}                                                                               \
	static bool statefield_read_##kind(const json_t *value, void *into)             \
	{                                                                               \
		const char *word = json_string_value(value);                            \
		int found = word != NULL ? PARSE(word) : NONE;                          \
                                                                                        \
		if (found != NONE)                                                      \
			*(type *)into = (type)found;                                    \
		return found != NONE;                                                   \
	}

static int
statefield_parse_daemon(const char *word)
{
	for (int state = DAEMON_SHUTDOWN; state <= DAEMON_FATAL; state++)
		if (strcmp(word, daemon_state_name((enum daemon_state)state)) == 0)
			return state;
	return INT_MIN;
}

STATEFIELD_ENUM(state, enum process_state, process_state_name, process_state_parse, -1)
STATEFIELD_ENUM(verdict, enum verdict, verdict_name, verdict_parse, -1)
STATEFIELD_ENUM(
    daemon, enum daemon_state, daemon_state_name, statefield_parse_daemon, INT_MIN)
STATEFIELD_ENUM(event, enum event_type, event_type_name, event_type_find, -1)
STATEFIELD_ENUM(listener, enum listener_state, listener_protocol_state_name,
    listener_protocol_state_find, -1)

static json_t *
statefield_write_bool(const void *from)
{
	return json_boolean(*(const bool *)from);
}

static bool
statefield_read_bool(const json_t *value, void *into)
{
	if (json_is_boolean(value))
		*(bool *)into = json_is_true(value);
	return json_is_boolean(value);
}

json_t *
statefield_write_text(const void *from)
{
	const char *text = *(char *const *)from;

	return text != NULL ? statefield_hex(text, strlen(text)) : json_null();
}

bool
statefield_read_text(const json_t *value, void *into)
{
	char **text = into, *bytes = NULL;
	size_t n;

	if (!json_is_null(value) && (bytes = statefield_unhex(value, &n)) == NULL)
		return false;
	free(*text);
	*text = bytes;
	return true;
}

static json_t *
statefield_write_buf(const void *from)
{
	return statefield_hex(buf_data(from), buf_len(from));
}

static bool
statefield_read_buf(const json_t *value, void *into)
{
	size_t n;
	char *bytes = statefield_unhex(value, &n);
	bool good;

	buf_clear(into);
	good = bytes != NULL && buf_append(into, bytes, n) == 0;
	free(bytes);
	return good;
}

/* An object, so that handover_keep() finds all descriptors of the document. */
json_t *
statefield_write_fd(const void *from)
{
	int fd = *(const int *)from;

	return fd == -1 ? json_null() : json_pack("{s:i}", "fd", fd);
}

bool
statefield_read_fd(const json_t *value, void *into)
{
	*(int *)into = -1;
	return json_is_null(value) ||
	    (statefield_read_int(json_object_get(value, "fd"), into) && *(int *)into >= 0);
}

/* For a struct with an array of bytes and their number. */
static bool
statefield_read_bytes(const json_t *value, char *into, size_t size, size_t *n)
{
	char *bytes = statefield_unhex(value, n);
	bool fits = bytes != NULL && *n <= size;

	if (fits)
		memcpy(into, bytes, *n);
	free(bytes);
	return fits;
}

#define STATEFIELD_BYTES(kind, type)                                                    \
	static json_t *statefield_write_##kind(const void *from)                        \
	{                                                                               \
		const type *line = from;                                                \
                                                                                        \
		return statefield_hex(line->bytes, line->n);                            \
	}                                                                               \
	static bool statefield_read_##kind(const json_t *value, void *into)             \
	{                                                                               \
		type *line = into;                                                      \
                                                                                        \
		return statefield_read_bytes(value, line->bytes, sizeof(line->bytes),   \
		    &line->n);                                                          \
	}

STATEFIELD_BYTES(line, struct listener_line)
STATEFIELD_BYTES(result, struct listener_result)

static const struct statefield statefield_event_rows[] =
    STATEFIELDS(EVENT_FIELDS, struct event);
static const struct statefield statefield_place_rows[] =
    STATEFIELDS(POOL_EVENT_FIELDS, struct pool_event);

json_t *
statefield_write_pool_event(const void *from)
{
	const struct pool_event *item = from;
	const struct event *event = item->event;
	json_t *object, *place;

	if (event == NULL)
		return json_null();
	object = STATEFIELD_WRITE(statefield_event_rows, event);
	place = STATEFIELD_WRITE(statefield_place_rows, item);
	if (object != NULL &&
	    (json_object_set_new(
		 object, "payload", statefield_hex(event->payload, event->size)) == -1 ||
		json_object_set_new(object, "place", json_incref(place)) == -1)) {
		json_decref(object);
		object = NULL;
	}
	json_decref(place);
	return object;
}

bool
statefield_read_pool_event(const json_t *value, void *into)
{
	struct pool_event *item = into;
	struct event fields = { 0 };
	size_t n;
	char *payload;

	if (json_is_null(value))
		return true;
	payload = statefield_unhex(json_object_get(value, "payload"), &n);
	if (payload != NULL && str_is_utf8(payload, n) &&
	    STATEFIELD_READ(statefield_event_rows, value, &fields, 1) == NULL &&
	    STATEFIELD_READ(
		statefield_place_rows, json_object_get(value, "place"), item, 1) == NULL)
		item->event = event_new(fields.type, fields.serial, payload, n);
	free(payload);
	return item->event != NULL;
}

static json_t *
statefield_write_inode(const void *from)
{
	const struct safepath_id *id = from;

	return json_pack(
	    "{s:I,s:I}", "device", (json_int_t)id->dev, "inode", (json_int_t)id->ino);
}

static bool
statefield_read_inode(const json_t *value, void *into)
{
	const json_t *device = json_object_get(value, "device");
	const json_t *inode = json_object_get(value, "inode");

	if (!json_is_integer(device) || !json_is_integer(inode))
		return false;
	*(struct safepath_id *)into =
	    (struct safepath_id){ (dev_t)json_integer_value(device),
		    (ino_t)json_integer_value(inode) };
	return true;
}

static json_t *
statefield_write_ids(const void *from)
{
	const struct id_queue *ids = from;
	json_t *list = json_array();

	for (size_t i = ids->next; i < ids->end; i++)
		if (json_array_append_new(list, json_integer((json_int_t)ids->ids[i])) ==
		    -1) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static bool
statefield_read_ids(const json_t *value, void *into)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(value) || id_queue_reserve(into, json_array_size(value)) == -1)
		return false;
	json_array_foreach(value, i, one)
		if (json_integer_value(one) <= 0 ||
		    id_queue_push(into, (uint64_t)json_integer_value(one)) == -1)
			return false;
	return true;
}

/* RLIM_INFINITY becomes -1, and back. */
static json_t *
statefield_write_rlimit(const void *from)
{
	const struct rlimit *limit = from;

	return json_pack("{s:I,s:I}", "soft", (json_int_t)limit->rlim_cur, "hard",
	    (json_int_t)limit->rlim_max);
}

static bool
statefield_read_rlimit(const json_t *value, void *into)
{
	const json_t *soft = json_object_get(value, "soft");
	const json_t *hard = json_object_get(value, "hard");

	if (!json_is_integer(soft) || !json_is_integer(hard))
		return false;
	*(struct rlimit *)into = (struct rlimit){ (rlim_t)json_integer_value(soft),
		(rlim_t)json_integer_value(hard) };
	return true;
}

#define STATEFIELD_KIND(KIND, name) \
	[STATEFIELD_##KIND] = {statefield_write_##name, statefield_read_##name}

static const struct {
	json_t *(*write)(const void *from);
	bool (*read)(const json_t *, void *into);
} kinds[STATEFIELD_MAX] = {
    STATEFIELD_KIND(U64, u64),
    STATEFIELD_KIND(I64, i64),
    STATEFIELD_KIND(INT, int),
    STATEFIELD_KIND(BOOL, bool),
    STATEFIELD_KIND(TEXT, text),
    STATEFIELD_KIND(BUF, buf),
    STATEFIELD_KIND(FD, fd),
    STATEFIELD_KIND(RLIMIT, rlimit),
    STATEFIELD_KIND(INODE, inode),
    STATEFIELD_KIND(IDS, ids),
    STATEFIELD_KIND(STATE, state),
    STATEFIELD_KIND(VERDICT, verdict),
    STATEFIELD_KIND(DAEMON, daemon),
    STATEFIELD_KIND(EVENT, event),
    STATEFIELD_KIND(LISTENER, listener),
    STATEFIELD_KIND(LINE, line),
    STATEFIELD_KIND(RESULT, result),
    STATEFIELD_KIND(POOL_EVENT, pool_event),
};

/* ---- the table ---- */

json_t *
statefield_write(const struct statefield *table, size_t rows, const void *from)
{
	json_t *object = from != NULL ? json_object() : NULL;

	if (from == NULL)
		return json_null();
	for (size_t i = 0; object != NULL && i < rows; i++) {
		json_t *value =
		    kinds[table[i].kind].write((const char *)from + table[i].offset);

		if (json_object_set_new(object, table[i].name, value) == -1) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

const char *
statefield_read(const struct statefield *table, size_t rows, const json_t *object,
    void *into, int format)
{
	if (into == NULL && json_is_null(object))
		return NULL;
	for (size_t i = 0; i < rows; i++) {
		const json_t *value = json_object_get(object, table[i].name);

		if (into != NULL && table[i].since > format)
			continue;
		if (into == NULL || value == NULL ||
		    !kinds[table[i].kind].read(value, (char *)into + table[i].offset))
			return table[i].name;
	}
	return NULL;
}
