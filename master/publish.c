#include "master/publish.h"

#include "common/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_SIZE 4096

struct entry {
	TAILQ_ENTRY(entry) in_rows;
	uint64_t seq;			/* of the latest change */
	const struct process *process;	/* NULL: the daemon's row, or a removed process */
	uint64_t removed_id;		/* of a removed process, else 0 */
};

TAILQ_HEAD(entry_list, entry);

enum cursor_phase { SNAPSHOT_BEGIN, SNAPSHOT_ROWS, SNAPSHOT_END, LIVE };

struct cursor {
	TAILQ_ENTRY(cursor) in_cursors;
	struct publisher *publisher;
	struct entry *next;		/* first row not yet taken; NULL = all taken */
	uint64_t reached;
	uint64_t snapshot;		/* number up to which the snapshot goes */
	enum cursor_phase phase;
};

TAILQ_HEAD(cursor_list, cursor);

struct publisher {
	struct entry_list rows;		/* ascending seq */
	struct cursor_list cursors;
	struct entry daemon;
	uint64_t *seq;
	int page_fd;
	void *map;			/* the page as mapped; begins with the number */
	const struct publish_ops *ops;
	void *ctx;
};

/* The page is sealed against new writable mappings before it is shown to anybody. */
static int
page_open(struct publisher *pub)
{
	void *map;

	pub->page_fd = memfd_create("reeve-seq", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (pub->page_fd == -1 || ftruncate(pub->page_fd, PAGE_SIZE) == -1)
		return -1;
	map = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, pub->page_fd, 0);
	if (map == MAP_FAILED)
		return -1;
	pub->map = map;
	return fcntl(pub->page_fd, F_ADD_SEALS,
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
}

struct publisher *
publisher_new(uint64_t *seq, const struct publish_ops *ops, void *ctx)
{
	struct publisher *pub = calloc(1, sizeof(*pub));

	if (pub == NULL)
		return NULL;
	TAILQ_INIT(&pub->rows);
	TAILQ_INIT(&pub->cursors);
	pub->seq = seq;
	pub->ops = ops;
	pub->ctx = ctx;
	if (page_open(pub) == -1) {
		publisher_free(pub);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&pub->rows, &pub->daemon, in_rows);
	publish_daemon(pub);
	return pub;
}

void
publisher_free(struct publisher *pub)
{
	struct entry *entry, *next;

	if (pub == NULL)
		return;
	TAILQ_FOREACH_SAFE(entry, &pub->rows, in_rows, next)
		if (entry != &pub->daemon)
			free(entry);
	if (pub->map != NULL)
		munmap(pub->map, PAGE_SIZE);
	if (pub->page_fd != -1)
		close(pub->page_fd);
	free(pub);
}

int
publisher_page(const struct publisher *pub)
{
	return pub->page_fd;
}

/* No cursor may be left pointing at a row that moves or goes. */
static void
step_cursors_over(struct publisher *pub, const struct entry *entry)
{
	struct cursor *cursor;

	TAILQ_FOREACH(cursor, &pub->cursors, in_cursors)
		if (cursor->next == entry)
			cursor->next = TAILQ_NEXT(entry, in_rows);
}

static void
append(struct publisher *pub, struct entry *entry)
{
	struct cursor *cursor;

	entry->seq = ++*pub->seq;
	TAILQ_INSERT_TAIL(&pub->rows, entry, in_rows);
	TAILQ_FOREACH(cursor, &pub->cursors, in_cursors)
		if (cursor->next == NULL)
			cursor->next = entry;
	atomic_store_explicit(
	    (_Atomic uint64_t *)pub->map, *pub->seq, memory_order_release);
}

static void
touch(struct publisher *pub, struct entry *entry)
{
	step_cursors_over(pub, entry);
	TAILQ_REMOVE(&pub->rows, entry, in_rows);
	append(pub, entry);
}

int
publish_added(struct publisher *pub, struct process *process)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return -1;
	entry->process = process;
	process->published = entry;
	append(pub, entry);
	return 0;
}

void
publish_changed(struct publisher *pub, struct process *process)
{
	touch(pub, process->published);
}

void
publish_daemon(struct publisher *pub)
{
	touch(pub, &pub->daemon);
}

/* A removed process stays as a tombstone until every cursor has passed it. The newest one
 * stays longer: some row must bear the newest number, or a new subscriber never reaches
 * it. */
