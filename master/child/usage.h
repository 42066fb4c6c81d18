/* Usage: samples CPU time, memory, processes and open descriptors of the programs from
 * /proc, only when a caller asks. One pass over /proc makes a sample of all programs, in
 * steps of a few processes, so that a turn of the loop stays short. Callers that ask while
 * a sample is made, or shortly after, share it. */
#ifndef MASTER_CHILD_USAGE_H
#define MASTER_CHILD_USAGE_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/child/usage_table.h"
#include "master/process/group.h"

#include <stdint.h>

#define USAGE_STEP 50               /* processes in a turn of the loop */
#define USAGE_KEPT_MS 2000          /* a sample serves callers for this time */
#define USAGE_ASKERS_MAX 1024       /* callers that wait */
#define USAGE_ASKERS_PER_CLIENT 256 /* of them with one ctx */

struct usage;

/* Called once, when a sample exists; the numbers are the caller's. */
typedef void usage_fn(void *ctx, uint64_t request, uint64_t which);

/* New; proc is the path of the file system, "/proc". NULL with errno. */
struct usage *usage_new(struct loop *, struct groups *, const char *proc);
void usage_free(struct usage *); /* NULL is fine; callers that wait are not called */
/* Calls fn: at once if a sample is recent enough, else later. 0; or -1 with ENOMEM, or
 * ENOBUFS when too many wait. */
NODISCARD int usage_ask(
    struct usage *usage, usage_fn *fn, void *ctx, uint64_t request, uint64_t which);
/* A caller is going away: fn is not called with this ctx any more. */
void usage_forget(struct usage *, const void *ctx);
/* What a process that runs uses, by the latest sample. Borrowed; NULL = unknown: it was
 * spawned after the sample, or cannot be seen in /proc. */
const struct usage_row *usage_of(const struct usage *, const struct process *);

#endif
