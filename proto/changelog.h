/* Changelog: rows in the order of their latest change, and a cursor for each subscriber. A
 * row that changes moves to the end under the next number, so a subscriber that falls
 * behind costs no memory: it takes the rows that it has not seen, once each, as they are
 * when it takes them. A snapshot is a cursor at the head of the list. A removed row stays
 * as a tombstone until all cursors have passed it; when too many stay, the cursors that
 * have not passed them begin a new snapshot. The rows are embedded in their objects. */
#ifndef PROTO_CHANGELOG_H
#define PROTO_CHANGELOG_H

#include "common/queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANGELOG_TOMBSTONES 4096

struct changelog_row {
	TAILQ_ENTRY(changelog_row) in_rows;
	TAILQ_ENTRY(changelog_row) in_tombstones;
	uint64_t seq; /* of the latest change */
};

enum changelog_phase {
	CHANGELOG_BEGIN,	/* a snapshot is to begin */
	CHANGELOG_ROWS,		/* of the snapshot */
	CHANGELOG_END,		/* all rows of the snapshot were taken */
	CHANGELOG_LIVE,		/* changes follow */
};

struct changelog_cursor {
	TAILQ_ENTRY(changelog_cursor) in_cursors;
	struct changelog_row *next; /* first row not yet taken; NULL = all taken */
	uint64_t reached;           /* number of the last row taken */
	uint64_t snapshot;          /* number up to which the snapshot goes */
	enum changelog_phase phase;
};

struct changelog {
	TAILQ_HEAD(changelog_rows, changelog_row) rows; /* ascending seq */
	TAILQ_HEAD(, changelog_row) tombstones;         /* likewise */
	TAILQ_HEAD(, changelog_cursor) cursors;
	size_t ntombstones;
	uint64_t *seq;                        /* the latest number, borrowed */
	void (*drop)(struct changelog_row *); /* frees a tombstone */
};

void changelog_init(
    struct changelog *, uint64_t *seq, void (*drop)(struct changelog_row *));
/* A new row, under the next number. */
void changelog_add(struct changelog *, struct changelog_row *);
void changelog_change(struct changelog *, struct changelog_row *);
/* The row becomes a tombstone, which `drop` frees later. */
void changelog_remove(struct changelog *, struct changelog_row *);

/* A new subscriber, at the beginning of its snapshot. */
void changelog_subscribe(struct changelog *, struct changelog_cursor *);
void changelog_unsubscribe(struct changelog *, struct changelog_cursor *);
/* The number up to which the subscriber has everything; 0 while its snapshot lasts. */
uint64_t changelog_reached(const struct changelog_cursor *);
/* In CHANGELOG_BEGIN and CHANGELOG_END: the mark was taken. */
void changelog_take_mark(const struct changelog *, struct changelog_cursor *);
/* All rows up to this one were taken. */
void changelog_take(struct changelog_cursor *, const struct changelog_row *);

static inline struct changelog_row *
changelog_after(const struct changelog_row *row)
{
	return TAILQ_NEXT(row, in_rows);
}

#endif
