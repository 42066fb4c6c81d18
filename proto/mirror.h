/* Mirror: a subscriber's copy of the master's state, kept up to date by the state stream
 * (reeve-protocol(7)). reeve-rpcd and reevectl answer every read of the state from it. */
#ifndef PROTO_MIRROR_H
#define PROTO_MIRROR_H

#include "common/compiler.h"
#include "common/queue.h"
#include "proto/state.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct idmap;

/* A row has changed (info: its new content, borrowed) or was removed (info NULL). */
typedef void mirror_change_fn(void *ctx, uint64_t id, const struct process_info *info);

/* Somebody who is called after each change. Embedded in the object that registers it; the
 * functions may apply further frames, and may remove their own observer but no other. */
struct mirror_observer {
	mirror_change_fn *row;
	void (*daemon)(void *ctx); /* the daemon has changed; NULL = of no interest */
	void *ctx;
	TAILQ_ENTRY(mirror_observer) link; /* set by mirror_observe */
};

/* Others only read the members. Pointers to rows are valid until the next mirror_apply. */
struct mirror {
	const struct process_info **rows; /* by group, name (code points), id */
	size_t count;
	struct daemon_info daemon; /* RUNNING with empty texts until the stream has it */
	bool ready;       /* a whole snapshot has been received and none is under way */
	uint64_t reached; /* stream number up to which this copy is complete */
	uint64_t version; /* raised with each change or removal of a row */

	/* Private. */
	struct idmap *by_id; /* of struct mirror_row, owned */
	size_t capacity;     /* of `rows` */
	uint64_t snapshot;   /* number of the latest snapshot, 0 = none yet */
	TAILQ_HEAD(, mirror_observer) observers;
};

/* New, or NULL with ENOMEM. */
struct mirror *mirror_new(void);
void mirror_free(struct mirror *);
/* Adds an observer (borrowed), which is called after those added before. */
void mirror_observe(struct mirror *, struct mirror_observer *);
void mirror_unobserve(struct mirror *, struct mirror_observer *);
/* Applies one notification of the stream. 1, 0 when `method` is no notification of the
 * stream, or -1 with errno: EINVAL (the params break the protocol) or ENOMEM. */
NODISCARD int mirror_apply(struct mirror *, const char *method, const json_t *params);
/* A row (borrowed), or NULL. */
const struct process_info *mirror_by_id(const struct mirror *, uint64_t id);
/* Of two rows with the same name, the newer one. */
const struct process_info *mirror_find(
    const struct mirror *, const char *group, const char *name);

#endif
