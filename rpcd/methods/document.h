/* Document: a reply being made: text, and between the texts ranges of logs that are
 * read and escaped only while the reply is sent, so that no log is in memory whole. */
#ifndef RPCD_METHODS_DOCUMENT_H
#define RPCD_METHODS_DOCUMENT_H

#include "common/buf.h"
#include "common/compiler.h"
#include "rpcd/budget.h"
#include "rpcd/methods/reply.h"
#include "rpcd/tail/logread.h"
#include "rpcd/xmlrpc/write.h"

#include <stddef.h>

#define DOCUMENT_TEXT_MAX (32 * 1024 * 1024)	/* a multicall adds nothing beyond */
#define DOCUMENT_LOGS_MAX 16			/* logs held open by one reply */
/* What a log costs, short or streamed: a piece, the same escaped, and libmicrohttpd's
 * block. */
#define DOCUMENT_LOG_COST ((2 + XMLWRITE_ESCAPED) * LOGREAD_PIECE)

#define DOCUMENT_RESULT 256	/* bytes of a small result, or of a fault of ours */

struct document_part;

struct document {
	struct document_part *parts;	/* owned */
	size_t nparts;
	size_t nlogs;			/* held open, each counted in the budget */
	struct shared_buffer *shared;	/* owned use: instead of all parts, or NULL */
	struct budget *budget;	/* the account … */
	size_t counted;		/* … and what is in it of this document: its texts, … */
	size_t due;		/* … what other results will need at least, … */
	size_t reserved;	/* … and this one */
};

void document_init(struct document *, struct budget *);
void document_clear(struct document *);
/* Where to write on; valid until the next document_ call. */
struct buf *document_text(struct document *);
/* Bytes of text in memory. */
size_t document_size(const struct document *);
/* May the document become n bytes longer? Small ones always may. */
NODISCARD bool document_fits(const struct document *, size_t n);
/* The same, and so it stays until document_count, whatever others ask for. */
NODISCARD bool document_reserve(struct document *, size_t n);
/* A result has been written: brings the account up to date. */
void document_count(struct document *);
/* Adds a log's range as character data; takes fd. What fits one piece is read at once. 0,
 * or -1 with errno (EMFILE: too many logs, of this reply or of its listener); then nothing
 * was added. */
NODISCARD int document_log(struct document *, int fd, const struct logread_range *);
/* Takes back all text written since the document had this size. */
void document_rollback(struct document *, size_t size);
/* The whole document is this text; uses it. */
void document_share(struct document *, struct shared_buffer *);
/* Moves the content to the reply, as a body or as a stream. */
void document_reply(struct document *, struct reply *);

#endif
