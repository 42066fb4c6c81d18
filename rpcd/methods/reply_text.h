/* Reply text: a reply being made: text, and between the texts ranges of logs that are
 * read and escaped only while the reply is sent, so that no log is in memory whole. */
#ifndef RPCD_METHODS_REPLY_TEXT_H
#define RPCD_METHODS_REPLY_TEXT_H

#include "common/buf.h"
#include "common/compiler.h"
#include "rpcd/budget.h"
#include "rpcd/methods/reply.h"
#include "rpcd/tail/logread.h"
#include "rpcd/xmlrpc/write.h"

#include <stddef.h>

#define REPLY_TEXT_MAX (32 * 1024 * 1024) /* a multicall adds nothing beyond */
#define REPLY_TEXT_LOGS_MAX 16            /* logs held open by one reply */
/* What a log costs, short or streamed: a piece, the same escaped, and libmicrohttpd's
 * block. */
#define REPLY_TEXT_LOG_COST ((2 + XMLWRITE_ESCAPED) * LOGREAD_PIECE)

#define REPLY_TEXT_RESULT 256 /* bytes of a small result, or of a fault of ours */

struct reply_text_part;

struct reply_text {
	struct reply_text_part *parts; /* owned */
	size_t nparts;
	size_t nlogs;                 /* held open, each counted in the budget */
	struct shared_buffer *shared; /* owned use: instead of all parts, or NULL */
	struct budget *budget;        /* the account … */
	size_t counted;  /* … and what is in it of this reply: its texts, … */
	size_t due;      /* … what other results will need at least, … */
	size_t reserved; /* … and this one */
};

void reply_text_init(struct reply_text *, struct budget *);
void reply_text_clear(struct reply_text *);
/* Where to write on; valid until the next reply_text_ call. */
struct buf *reply_text_buf(struct reply_text *);
/* Bytes of text in memory. */
size_t reply_text_size(const struct reply_text *);
/* May the text become n bytes longer? Small ones always may. */
NODISCARD bool reply_text_fits(const struct reply_text *, size_t n);
/* The same, and so it stays until reply_text_count, whatever others ask for. */
NODISCARD bool reply_text_reserve(struct reply_text *, size_t n);
/* A result has been written: brings the account up to date. */
void reply_text_count(struct reply_text *);
/* Adds a log's range as character data; takes fd. What fits one piece is read at once. 0,
 * or -1 with errno (EMFILE: too many logs, of this reply or of its listener); then nothing
 * was added. */
NODISCARD int reply_text_log(struct reply_text *, int fd, const struct logread_range *);
/* Takes back all text written since it had this size. */
void reply_text_rollback(struct reply_text *, size_t size);
/* The whole reply is this text; uses it. */
void reply_text_share(struct reply_text *, struct shared_buffer *);
/* Moves the content to the reply, as a body or as a stream. */
void reply_text_move(struct reply_text *, struct reply *);

#endif
