/* Follow: logs that grow while clients read them: each an open descriptor that is read from
 * where its client stands, and asked for again when its file may have been replaced
 * (design 6). Knows nothing of HTTP. */
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

#define FOLLOW_POLL_MS 100	/* from one look at a log that does not grow to the next */
#define FOLLOW_ASK_MS 5000	/* a log that shows no change is asked for again so often */
#define FOLLOW_LAST 1024	/* bytes before the end where following begins */

struct followers;	/* all of a front end */
struct follow;

struct follow_ops {
	/* Once: the log is open (200) and was last changed then, or the HTTP status of the
	 * refusal, on which the callee frees the follower. Never before follow_begin
	 * returns. */
	void (*opened)(void *ctx, int status, time_t changed);
	/* There is something to read after follow_read gave nothing; the callee does not
	 * free, but reads later. */
	void (*ready)(void *ctx);
};

/* New; a timer runs while somebody waits, and only then. NULL with errno. */
struct followers *followers_new(struct rpcd *);
void followers_free(struct followers *);	/* NULL is fine; no follower is left */
/* The daemon ends: each reads what its log holds and is at its end then. */
void followers_end(struct followers *);

/* Asks the master for the log, which is borrowed. NULL: the master cannot be asked. */
struct follow *follow_begin(
    struct followers *, const struct follow_target *, const struct follow_ops *, void *ctx);
void follow_free(struct follow *);	/* NULL is fine */

#define FOLLOW_END (-1)
#define FOLLOW_BROKEN (-2)
/* The next bytes: how many, 0 = none for now, FOLLOW_END, or FOLLOW_BROKEN (the log cannot
 * be read). Costs what it gives, whatever the log's size. */
NODISCARD ssize_t follow_read(struct follow *, char *out, size_t max);

/* What comes next for one who stands at `pos` in a file of `size` bytes; has_next: another
 * file has its name by now. A pure function. */
enum follow_move {
	FOLLOW_WAIT,
	FOLLOW_READ,
	FOLLOW_TRUNCATED,	/* it begins anew */
	FOLLOW_NEXT,		/* this one is done: on to the other */
};
enum follow_move follow_decide(int64_t pos, int64_t size, bool has_next);
/* How many of the n bytes go out as one chunk: no character is cut when more follows, for
 * supervisorctl decodes each chunk for itself. Never 0 for n > 0. A pure function. */
size_t follow_cut(const char *bytes, size_t n, bool more);

#endif
