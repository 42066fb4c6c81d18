#include "rpcd/methods/document.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A text and the range that follows it. */
struct document_part {
	struct buf text;
	int fd;		/* -1 = no range */
	struct logread_range range;
};

void
document_init(struct document *doc, struct budget *budget)
{
	*doc = (struct document){ .budget = budget };
}

static void
part_clear(struct document *doc, struct document_part *part)
{
	buf_clear(&part->text);
	if (part->fd < 0)
		return;
	close(part->fd);
	part->fd = -1;
	budget_release_file(doc->budget);
}

void
document_clear(struct document *doc)
{
	for (size_t i = 0; i < doc->nparts; i++)
		part_clear(doc, &doc->parts[i]);
	free(doc->parts);
	shared_buffer_unref(doc->shared);
	if (doc->counted > 0)
		budget_release(doc->budget, doc->counted);
	document_init(doc, doc->budget);
}

static struct document_part *
document_last(struct document *doc)
{
	return doc->nparts > 0 ? &doc->parts[doc->nparts - 1] : NULL;
}

static struct document_part *
document_grow(struct document *doc)
{
	struct document_part *part;

	doc->parts = xreallocarray(doc->parts, doc->nparts + 1, sizeof(*doc->parts));
	part = &doc->parts[doc->nparts++];
	*part = (struct document_part){ .fd = -1 };
	buf_init(&part->text, 0);
	return part;
}

struct buf *
document_text(struct document *doc)
{
	struct document_part *part = document_last(doc);

	if (part == NULL || part->fd >= 0)
		part = document_grow(doc);
	return &part->text;
}

size_t
document_size(const struct document *doc)
{
	size_t size = 0;

	for (size_t i = 0; i < doc->nparts; i++)
		size += buf_len(&doc->parts[i].text);
	return size;
}

/* What the document is in the account for when it has n bytes more. */
static size_t
document_cost(const struct document *doc, size_t n)
{
	size_t cost = document_size(doc) + doc->due + doc->reserved + n;

	if (doc->nlogs > 0)
		cost += DOCUMENT_LOG_COST;
	return cost > BUDGET_SMALL ? cost : 0;
}

bool
document_fits(const struct document *doc, size_t n)
{
	size_t cost = document_cost(doc, n);

	return cost <= doc->counted || budget_fits(doc->budget, cost - doc->counted);
}

static void
recount(struct document *doc)
{
	size_t cost = document_cost(doc, 0);

	if (cost > doc->counted)
		budget_add(doc->budget, cost - doc->counted);
	else if (cost < doc->counted)
		budget_release(doc->budget, doc->counted - cost);
	doc->counted = cost;
}

bool
document_reserve(struct document *doc, size_t n)
{
	doc->reserved = 0;
	if (!document_fits(doc, n))
		return false;
	doc->reserved = n;
	recount(doc);
	return true;
}

void
document_count(struct document *doc)
{
	doc->reserved = 0;
	recount(doc);
}

void
document_rollback(struct document *doc, size_t size)
{
	struct buf *text = document_text(doc);

	text->len -= document_size(doc) - size;
}

void
document_share(struct document *doc, struct shared_buffer *text)
{
	document_clear(doc);
	doc->shared = shared_buffer_ref(text);
}

/* A range that fits one piece. */
static int
add_short_log(struct document *doc, int fd, const struct logread_range *range)
{
	char *bytes = xmalloc(LOGREAD_PIECE);
	ssize_t n = logread_bytes(fd, range->offset, bytes, (size_t)range->length);
	int error = errno;

	if (n > 0)
		xmlwrite_escape(document_text(doc), bytes, (size_t)n, true);
	free(bytes);
	close(fd);
	errno = error;
	return n < 0 ? -1 : 0;
}

int
document_log(struct document *doc, int fd, const struct logread_range *range)
{
	struct document_part *part;

	if (range->length <= LOGREAD_PIECE)
		return add_short_log(doc, fd, range);
	if (doc->nlogs >= DOCUMENT_LOGS_MAX || !budget_add_file(doc->budget)) {
		return fd_fail(fd, EMFILE);
	}
	document_text(doc); /* a part without a range */
	part = document_last(doc);
	part->fd = fd;
	part->range = *range;
	doc->nlogs++;
	return 0;
}

