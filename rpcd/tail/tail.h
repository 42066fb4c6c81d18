/* Tail: reads logs that grow, each for one client through a descriptor, which is requested
 * again when the file may have been replaced. Independent of HTTP. */
#ifndef RPCD_TAIL_TAIL_H
#define RPCD_TAIL_TAIL_H

#include "common/compiler.h"
#include "rpcd/caller.h"
#include "rpcd/rpcd.h"
#include "rpcd/tail/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define TAIL_POLL_MS 100     /* between two checks of a log that does not grow */
#define TAIL_REQUEST_MS 5000 /* after which an unchanged log is requested again */
#define TAIL_LAST 1024       /* a tail begins so many bytes before the end */

struct tails; /* all tails of reeve-rpcd */
struct tail;

struct tail_ops {
	/* Called once, after tail_begin has returned: status 200 and the time of the last
	 * change, or the HTTP status of a refusal, upon which the callee frees the tail. */
	void (*opened)(void *ctx, int status, time_t changed);
	/* There is something to read after tail_read has returned 0. The callee neither
	 * reads nor frees the tail at once. */
	void (*ready)(void *ctx);
	int64_t last;   /* begins so many bytes before the end; 0 = TAIL_LAST */
	bool is_silent; /* no text tells of a truncated file: tail_offset does */
};

/* New; NULL with errno. */
struct tails *tails_new(struct rpcd *);
/* All tails must be freed. NULL is allowed. */
void tails_free(struct tails *);
/* The daemon ends: each tail ends at the current end of its log. */
void tails_end(struct tails *);

/* New: requests the log (target borrowed) from the master for the caller, who must exist
 * longer than the tail. NULL: that is not possible. */
struct tail *tail_begin(struct tails *, const struct tail_target *, const struct caller *,
    const struct tail_ops *, void *ctx);
void tail_free(void *tail); /* NULL is allowed */

#define TAIL_END (-1)
#define TAIL_BROKEN (-2)
/* Reads the next bytes. Their number; 0 = none until `ready` is called; TAIL_END;
 * TAIL_BROKEN: the log cannot be read. The cost does not depend on the size of the log. */
NODISCARD ssize_t tail_read(struct tail *, char *out, size_t max);
/* The offset in the file behind the bytes that were read last. A file that was truncated or
 * replaced begins at 0. */
int64_t tail_offset(const struct tail *);

/* The decisions of tail_read, public because they are tested without files. */
enum tail_move {
	TAIL_WAIT,
	TAIL_READ,
	TAIL_TRUNCATED,	/* continue at the beginning of the file */
	TAIL_NEXT,	/* the file is read completely: continue with the next one */
};
/* What to do at `pos` in a file of `size` bytes; has_next: another file has its name
 * now. */
enum tail_move tail_decide(int64_t pos, int64_t size, bool has_next);
/* How many of n > 0 bytes to send as one chunk, never 0. When more follows, no character is
 * cut, because supervisorctl decodes each chunk separately. */
size_t tail_cut(const char *bytes, size_t n, bool more);

#endif
