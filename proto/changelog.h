/* Changelog: rows in the order of their latest change, and a cursor for each subscriber. A
 * row that changes gets the next number and moves to the end. A slow subscriber costs no
 * memory: its cursor takes each row once, with the content of that moment. A snapshot is a
 * cursor at the head of the list. A removed row stays as a tombstone until all cursors have
 * passed it; when there are too many, the cursors that have not passed them begin a new
 * snapshot. The rows are embedded in their objects. A subscriber that returns continues
 * where it was, if the tombstones since then are still there. */
#ifndef PROTO_CHANGELOG_H
#define PROTO_CHANGELOG_H

#include "common/compiler.h"
#include "common/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGELOG_TOMBSTONES 4096 /* kept for slow cursors */

struct changelog_row {
	TAILQ_ENTRY(changelog_row) in_rows;
	TAILQ_ENTRY(changelog_row) in_tombstones;
	uint64_t seq; /* of the latest change */
};

enum changelog_phase {
	CHANGELOG_BEGIN,	/* the mark that begins a snapshot is next */
	CHANGELOG_ROWS,		/* rows of the snapshot are next */
	CHANGELOG_END,		/* the mark that ends the snapshot is next */
	CHANGELOG_LIVE,		/* changes are next */
};

struct changelog_cursor {
	TAILQ_ENTRY(changelog_cursor) in_cursors;
	struct changelog_row *next; /* first row not taken yet; NULL = none */
	uint64_t reached;           /* number of the last row taken */
	uint64_t snapshot;          /* number of the newest row of the snapshot */
	enum changelog_phase phase;
};

struct changelog {
	TAILQ_HEAD(changelog_rows, changelog_row) rows; /* ascending seq */
	TAILQ_HEAD(, changelog_row) tombstones;         /* ascending seq */
	TAILQ_HEAD(, changelog_cursor) cursors;
	size_t ntombstones;
	size_t kept;        /* tombstones that stay for subscribers that return; 0 = none */
	uint64_t forgotten; /* number of the newest tombstone that was dropped */
	uint64_t *seq;      /* the latest number, borrowed */
	void (*drop)(struct changelog_row *); /* frees a tombstone */
};

void changelog_init(
    struct changelog *, uint64_t *seq, void (*drop)(struct changelog_row *));
/* A new row, under the next number. */
void changelog_add(struct changelog *, struct changelog_row *);
void changelog_change(struct changelog *, struct changelog_row *);
/* Makes the row a tombstone, which `drop` frees later. */
void changelog_remove(struct changelog *, struct changelog_row *);

/* Sets up the cursor of a new subscriber, whose snapshot begins. */
void changelog_subscribe(struct changelog *, struct changelog_cursor *);
/* Sets up the cursor of a subscriber that returns and has everything up to the number
 * `reached`. False, and nothing is done: it needs a snapshot. */
NODISCARD bool changelog_resume(
    struct changelog *, struct changelog_cursor *, uint64_t reached);
void changelog_unsubscribe(struct changelog *, struct changelog_cursor *);
/* The number up to which the subscriber has everything; 0 during its snapshot. */
uint64_t changelog_reached(const struct changelog_cursor *);
/* In CHANGELOG_BEGIN and CHANGELOG_END: the subscriber has taken the mark. */
void changelog_take_mark(const struct changelog *, struct changelog_cursor *);
/* The subscriber has taken all rows up to this one. */
void changelog_take(struct changelog_cursor *, const struct changelog_row *);

static inline struct changelog_row *
changelog_after(const struct changelog_row *row)
{
	return TAILQ_NEXT(row, in_rows);
}

#endif
