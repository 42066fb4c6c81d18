/* Document: a reply being made: text, and between the texts ranges of logs that are
 * read and escaped only while the reply is sent, so that no log is held whole. */
#ifndef RPCD_DOCUMENT_H
#define RPCD_DOCUMENT_H

#include "common/buf.h"
#include "common/compiler.h"
#include "rpcd/call.h"
#include "rpcd/logread.h"

#include <stddef.h>

#define DOCUMENT_TEXT_MAX (32 * 1024 * 1024)	/* a multicall adds nothing beyond */
#define DOCUMENT_LOGS_MAX 16			/* logs held open by one reply */

struct document_part;

struct document {
	struct document_part *parts;	/* owned */
	size_t nparts;
	size_t nlogs;			/* held open */
	struct sharedtext *shared;	/* owned use: instead of all parts, or NULL */
};

void document_init(struct document *);
void document_clear(struct document *);
/* Where to write on; valid until the next document_ call. */
struct buf *document_text(struct document *);
/* Bytes of text held. */
size_t document_held(const struct document *);
/* Adds a log's range as character data; takes fd. What fits one piece is read at once. 0,
 * or -1 with errno (EMFILE: too many logs); then nothing was added. */
NODISCARD int document_log(struct document *, int fd, const struct logread_range *);
/* Takes back all text written since the document held so much. */
void document_rollback(struct document *, size_t held);
/* The whole document is this text; uses it. */
void document_share(struct document *, struct sharedtext *);
/* Moves the content to the reply, as a body or as a stream. */
void document_reply(struct document *, struct reply *);

#endif
