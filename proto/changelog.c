#include "proto/changelog.h"

void
changelog_init(struct changelog *log, uint64_t *seq, void (*drop)(struct changelog_row *))
{
	*log = (struct changelog){ .seq = seq, .drop = drop };
	TAILQ_INIT(&log->rows);
	TAILQ_INIT(&log->tombstones);
	TAILQ_INIT(&log->cursors);
}

void
changelog_add(struct changelog *log, struct changelog_row *row)
{
	struct changelog_cursor *cursor;

	row->seq = ++*log->seq;
	TAILQ_INSERT_TAIL(&log->rows, row, in_rows);
	TAILQ_FOREACH(cursor, &log->cursors, in_cursors)
		if (cursor->next == NULL)
			cursor->next = row;
}

/* Removes the row from the list; cursors at it move to the next row. */
static void
changelog_unlink(struct changelog *log, struct changelog_row *row)
{
	struct changelog_cursor *cursor;

	TAILQ_FOREACH(cursor, &log->cursors, in_cursors)
		if (cursor->next == row)
			cursor->next = changelog_after(row);
	TAILQ_REMOVE(&log->rows, row, in_rows);
}

void
changelog_change(struct changelog *log, struct changelog_row *row)
{
	changelog_unlink(log, row);
	changelog_add(log, row);
}

/* Whether a cursor has yet to take the tombstone. With `restart`, such cursors begin a new
 * snapshot instead. Snapshots have no tombstones. */
static bool
changelog_is_awaited(
    struct changelog *log, const struct changelog_row *tombstone, bool restart)
{
	struct changelog_cursor *cursor;

	TAILQ_FOREACH(cursor, &log->cursors, in_cursors) {
		if (cursor->phase == CHANGELOG_BEGIN || cursor->next == NULL ||
		    tombstone->seq <= cursor->snapshot ||
		    cursor->next->seq > tombstone->seq)
			continue;
		if (!restart)
			return true;
		cursor->phase = CHANGELOG_BEGIN;
	}
	return false;
}

/* Keeps the newest tombstone: a new subscriber reaches the newest number only by taking the
 * row that has it. */
void
changelog_remove(struct changelog *log, struct changelog_row *row)
{
	struct changelog_row *oldest;

	changelog_change(log, row);
	TAILQ_INSERT_TAIL(&log->tombstones, row, in_tombstones);
	log->ntombstones++;
	while ((oldest = TAILQ_FIRST(&log->tombstones)) != row) {
		if (log->ntombstones <= log->kept ||
		    changelog_is_awaited(
			log, oldest, log->ntombstones > CHANGELOG_TOMBSTONES))
			break;
		log->forgotten = oldest->seq;
		changelog_unlink(log, oldest);
		TAILQ_REMOVE(&log->tombstones, oldest, in_tombstones);
		log->ntombstones--;
		log->drop(oldest);
	}
}

void
changelog_subscribe(struct changelog *log, struct changelog_cursor *cursor)
{
	*cursor = (struct changelog_cursor){ .phase = CHANGELOG_BEGIN };
	TAILQ_INSERT_TAIL(&log->cursors, cursor, in_cursors);
}

bool
changelog_resume(struct changelog *log, struct changelog_cursor *cursor, uint64_t reached)
{
	struct changelog_row *row;

	if (reached < log->forgotten || reached > *log->seq)
		return false;
	*cursor = (struct changelog_cursor){ .phase = CHANGELOG_LIVE, .reached = reached };
	TAILQ_FOREACH_REVERSE(row, &log->rows, changelog_rows, in_rows)
	{
		if (row->seq <= reached)
			break;
		cursor->next = row;
	}
	TAILQ_INSERT_TAIL(&log->cursors, cursor, in_cursors);
	return true;
}

void
changelog_unsubscribe(struct changelog *log, struct changelog_cursor *cursor)
{
	TAILQ_REMOVE(&log->cursors, cursor, in_cursors);
}

uint64_t
changelog_reached(const struct changelog_cursor *cursor)
{
	return cursor->phase == CHANGELOG_LIVE ? cursor->reached : 0;
}

void
changelog_take_mark(const struct changelog *log, struct changelog_cursor *cursor)
{
	if (cursor->phase == CHANGELOG_END) {
		cursor->phase = CHANGELOG_LIVE;
		return;
	}
	cursor->phase = CHANGELOG_ROWS;
	cursor->next = TAILQ_FIRST(&log->rows);
	cursor->snapshot = *log->seq;
}

void
changelog_take(struct changelog_cursor *cursor, const struct changelog_row *row)
{
	cursor->reached = row->seq;
	cursor->next = changelog_after(row);
	if (cursor->phase == CHANGELOG_ROWS && cursor->reached >= cursor->snapshot)
		cursor->phase = CHANGELOG_END;
}
