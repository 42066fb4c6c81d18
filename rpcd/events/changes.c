#include "rpcd/events/changes.h"

#include "common/log.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The daemon, or a process. */
struct changes_entry {
	struct changelog_row row;
	uint64_t id;        /* 0 = the daemon */
	bool removed;       /* a tombstone */
	char *group, *name; /* owned */
};

struct changes {
	struct mirror *mirror;
	struct mirror_observer observer;
	struct changelog log;
	uint64_t seq;
	uint64_t epoch; /* random: other processes have other numbers */
	struct changes_entry daemon;
	struct idmap *by_id; /* of struct changes_entry */
	TAILQ_HEAD(, changes_cursor) cursors;
};

static struct changes_entry *
changes_entry_of(struct changelog_row *row)
{
	return container_of(row, struct changes_entry, row);
}

static void
changes_drop(struct changelog_row *row)
{
	struct changes_entry *entry = changes_entry_of(row);

	free(entry->group);
	free(entry->name);
	free(entry);
}

static void
changes_wake(struct changes *all)
{
	struct changes_cursor *cursor;

	TAILQ_FOREACH(cursor, &all->cursors, link)
		cursor->ready(cursor->ctx);
}

/* ---- the mirror ---- */

static void
changes_put(struct changes *all, struct changes_entry *entry, uint64_t id,
    const struct process_info *info)
{
	bool is_new = entry == NULL;

	if (is_new) {
		entry = xcalloc(1, sizeof(*entry));
		entry->id = id;
		if (idmap_set(all->by_id, id, entry) == -1)
			fatal("out of memory for a process");
	}
	if (is_new || !str_equal(entry->group, info->group) ||
	    !str_equal(entry->name, info->name)) {
		free(entry->group);
		free(entry->name);
		entry->group = xstrdup(info->group);
		entry->name = xstrdup(info->name);
	}
	if (is_new)
		changelog_add(&all->log, &entry->row);
	else
		changelog_change(&all->log, &entry->row);
}

static void
changes_on_row(void *ctx, uint64_t id, const struct process_info *info)
{
	struct changes *all = ctx;
	struct changes_entry *entry = idmap_get(all->by_id, id);

	if (info != NULL) {
		changes_put(all, entry, id, info);
	} else if (entry != NULL) {
		(void)idmap_remove(all->by_id, id);
		entry->removed = true;
		changelog_remove(&all->log, &entry->row);
	} else {
		return;
	}
	changes_wake(all);
}

static void
changes_on_daemon(void *ctx)
{
	struct changes *all = ctx;

	changelog_change(&all->log, &all->daemon.row);
	changes_wake(all);
}

struct changes *
changes_new(struct mirror *mirror)
{
	struct changes *all = xcalloc(1, sizeof(*all));

	all->mirror = mirror;
	all->by_id = idmap_new();
	if (all->by_id == NULL ||
	    getrandom(&all->epoch, sizeof(all->epoch), 0) != sizeof(all->epoch))
		fatal("no memory or random bytes for the streams of changes");
	TAILQ_INIT(&all->cursors);
	changelog_init(&all->log, &all->seq, changes_drop);
	all->log.kept = CHANGES_KEPT;
	changelog_add(&all->log, &all->daemon.row);
	for (size_t i = 0; i < mirror->count; i++)
		changes_put(all, NULL, mirror->rows[i]->id, mirror->rows[i]);
	all->observer = (struct mirror_observer){
		.row = changes_on_row, .daemon = changes_on_daemon, .ctx = all
	};
	mirror_observe(mirror, &all->observer);
	return all;
}

void
changes_free(struct changes *all)
{
	struct changelog_row *row, *next;

	if (all == NULL)
		return;
	mirror_unobserve(all->mirror, &all->observer);
	TAILQ_FOREACH_SAFE(row, &all->log.rows, in_rows, next)
		if (row != &all->daemon.row)
			changes_drop(row);
	idmap_free(all->by_id);
	free(all);
}

/* ---- cursors ---- */

/* What begins the ids of this process and of clients that see the same. */
static uint64_t
changes_epoch(const struct changes_cursor *cursor)
{
	return cursor->all->epoch ^ cursor->sight;
}

/* The number of an id that continues here, or UINT64_MAX. */
static uint64_t
changes_number(const struct changes_cursor *cursor, const char *id)
{
	uint64_t epoch, seq;
	char rest;

	if (id == NULL || strlen(id) >= CHANGES_ID_MAX ||
	    sscanf(id, "%" SCNx64 "-%" SCNu64 "%c", &epoch, &seq, &rest) != 2 ||
	    epoch != changes_epoch(cursor))
		return UINT64_MAX;
	return seq;
}

void
changes_open(struct changes *all, struct changes_cursor *cursor, const char *last_id)
{
	cursor->all = all;
	if (!changelog_resume(&all->log, &cursor->at, changes_number(cursor, last_id)))
		changelog_subscribe(&all->log, &cursor->at);
	TAILQ_INSERT_TAIL(&all->cursors, cursor, link);
}

void
changes_close(struct changes_cursor *cursor)
{
	if (cursor->all == NULL)
		return;
	changelog_unsubscribe(&cursor->all->log, &cursor->at);
	TAILQ_REMOVE(&cursor->all->cursors, cursor, link);
	cursor->all = NULL;
}

struct changes_item
changes_next(const struct changes_cursor *cursor)
{
	struct changes_item item = { .in_snapshot = cursor->at.phase == CHANGELOG_ROWS };
	const struct changes_entry *entry;

	if (cursor->at.phase == CHANGELOG_BEGIN)
		item.kind = CHANGES_BEGIN;
	if (cursor->at.phase == CHANGELOG_END)
		item.kind = CHANGES_END;
	if (item.kind != CHANGES_NONE || cursor->at.next == NULL)
		return item;
	entry = changes_entry_of(cursor->at.next);
	item.id = entry->id;
	item.group = entry->group;
	item.name = entry->name;
	if (entry->id == 0)
		item.kind = CHANGES_DAEMON;
	else
		item.kind = entry->removed ? CHANGES_REMOVED : CHANGES_ROW;
	if (item.kind == CHANGES_ROW)
		item.info = mirror_by_id(cursor->all->mirror, entry->id);
	return item;
}

void
changes_take(struct changes_cursor *cursor)
{
	enum changelog_phase phase = cursor->at.phase;

	if (phase == CHANGELOG_BEGIN || phase == CHANGELOG_END)
		changelog_take_mark(&cursor->all->log, &cursor->at);
	else if (cursor->at.next != NULL)
		changelog_take(&cursor->at, cursor->at.next);
}

void
changes_id(const struct changes_cursor *cursor, char id[CHANGES_ID_MAX])
{
	id[0] = '\0';
	if (cursor->at.phase == CHANGELOG_LIVE)
		snprintf(id, CHANGES_ID_MAX, "%" PRIx64 "-%" PRIu64, changes_epoch(cursor),
		    cursor->at.reached);
}
