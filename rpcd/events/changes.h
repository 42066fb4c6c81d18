/* Changes: the daemon and its processes in the order of their latest change, and a cursor
 * for each stream to a browser. Kept up to date by the mirror. A stream that returns with
 * the id of the last change that it has received continues there, unless it sees other
 * processes than before. */
#ifndef RPCD_EVENTS_CHANGES_H
#define RPCD_EVENTS_CHANGES_H

#include "common/compiler.h"
#include "proto/changelog.h"
#include "proto/mirror.h"

#include <stdbool.h>
#include <stdint.h>

#define CHANGES_KEPT 1024 /* removals that a stream that returns can still hear of */
#define CHANGES_ID_MAX 48 /* bytes of an id, with the final NUL */

struct changes;

/* Embedded in the stream. */
struct changes_cursor {
	struct changes *all;
	uint64_t sight; /* grant_sight of the client */
	struct changelog_cursor at;
	void (*ready)(void *ctx); /* called after each change */
	void *ctx;
	TAILQ_ENTRY(changes_cursor) link;
};

enum changes_kind {
	CHANGES_NONE,
	CHANGES_BEGIN,		/* a snapshot begins, of rows and the daemon */
	CHANGES_ROW,
	CHANGES_REMOVED,
	CHANGES_DAEMON,
	CHANGES_END,		/* the snapshot ends */
};

struct changes_item {
	enum changes_kind kind;
	bool in_snapshot;
	uint64_t id; /* CHANGES_ROW, CHANGES_REMOVED */
	const struct process_info
	    *info; /* CHANGES_ROW: borrowed until the mirror changes */
	/* CHANGES_REMOVED: names, borrowed until it is taken. */
	const char *group, *name;
};

/* New, with the content of the mirror, which must exist longer. */
struct changes *changes_new(struct mirror *);
/* All cursors must be closed. NULL is allowed. */
void changes_free(struct changes *);

/* Sets up a cursor whose `sight`, `ready` and `ctx` are set. It begins with a snapshot, or
 * behind the change with this id (NULL = none). The callee of `ready` must not close the
 * cursor at once. */
void changes_open(struct changes *, struct changes_cursor *, const char *last_id);
void changes_close(struct changes_cursor *);
/* The next change; CHANGES_NONE = nothing until `ready` is called. */
struct changes_item changes_next(const struct changes_cursor *);
/* It was sent, or is not to be sent. */
void changes_take(struct changes_cursor *);
/* Writes the id of the last change that was taken; "" during a snapshot. */
void changes_id(const struct changes_cursor *, char id[CHANGES_ID_MAX]);

#endif
