#include "rpcd/methods/reply_text.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A text and the range that follows it. */
struct reply_text_part {
	struct buf text;
	int fd; /* -1 = no range */
	struct logread_range range;
};

void
reply_text_init(
    struct reply_text *doc, struct budget *budget, const struct writer_format *format)
{
	*doc = (struct reply_text){ .budget = budget, .format = format };
}

static void
reply_text_clear_part(struct reply_text *doc, struct reply_text_part *part)
{
	buf_clear(&part->text);
	if (part->fd < 0)
		return;
	close(part->fd);
	part->fd = -1;
	budget_release_file(doc->budget);
}

void
reply_text_clear(struct reply_text *doc)
{
	for (size_t i = 0; i < doc->nparts; i++)
		reply_text_clear_part(doc, &doc->parts[i]);
	free(doc->parts);
	shared_buffer_unref(doc->shared);
	if (doc->counted > 0)
		budget_release(doc->budget, doc->counted);
	reply_text_init(doc, doc->budget, doc->format);
}

/* The last part, which has no range. */
static struct reply_text_part *
reply_text_last(struct reply_text *doc)
{
	struct reply_text_part *part;

	if (doc->nparts > 0 && doc->parts[doc->nparts - 1].fd < 0)
		return &doc->parts[doc->nparts - 1];
	doc->parts = xreallocarray(doc->parts, doc->nparts + 1, sizeof(*doc->parts));
	part = &doc->parts[doc->nparts++];
	*part = (struct reply_text_part){ .fd = -1 };
	buf_init(&part->text, 0);
	/* Most replies fit, so that their memory does not have to grow. */
	mem_must(buf_reserve(&part->text, REPLY_TEXT_RESULT) != NULL ? 0 : -1);
	return part;
}

struct buf *
reply_text_buf(struct reply_text *doc)
{
	return &reply_text_last(doc)->text;
}

struct writer
reply_text_writer(struct reply_text *doc)
{
	return (struct writer){ doc->format, reply_text_buf(doc) };
}

size_t
reply_text_size(const struct reply_text *doc)
{
	size_t size = 0;

	for (size_t i = 0; i < doc->nparts; i++)
		size += buf_len(&doc->parts[i].text);
	return size;
}

/* The bytes to count in the budget when the text has n bytes more. */
static size_t
reply_text_cost(const struct reply_text *doc, size_t n)
{
	size_t cost = reply_text_size(doc) + doc->due + doc->reserved + n;

	if (doc->nlogs > 0)
		cost += REPLY_TEXT_LOG_COST;
	return cost > BUDGET_SMALL ? cost : 0;
}

bool
reply_text_fits(const struct reply_text *doc, size_t n)
{
	size_t cost = reply_text_cost(doc, n);

	return cost <= doc->counted || budget_fits(doc->budget, cost - doc->counted);
}

/* Updates the budget, with this many bytes reserved. */
static void
reply_text_account(struct reply_text *doc, size_t reserved)
{
	size_t cost;

	doc->reserved = reserved;
	cost = reply_text_cost(doc, 0);
	if (cost > doc->counted)
		budget_add(doc->budget, cost - doc->counted);
	else if (cost < doc->counted)
		budget_release(doc->budget, doc->counted - cost);
	doc->counted = cost;
}

bool
reply_text_reserve(struct reply_text *doc, size_t n)
{
	doc->reserved = 0;
	if (!reply_text_fits(doc, n))
		return false;
	reply_text_account(doc, n);
	return true;
}

void
reply_text_count(struct reply_text *doc)
{
	reply_text_account(doc, 0);
}

void
reply_text_rollback(struct reply_text *doc, size_t size)
{
	struct buf *text = reply_text_buf(doc);

	text->len -= reply_text_size(doc) - size;
}

void
reply_text_share(struct reply_text *doc, struct shared_buffer *text)
{
	reply_text_clear(doc);
	doc->shared = shared_buffer_ref(text);
}

