/* Tail: logs that grow while clients read them: each an open descriptor that is read from
 * where its client stands, and requested again when its file may have been replaced.
 * Knows nothing of HTTP. */
#ifndef RPCD_TAIL_TAIL_H
#define RPCD_TAIL_TAIL_H

#include "common/compiler.h"
#include "rpcd/rpcd.h"
#include "rpcd/tail/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define TAIL_POLL_MS 100 /* from one look at a log that does not grow to the next */
#define TAIL_ASK_MS 5000 /* a log that shows no change is asked for again so often */
#define TAIL_LAST 1024   /* bytes before the end where a tail begins */

struct tails; /* all of reeve-rpcd */
struct tail;

struct tail_ops {
	/* Once: the log is open (200) and was last changed then, or the HTTP status of the
	 * refusal, on which the callee frees the tail. Never before tail_begin
	 * returns. */
	void (*opened)(void *ctx, int status, time_t changed);
	/* There is something to read after tail_read gave nothing; the callee does not
	 * free, but reads later. */
	void (*ready)(void *ctx);
};

/* New; its timer runs only while a tail waits. NULL with errno. */
struct tails *tails_new(struct rpcd *);
void tails_free(struct tails *); /* NULL is fine; no tail is left */
/* The daemon ends: each reads what its log holds and is at its end then. */
void tails_end(struct tails *);

/* Asks the master for the log, which is borrowed. NULL: the master cannot be asked. */
struct tail *tail_begin(
    struct tails *, const struct tail_target *, const struct tail_ops *, void *ctx);
void tail_free(void *tail); /* NULL is fine */

#define TAIL_END (-1)
#define TAIL_BROKEN (-2)
/* The next bytes: how many, 0 = none for now, TAIL_END, or TAIL_BROKEN (the log cannot
 * be read). The cost does not depend on the log's size. */
NODISCARD ssize_t tail_read(struct tail *, char *out, size_t max);

/* What comes next at `pos` in a file of `size` bytes; has_next: another file has its name
 * now. A pure function. */
enum tail_move {
	TAIL_WAIT,
	TAIL_READ,
	TAIL_TRUNCATED,	/* read it from its beginning */
	TAIL_NEXT,		/* this one is done: on to the other */
};
enum tail_move tail_decide(int64_t pos, int64_t size, bool has_next);
/* How many of the n bytes go out as one chunk: no character is cut when more follows, for
 * supervisorctl decodes each chunk for itself. Never 0 for n > 0. A pure function. */
size_t tail_cut(const char *bytes, size_t n, bool more);

#endif
