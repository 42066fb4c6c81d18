#include "proto/frame.h"

#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

const struct frame_limits frame_limits = { FRAME_MAX, FRAME_VALUES };
const struct frame_limits frame_limits_request = { FRAME_REQUEST_MAX,
	FRAME_REQUEST_VALUES };

/* Counts brackets and commas outside strings to bound the recursion and the memory of the
 * parser, which checks whether they match. NULL, or which limit is exceeded. */
static const char *
frame_excess(const char *line, size_t n, const struct frame_limits *limits)
{
	unsigned depth = 0, values = 0;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		char c = line[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (!in_string && (c == '{' || c == '[' || c == ','))
			values++;
		if (depth > FRAME_DEPTH)
			return "nested too deeply";
		if (values > limits->values)
			return "too many values";
	}
	return NULL;
}

bool
frame_fits(const char *line, size_t n, const struct frame_limits *limits)
{
	/* Each value takes a byte at least, so most lines need no count. */
	return n <= limits->bytes &&
	    (n <= limits->values || frame_excess(line, n, limits) == NULL);
}

/* Parses a line without its newline. New, or NULL with *why and errno. */
static json_t *
frame_parse(const char *line, size_t n, const struct frame_limits *limits, const char **why)
{
	json_t *object;

	errno = EBADMSG;
	*why = "a NUL byte";
	if (memchr(line, '\0', n) != NULL)
		return NULL;
	*why = "not UTF-8";
	if (!str_is_utf8(line, n))
		return NULL;
	*why = frame_excess(line, n, limits);
	if (*why != NULL)
		return NULL;
	*why = "not JSON";
	object = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	/* jansson's own error code reports a lack of memory only in some cases. */
	if (object == NULL && errno == ENOMEM) {
		*why = "out of memory";
	} else if (object == NULL) {
		errno = EBADMSG;
	} else if (!json_is_object(object)) {
		*why = "not an object";
		errno = EBADMSG;
		json_decref(object);
		object = NULL;
	}
	return object;
}

enum frame_status
frame_next(
    struct buf *in, const struct frame_limits *limits, json_t **object, const char **why)
{
	size_t len = buf_len(in);
	size_t look = len < limits->bytes ? len : limits->bytes;
	const char *line, *end;

	*object = NULL;
	if (len == 0)
		return FRAME_NONE;
	line = buf_data(in);
	end = memchr(line, '\n', look);
	if (end == NULL && len < limits->bytes)
		return FRAME_NONE;
	if (end == NULL) {
		*why = "too long";
		return FRAME_TOO_LONG;
	}
	*object = frame_parse(line, (size_t)(end - line), limits, why);
	buf_consume(in, (size_t)(end - line) + 1);
	return *object != NULL ? FRAME_OK : FRAME_MALFORMED;
}

struct frame_sink {
	struct buf *out;
	size_t written;
	int error;
};

static int
frame_sink_write(const char *bytes, size_t n, void *ctx)
{
	struct frame_sink *sink = ctx;

	if (sink->error != 0)
		return -1;
	if (n >= FRAME_MAX - sink->written) { /* one byte is for the newline */
		sink->error = EMSGSIZE;
		return -1;
	}
	if (buf_append(sink->out, bytes, n) == -1) {
		sink->error = errno;
		return -1;
	}
	sink->written += n;
	return 0;
}

int
frame_write(struct buf *out, const char *head, const json_t *value)
{
	struct frame_sink sink = { .out = out };
	size_t flags = JSON_COMPACT | (head != NULL ? JSON_ENCODE_ANY : 0);

	size_t before = buf_len(out);

	errno = EINVAL;
	if ((head != NULL ? frame_sink_write(head, strlen(head), &sink) == 0 :
			    json_is_object(value)) &&
	    json_dump_callback(value, frame_sink_write, &sink, flags) == 0 &&
	    sink.error == 0 && /* jansson ignores a failure to write the key of a member */
	    (head == NULL || frame_sink_write("}", 1, &sink) == 0) &&
	    buf_putc(out, '\n') == 0) {
		if (frame_fits(buf_data(out) + before, sink.written + 1, &frame_limits))
			return 0;
		sink.written++;
		sink.error = EMSGSIZE;
	}
	if (sink.error != 0)
		errno = sink.error;
	else if (errno != ENOMEM && errno != ENOBUFS)
		errno = EINVAL;
	out->len -= sink.written;
	return -1;
}

/* jansson frees texts without wiping them. */
static void
frame_wipe(json_t *value)
{
	json_t *member;
	const char *key;
	size_t i;

	if (value == NULL || value->refcount != 1)
		return;
	if (json_is_string(value))
		mem_wipe(
		    (void *)(uintptr_t)json_string_value(value), json_string_length(value));
	json_object_foreach(value, key, member) {
		frame_wipe(member);
	}
	json_array_foreach(value, i, member) {
		frame_wipe(member);
	}
}

void
frame_forget(json_t *value_take)
{
	frame_wipe(value_take);
	json_decref(value_take);
}
