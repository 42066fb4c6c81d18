#include "proto/peer/peer_carry.h"

#include "common/fail.h"
#include "common/str.h"
#include "proto/frame.h"
#include "proto/peer/peer_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void
peer_carried_init(struct peer_carried *carried)
{
	*carried = (struct peer_carried){ .record = { .fd = -1 } };
}

void
peer_carried_clear(struct peer_carried *carried)
{
	buf_clear(&carried->in);
	for (size_t i = 0; i < carried->npieces; i++)
		buf_clear(&carried->pieces[i].bytes);
	free(carried->pieces);
	carried->pieces = NULL;
	carried->npieces = 0;
}

/* ---- input ---- */

int
peer_carry_request(
    struct peer_carried *carried, uint64_t id, const char *method, const json_t *params)
{
	char head[PEER_HEAD_MAX];

	(void)snprintf(head, sizeof(head),
	    "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":", id,
	    method);
	return frame_write(&carried->in, head, params);
}

static int
peer_carry_part(struct peer_carried *carried, uint64_t id, const char *data, size_t n)
{
	json_t *part = json_pack("{sI, ss%}", "id", (json_int_t)id, "data", data, n);
	int rc = part == NULL ?
	    fail_with(ENOMEM) :
	    frame_write(
		&carried->in, "{\"jsonrpc\":\"2.0\",\"method\":\"part\",\"params\":", part);

	json_decref(part);
	return rc;
}

/* The part of a long string that was received becomes frames again: the request with an
 * empty string, then the string in parts. */
static int
peer_carry_long(struct peer_carried *carried, const struct peer_long *l)
{
	json_t *params = json_copy(l->params);
	const char *data = buf_data(&l->data);
	size_t left = buf_len(&l->data), n;
	int rc = 0;

	if (params == NULL || json_object_set_new(params, "data", json_string("")) == -1 ||
	    json_object_set_new(params, "total", json_integer((json_int_t)l->total)) == -1)
		rc = fail_with(ENOMEM);
	else
		rc = peer_carry_request(carried, l->id, l->method, params);
	for (; rc == 0 && left > 0; data += n, left -= n) {
		n = left <= FRAME_PART ? left : str_utf8_cut(data, FRAME_PART);
		rc = peer_carry_part(carried, l->id, data, n);
	}
	json_decref(params);
	return rc;
}

static int
peer_carry_input(const struct peer *p, struct peer_carried *carried)
{
	for (size_t i = 0; i < nitems(p->longs); i++)
		if (p->longs[i].id != 0 && peer_carry_long(carried, &p->longs[i]) == -1)
			return -1;
	return buf_append(&carried->in, buf_data(&p->in), buf_len(&p->in));
}

/* ---- output ---- */

static int
peer_carry_piece(struct peer_carried *carried, const struct buf *bytes, int fd)
{
	struct peer_piece *piece = &carried->pieces[carried->npieces++];

	buf_init(&piece->bytes, 0);
	piece->fd = fd;
	return buf_append(&piece->bytes, buf_data(bytes), buf_len(bytes));
}

static int
peer_carry_output(const struct peer *p, struct peer_carried *carried)
{
	const struct peer_frame *frame;
	size_t count = 1;
	int rc;

	TAILQ_FOREACH(frame, &p->queue, link)
		count++;
	carried->pieces = calloc(count, sizeof(*carried->pieces));
	if (carried->pieces == NULL)
		return -1;
	rc = peer_carry_piece(carried, &p->batch, p->batch_fd);
	TAILQ_FOREACH(frame, &p->queue, link)
		if (rc == 0)
			rc = peer_carry_piece(carried, &frame->bytes, frame->fd);
	return rc;
}

int
peer_carry(const struct peer *p, struct peer_carried *carried)
{
	if (p->failed || p->freed || p->half_close)
		return fail_with(ENOTCONN);
	carried->fd = p->fd;
	carried->last_id = p->last_id;
	return peer_carry_input(p, carried) == 0 ? peer_carry_output(p, carried) : -1;
}

/* ---- in the new process ---- */

/* Queues bytes that are whole frames; fd is taken. */
static int
peer_resume_piece(struct peer *p, struct peer_piece *piece, uint64_t stamp)
{
	struct peer_frame *frame = calloc(1, sizeof(*frame));

	if (frame == NULL)
		return -1;
	frame->stamp = stamp;
	frame->fd = piece->fd;
	frame->bytes = piece->bytes;
	frame->bytes.secret = p->secret;
	piece->fd = -1;
	piece->bytes = (struct buf){ 0 };
	p->queued += buf_len(&frame->bytes);
	p->queued_fds += frame->fd != -1;
	TAILQ_INSERT_TAIL(&p->queue, frame, link);
	return 0;
}

int
peer_resume(struct peer *p, struct peer_carried *carried, uint64_t stamp, json_t *resumed)
{
	int rc = 0;

	p->last_id = p->dropped_id = carried->last_id;
	if (carried->npieces > 0) {
		rc = buf_append(&p->batch, buf_data(&carried->pieces[0].bytes),
		    buf_len(&carried->pieces[0].bytes));
		p->batch_fd = carried->pieces[0].fd;
		carried->pieces[0].fd = -1;
	}
	if (rc == -1)
		json_decref(resumed);
	else if (resumed != NULL)
		rc = peer_notify(p, "resumed", resumed, -1, 0);
	for (size_t i = 1; rc == 0 && i < carried->npieces; i++)
		rc = peer_resume_piece(p, &carried->pieces[i], stamp);
	if (rc == 0)
		rc = buf_append(&p->in, buf_data(&carried->in), buf_len(&carried->in));
	if (rc == -1) {
		peer_fail(p, false, "cannot be continued after the upgrade");
		return -1;
	}
	p->line = p->more = buf_len(&p->in) > 0;
	peer_soon(p, 0);
	return 0;
}