int
reply_text_log(struct reply_text *doc, int fd, const struct logread_range *range)
{
	struct reply_text_part *part = reply_text_last(doc);
	char *bytes;
	ssize_t n;

	if (range->length <= LOGREAD_PIECE) {
		bytes = xmalloc(LOGREAD_PIECE);
		n = logread_bytes(fd, range->offset, bytes, (size_t)range->length);
		if (n > 0)
			doc->format->escape(&part->text, bytes, (size_t)n, true);
		free(bytes);
		fd_close(fd);
		return n < 0 ? -1 : 0;
	}
	if (doc->nlogs >= REPLY_TEXT_LOGS_MAX || !budget_add_file(doc->budget))
		return fd_fail(fd, EMFILE);
	part->fd = fd;
	part->range = *range;
	doc->nlogs++;
	return 0;
}

/* ---- the stream ---- */

struct stream {
	struct reply_stream reply;
	struct reply_text doc;
	size_t at;          /* the part being sent, whose text is consumed */
	struct buf escaped; /* escaped bytes of its range that are not sent yet */
	char piece[LOGREAD_PIECE];
};

/* Fills `escaped` with the next piece of the part's range, which ends early when the file
 * was truncated. 0, or -1 with errno. */
static int
reply_text_stream_piece(struct stream *stream, struct reply_text_part *part)
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
	used = stream->doc.format->escape(
	    &stream->escaped, stream->piece, (size_t)n, n == part->range.length);
	part->range.offset += (int64_t)used;
	part->range.length -= (int64_t)used;
	return 0;
}

static ssize_t
reply_text_stream_read(struct reply_stream *reply, char *out, size_t max)
{
	struct stream *stream = container_of(reply, struct stream, reply);
	struct reply_text_part *part;
	struct buf *next;
	size_t n;

	for (; stream->at < stream->doc.nparts; stream->at++) {
		part = &stream->doc.parts[stream->at];
		next = buf_len(&part->text) > 0 ? &part->text : &stream->escaped;
		if (buf_len(next) == 0 && part->fd >= 0 && part->range.length > 0 &&
		    reply_text_stream_piece(stream, part) < 0) {
			log_limited(&stream->doc.budget->unread, LEVEL_WARN,
			    "cannot read a log for a client: %s", strerror(errno));
			return -1;
		}
		if (buf_len(next) > 0) {
			n = buf_len(next) < max ? buf_len(next) : max;
			memcpy(out, buf_data(next), n);
			buf_consume(next, n);
			return (ssize_t)n;
		}
		reply_text_clear_part(&stream->doc, part);
		reply_text_count(&stream->doc);
	}
	return 0;
}

static void
reply_text_stream_free(void *reply)
{
	struct stream *stream = container_of(reply, struct stream, reply);

	reply_text_clear(&stream->doc);
	buf_clear(&stream->escaped);
	free(stream);
}

void
reply_text_move(struct reply_text *doc, struct reply *reply)
{
	struct stream *stream;
	struct buf text;

	*reply = (struct reply){
		.status = 200, .type = doc->format->type, .shared = doc->shared
	};
	if (doc->shared != NULL) {
		doc->shared = NULL;
		reply->counted = reply->shared->len;
		return;
	}
	if (doc->nparts == 1 && doc->parts[0].fd < 0) {
		reply->counted = reply_text_size(doc);
		/* A small text is not counted and needs no shared buffer. */
		text = doc->parts[0].text;
		buf_init(&doc->parts[0].text, 0);
		reply_text_clear(doc);
		if (buf_len(&text) > BUDGET_SMALL)
			reply->shared = shared_buffer_new(&text, doc->budget);
		else
			reply->body = text;
		return;
	}
	reply_text_count(doc);
	reply->counted = doc->counted;
	stream = xcalloc(1, sizeof(*stream));
	stream->doc = *doc;
	reply_text_init(doc, stream->doc.budget, stream->doc.format);
	buf_init(&stream->escaped, 0);
	stream->reply =
	    (struct reply_stream){ reply_text_stream_read, reply_text_stream_free };
	reply->stream = &stream->reply;
}