/* ---- the stream ---- */

struct stream {
	struct reply_stream reply;
	struct document doc;
	size_t at;		/* part being sent; its text is consumed as it goes */
	struct buf escaped;	/* of its range, not yet sent */
	char piece[LOGREAD_PIECE];
};

/* Fills `escaped` with the next piece of the part's range. A file that was cut meanwhile
 * ends the range early. 0 or -1. */
static int
stream_piece(struct stream *stream, struct document_part *part)
{
	size_t want = LOGREAD_PIECE, used;
	ssize_t n;

	if (part->range.length < LOGREAD_PIECE)
		want = (size_t)part->range.length;
	n = logread_bytes(part->fd, part->range.offset, stream->piece, want);
	if (n < 0)
		return -1;
	if ((size_t)n < want)
		part->range.length = n;
	used = xmlwrite_escape(&stream->escaped, stream->piece, (size_t)n,
	    n == part->range.length);
	part->range.offset += (int64_t)used;
	part->range.length -= (int64_t)used;
	return 0;
}

/* The bytes that are next, NULL at the end of the document or on an error. */
static struct buf *
stream_next(struct stream *stream, bool *failed)
{
	for (; stream->at < stream->doc.nparts; stream->at++) {
		struct document_part *part = &stream->doc.parts[stream->at];

		if (buf_len(&part->text) > 0)
			return &part->text;
		if (part->fd >= 0 && buf_len(&stream->escaped) == 0 &&
		    part->range.length > 0 && stream_piece(stream, part) < 0) {
			*failed = true;
			return NULL;
		}
		if (buf_len(&stream->escaped) > 0)
			return &stream->escaped;
		part_clear(&stream->doc, part);
		document_count(&stream->doc);
	}
	return NULL;
}

static ssize_t
stream_read(struct reply_stream *reply, char *out, size_t max)
{
	struct stream *stream = container_of(reply, struct stream, reply);
	bool failed = false;
	struct buf *next = stream_next(stream, &failed);
	size_t n;

	if (next == NULL) {
		if (failed)
			log_limited(&stream->doc.budget->unread, LEVEL_WARN,
			    "reading a log: %s", strerror(errno));
		return failed ? -1 : 0;
	}
	n = buf_len(next) < max ? buf_len(next) : max;
	memcpy(out, buf_data(next), n);
	buf_consume(next, n);
	return (ssize_t)n;
}

static void
stream_free(struct reply_stream *reply)
{
	struct stream *stream = container_of(reply, struct stream, reply);

	document_clear(&stream->doc);
	buf_clear(&stream->escaped);
	free(stream);
}

/* The only text of the document: small ones cost no more than their bytes. */
static void
reply_text(struct document *doc, struct reply *reply)
{
	struct budget *budget = doc->budget;
	struct buf text = doc->parts[0].text;

	buf_init(&doc->parts[0].text, 0);
	document_clear(doc);
	if (buf_len(&text) > BUDGET_SMALL)
		reply->shared = shared_buffer_new(&text, budget);
	else
		reply->body = text;
}

void
document_reply(struct document *doc, struct reply *reply)
{
	struct stream *stream;

	*reply = (struct reply){ .status = 200, .shared = doc->shared };
	if (doc->shared != NULL) {
		doc->shared = NULL;
		reply->counted = reply->shared->len;
		return;
	}
	if (doc->nparts == 1 && doc->parts[0].fd < 0) {
		reply->counted = document_size(doc);
		reply_text(doc, reply);
		return;
	}
	document_count(doc);
	reply->counted = doc->counted;
	stream = xcalloc(1, sizeof(*stream));
	stream->doc = *doc;
	document_init(doc, stream->doc.budget);
	buf_init(&stream->escaped, 0);
	stream->reply = (struct reply_stream){ stream_read, stream_free };
	reply->stream = &stream->reply;
}
