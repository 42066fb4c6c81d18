#include "common/fail.h"
#include "common/str.h"
#include "proto/frame.h"
#include "proto/peer/peer_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
peer_parts_drop(struct peer_long *l)
{
	free(l->method);
	json_decref(l->params);
	buf_clear(&l->data);
	*l = (struct peer_long){ 0 };
}

void
peer_parts_clear(struct peer *p)
{
	for (size_t i = 0; i < nitems(p->longs); i++)
		peer_parts_drop(&p->longs[i]);
}

/* The long string of a request; with id 0, a free slot. */
static struct peer_long *
peer_parts_find(struct peer *p, uint64_t id)
{
	for (size_t i = 0; i < nitems(p->longs); i++)
		if (p->longs[i].id == id)
			return &p->longs[i];
	return NULL;
}

/* Appends a frame; -1 with errno: EMSGSIZE when the other end would refuse it. */
static int
peer_parts_queue(
    const struct peer *p, struct peer_frames *frames, const char *head, json_t *params)
{
	struct peer_frame *frame = peer_frame_new(head, params, -1, 0, false);

	if (frame == NULL)
		return -1;
	TAILQ_INSERT_TAIL(frames, frame, link);
	return frame_fits(buf_data(&frame->bytes), buf_len(&frame->bytes),
		   p->options.request_limits) ?
	    0 :
	    fail_with(EMSGSIZE);
}

/* Appends the first frame of a request, with all or the first `len` bytes of its data. */
static int
peer_parts_first(const struct peer *p, struct peer_frames *frames, uint64_t id,
    const char *method, const json_t *params, const json_t *data, size_t len)
{
	json_t *own = (json_t *)(uintptr_t)params;
	bool whole = len == json_string_length(data);
	json_t *first = whole ? json_incref(own) : json_copy(own);
	char head[PEER_HEAD_MAX];

	if (first == NULL ||
	    (!whole &&
		(json_object_set_new(
		     first, "data", json_stringn(json_string_value(data), len)) == -1 ||
		    json_object_set_new(first, "total",
			json_integer((json_int_t)json_string_length(data))) == -1))) {
		json_decref(first);
		return fail_with(ENOMEM);
	}
	(void)snprintf(head, sizeof(head),
	    "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":", id,
	    method);
	return peer_parts_queue(p, frames, head, first);
}

static int
peer_parts_rest(const struct peer *p, struct peer_frames *frames, uint64_t id,
    const char *data, size_t len)
{
	while (len > 0) {
		size_t n = len <= FRAME_PART ? len : str_utf8_cut(data, FRAME_PART);
		json_t *part =
		    json_pack("{sI, ss%}", "id", (json_int_t)id, "data", data, n);

		if (peer_parts_queue(p, frames,
			"{\"jsonrpc\":\"2.0\",\"method\":\"part\","
			"\"params\":",
			part) == -1)
			return -1;
		data += n;
		len -= n;
	}
	return 0;
}

int
peer_parts_send(struct peer *p, uint64_t id, const char *method, const json_t *params)
{
	struct peer_frames frames = TAILQ_HEAD_INITIALIZER(frames);
	const json_t *data = json_object_get(params, "data");
	size_t len = json_string_length(data), first = len;
	const char *text = len > 0 ? json_string_value(data) : "";

	if (p->failed || p->half_close)
		return fail_with(EPIPE);
	if (len > PEER_LONG_MAX)
		return fail_with(EMSGSIZE);
	if (len > FRAME_PART)
		first = str_utf8_cut(text, FRAME_PART);
	if (peer_parts_first(p, &frames, id, method, params, data, first) == 0 &&
	    peer_parts_rest(p, &frames, id, text + first, len - first) == 0 &&
	    peer_send_queue(p, &frames) == 0)
		return 0;
	peer_frames_clear(&frames);
	return -1;
}

/* Appends a part; one that is too long is a violation. True when the string is complete. */
static bool
peer_parts_append(struct peer *p, struct peer_long *l, const json_t *data)
{
	size_t len = json_string_length(data);

	if (len > PEER_PART_MAX || len > l->total - buf_len(&l->data)) {
		peer_fail(p, true, "a part that is too long");
		return false;
	}
	if (buf_append(&l->data, json_string_value(data), len) == -1) {
		peer_fail(p, false, "out of memory");
		return false;
	}
	return buf_len(&l->data) == l->total;
}

/* The string is complete: dispatches the request. */
static void
peer_parts_finish(struct peer *p, struct peer_long *l)
{
	struct peer_long done = *l;
	const char *text = l->total > 0 ? buf_data(&l->data) : "";
	json_t *data = json_stringn(text, l->total);

	*l = (struct peer_long){ 0 };
	if (json_object_set_new(done.params, "data", data) == -1) {
		peer_fail(p, false, "out of memory");
	} else {
		buf_clear(&done.data);
		peer_receive_request(p, done.id, done.method, done.params);
	}
	peer_parts_drop(&done);
}

static void
peer_parts_open(struct peer *p, struct peer_long *l, uint64_t id, const char *method,
    const json_t *params)
{
	const json_t *data = json_object_get(params, "data");

	l->id = id;
	l->total = (size_t)json_integer_value(json_object_get(params, "total"));
	l->method = strdup(method);
	l->params = json_copy((json_t *)(uintptr_t)params);
	buf_init(&l->data, l->total);
	if (l->method == NULL || l->params == NULL) {
		peer_fail(p, false, "out of memory");
		return;
	}
	(void)json_object_del(l->params, "total");
	(void)json_object_del(l->params, "data");
	if (peer_parts_append(p, l, data))
		peer_parts_finish(p, l);
}

bool
peer_parts_begin(struct peer *p, uint64_t id, const char *method, json_t *params)
{
	const json_t *total = json_object_get(params, "total");
	struct peer_long *slot = peer_parts_find(p, 0);
	char why[80];

	if (peer_parts_find(p, id) != NULL) {
		peer_fail(p, true, "the id of a request that is still being received");
		return true;
	}
	if (total == NULL || !json_is_string(json_object_get(params, "data")))
		return false;
	if (!json_is_integer(total) || json_integer_value(total) < 0) {
		peer_fail(p, true, "a total that is not a length");
	} else if (json_integer_value(total) > (json_int_t)p->options.long_max) {
		(void)snprintf(why, sizeof(why), "FAILED: data is longer than %zu bytes",
		    p->options.long_max);
		(void)peer_fault(p, id, FAULT_FAILED, why, 0);
	} else if (slot == NULL) {
		(void)peer_fault(
		    p, id, FAULT_FAILED, "FAILED: too many long strings at once", 0);
	} else {
		peer_parts_open(p, slot, id, method, params);
	}
	return true;
}

void
peer_parts_add(struct peer *p, const json_t *params)
{
	const json_t *id = json_object_get(params, "id");
	const json_t *data = json_object_get(params, "data");
	struct peer_long *l;

	if (!json_is_integer(id) || !json_is_string(data)) {
		peer_fail(p, true, "a part without id or data");
		return;
	}
	l = json_integer_value(id) <= 0 ?
	    NULL :
	    peer_parts_find(p, (uint64_t)json_integer_value(id));
	if (l != NULL && peer_parts_append(p, l, data))
		peer_parts_finish(p, l);
}
