/* Reply text: a reply being made. It consists of texts and of ranges of logs in between,
 * which are read and escaped while the reply is sent, so that no log is in memory as a
 * whole. */
#ifndef RPCD_METHODS_REPLY_TEXT_H
#define RPCD_METHODS_REPLY_TEXT_H

#include "common/buf.h"
#include "common/compiler.h"
#include "rpcd/budget.h"
#include "rpcd/methods/reply.h"
#include "rpcd/methods/writer.h"
#include "rpcd/tail/logread.h"

#include <stddef.h>

#define REPLY_TEXT_MAX (32 * 1024 * 1024) /* a longer multicall gets no more results */
#define REPLY_TEXT_LOGS_MAX 16            /* logs that one reply may keep open */
/* Memory for a log: a piece, its escaped form, and the block of libmicrohttpd. */
#define REPLY_TEXT_LOG_COST ((2 + WRITER_ESCAPED) * LOGREAD_PIECE)

#define REPLY_TEXT_RESULT 256 /* bytes of a small result or fault */

struct reply_text_part;

struct reply_text {
	struct reply_text_part *parts; /* owned */
	size_t nparts;
	size_t nlogs;                 /* logs open, each counted in the budget */
	struct shared_buffer *shared; /* the whole reply, owned reference, or NULL */
	struct budget *budget;        /* borrowed */
	const struct writer_format *format;
	size_t counted;  /* bytes of this reply in the budget: texts, `due`, `reserved` */
	size_t due;      /* bytes for the results that have not begun */
	size_t reserved; /* bytes for the result that is being made */
};

void reply_text_init(struct reply_text *, struct budget *, const struct writer_format *);
void reply_text_clear(struct reply_text *);
/* The buffer to append to; valid until the next reply_text_ call. */
struct buf *reply_text_buf(struct reply_text *);
struct writer reply_text_writer(struct reply_text *); /* the same, for values */
/* Bytes of text in memory. */
size_t reply_text_size(const struct reply_text *);
/* Whether the text may become n bytes longer; a small text always may. */
NODISCARD bool reply_text_fits(const struct reply_text *, size_t n);
/* The same, and reserves the n bytes until reply_text_count. */
NODISCARD bool reply_text_reserve(struct reply_text *, size_t n);
/* A result was written: counts its bytes instead of the reserved ones. */
void reply_text_count(struct reply_text *);
/* Adds a range of a log as character data; takes fd. A range that fits one piece is read at
 * once. 0, or -1 with errno and nothing added (EMFILE: this reply or the listener has too
 * many logs open). */
NODISCARD int reply_text_log(struct reply_text *, int fd, const struct logread_range *);
/* Removes all text written since it had this size. */
void reply_text_rollback(struct reply_text *, size_t size);
/* Makes the text, of which it takes a reference, the whole reply. */
void reply_text_share(struct reply_text *, struct shared_buffer *);
/* Moves the content to the reply, as a text or as a stream. */
void reply_text_move(struct reply_text *, struct reply *);

#endif