static void
bury(struct publisher *pub)
{
	struct entry *entry, *next;
	struct cursor *cursor;
	uint64_t passed = *pub->seq - 1;

	TAILQ_FOREACH(cursor, &pub->cursors, in_cursors)
		if (cursor->next != NULL && cursor->next->seq <= passed)
			passed = cursor->next->seq - 1;
	TAILQ_FOREACH_SAFE(entry, &pub->rows, in_rows, next) {
		if (entry->removed_id == 0 || entry->seq > passed)
			continue;
		TAILQ_REMOVE(&pub->rows, entry, in_rows);
		free(entry);
	}
}

void
publish_removed(struct publisher *pub, struct process *process)
{
	struct entry *entry = process->published;

	if (entry == NULL)
		return;
	process->published = NULL;
	entry->process = NULL;
	entry->removed_id = process->id;
	touch(pub, entry);
	bury(pub);
}

struct cursor *
cursor_new(struct publisher *pub)
{
	struct cursor *cursor = calloc(1, sizeof(*cursor));

	if (cursor == NULL)
		return NULL;
	cursor->publisher = pub;
	cursor->next = TAILQ_FIRST(&pub->rows);
	cursor->snapshot = *pub->seq;
	TAILQ_INSERT_TAIL(&pub->cursors, cursor, in_cursors);
	return cursor;
}

void
cursor_free(struct cursor *cursor)
{
	if (cursor == NULL)
		return;
	TAILQ_REMOVE(&cursor->publisher->cursors, cursor, in_cursors);
	free(cursor);
}

uint64_t
cursor_reached(void *ctx)
{
	const struct cursor *cursor = ctx;

	return cursor->reached;
}

/* {"jsonrpc","method","params":{"seq", member: content}}; content taken, may be NULL. */
static json_t *
frame(const char *method, uint64_t seq, const char *member, json_t *content)
{
	json_t *params = json_pack("{s:I}", "seq", (json_int_t)seq);

	if (params != NULL && member != NULL &&
	    json_object_set_new(params, member, content) == -1) {
		json_decref(params);
		params = NULL;
	}
	if (params == NULL)
		return NULL;
	return json_pack(
	    "{s:s,s:s,s:o}", "jsonrpc", "2.0", "method", method, "params", params);
}

static json_t *
process_frame(const struct publisher *pub, const struct entry *entry)
{
	struct process_info info = {0};
	json_t *row;

	if (pub->ops->process(pub->ctx, entry->process, &info) == -1)
		return NULL;
	row = process_info_write(&info);
	process_info_clear(&info);
	return row == NULL ? NULL : frame("stream.process", entry->seq, "process", row);
}

static json_t *
daemon_frame(const struct publisher *pub, const struct entry *entry)
{
	struct daemon_info info = {0};
	json_t *row;

	if (pub->ops->daemon(pub->ctx, &info) == -1)
		return NULL;
	row = daemon_info_write(&info);
	daemon_info_clear(&info);
	return row == NULL ? NULL : frame("stream.daemon", entry->seq, "daemon", row);
}

static json_t *
row_frame(const struct publisher *pub, const struct entry *entry)
{
	if (entry->process != NULL)
		return process_frame(pub, entry);
	if (entry->removed_id != 0)
		return frame("stream.removed", entry->seq, "id",
		    json_integer((json_int_t)entry->removed_id));
	return daemon_frame(pub, entry);
}

static json_t *
take_row(struct cursor *cursor)
{
	struct entry *entry = cursor->next;
	json_t *object;

	if (entry == NULL)
		return NULL;
	object = row_frame(cursor->publisher, entry);
	if (object == NULL)
		return NULL;
	cursor->reached = entry->seq;
	cursor->next = TAILQ_NEXT(entry, in_rows);
	if (cursor->phase == SNAPSHOT_ROWS && cursor->reached >= cursor->snapshot)
		cursor->phase = SNAPSHOT_END;
	return object;
}

json_t *
cursor_next(void *ctx)
{
	struct cursor *cursor = ctx;
	json_t *object;

	switch (cursor->phase) {
	case SNAPSHOT_BEGIN:
		object = frame("stream.begin", cursor->reached, NULL, NULL);
		if (object != NULL)
			cursor->phase = SNAPSHOT_ROWS;
		return object;
	case SNAPSHOT_END:
		object = frame("stream.end", cursor->reached, NULL, NULL);
		if (object != NULL)
			cursor->phase = LIVE;
		return object;
	case SNAPSHOT_ROWS:
	case LIVE:
		break;
	}
	return take_row(cursor);
}
