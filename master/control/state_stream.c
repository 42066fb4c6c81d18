#include "master/control/state_stream.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/queue.h"
#include "proto/frame.h"
#include "proto/row.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_SIZE 4096
#define ROWS_BYTES 16384 /* a frame of a snapshot ends with the row that passes it */
#define GRAVES 4096 /* removed processes that wait for subscribers who do not read */

struct entry {
	TAILQ_ENTRY(entry) in_rows;
	TAILQ_ENTRY(entry) in_graves;	/* of a removed process */
	uint64_t seq;			/* of the latest change */
	const struct process *process;	/* NULL: the daemon's row, or a removed process */
	uint64_t removed_id;		/* of a removed process, else 0 */
	bool mended;			/* the log knows */
};

TAILQ_HEAD(entry_list, entry);

enum cursor_phase { SNAPSHOT_BEGIN, SNAPSHOT_ROWS, SNAPSHOT_END, LIVE };

struct cursor {
	TAILQ_ENTRY(cursor) in_cursors;
	struct state_stream *state_stream;
	struct entry *next;		/* first row not yet taken; NULL = all taken */
	uint64_t reached;
	uint64_t snapshot;		/* number up to which the snapshot goes, once it
					 * has begun */
	enum cursor_phase phase;
};

TAILQ_HEAD(cursor_list, cursor);

struct state_stream {
	struct entry_list rows;		/* ascending seq */
	struct entry_list graves;	/* those of removed processes, likewise */
	size_t ngraves;
	struct cursor_list cursors;
	struct entry daemon;
	uint64_t *seq;
	int page_fd;
	void *map;			/* the page as mapped; begins with the number */
	const struct state_stream_ops *ops;
	void *ctx;
};

/* The page is sealed against new writable mappings before it is shown to anybody. */
static int
page_open(struct state_stream *pub)
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

struct state_stream *
state_stream_new(uint64_t *seq, const struct state_stream_ops *ops, void *ctx)
{
	struct state_stream *pub = calloc(1, sizeof(*pub));

	if (pub == NULL)
		return NULL;
	TAILQ_INIT(&pub->rows);
	TAILQ_INIT(&pub->graves);
	TAILQ_INIT(&pub->cursors);
	pub->seq = seq;
	pub->ops = ops;
	pub->ctx = ctx;
	if (page_open(pub) == -1) {
		state_stream_free(pub);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&pub->rows, &pub->daemon, in_rows);
	state_stream_daemon(pub);
	return pub;
}

void
state_stream_free(struct state_stream *pub)
{
	struct entry *entry, *next;

	if (pub == NULL)
		return;
	TAILQ_FOREACH_SAFE(entry, &pub->rows, in_rows, next)
		if (entry != &pub->daemon)
			free(entry);
	if (pub->map != NULL)
		munmap(pub->map, PAGE_SIZE);
	fd_close(pub->page_fd);
	free(pub);
}

int
state_stream_page(const struct state_stream *pub)
{
	return pub->page_fd;
}

/* No cursor may be left pointing at a row that moves or goes. */
static void
step_cursors_over(struct state_stream *pub, const struct entry *entry)
{
	struct cursor *cursor;

	TAILQ_FOREACH(cursor, &pub->cursors, in_cursors)
		if (cursor->next == entry)
			cursor->next = TAILQ_NEXT(entry, in_rows);
}

static void
append(struct state_stream *pub, struct entry *entry)
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
touch(struct state_stream *pub, struct entry *entry)
{
	step_cursors_over(pub, entry);
	TAILQ_REMOVE(&pub->rows, entry, in_rows);
	append(pub, entry);
}

int
state_stream_added(struct state_stream *pub, struct process *process)
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
state_stream_changed(struct state_stream *pub, struct process *process)
{
	touch(pub, process->published);
}

void
state_stream_daemon(struct state_stream *pub)
{
	touch(pub, &pub->daemon);
}

/* It has still to tell this grave; a snapshot forgets what it does not name. */
static bool
waits_for(const struct cursor *cursor, const struct entry *grave)
{
	return cursor->phase != SNAPSHOT_BEGIN && grave->seq > cursor->snapshot &&
	    cursor->next != NULL && cursor->next->seq <= grave->seq;
}

static bool
is_awaited(const struct state_stream *pub, const struct entry *grave)
{
	const struct cursor *cursor;

	TAILQ_FOREACH(cursor, &pub->cursors, in_cursors)
		if (waits_for(cursor, grave))
			return true;
	return false;
}

/* Whoever has not told the grave tells everything anew instead. */
static void
start_over(struct state_stream *pub, const struct entry *grave)
{
	struct cursor *cursor;

	TAILQ_FOREACH(cursor, &pub->cursors, in_cursors)
		if (waits_for(cursor, grave))
			cursor->phase = SNAPSHOT_BEGIN;
}

static void
dig_up(struct state_stream *pub, struct entry *grave)
{
	step_cursors_over(pub, grave);
	TAILQ_REMOVE(&pub->graves, grave, in_graves);
	TAILQ_REMOVE(&pub->rows, grave, in_rows);
	pub->ngraves--;
	free(grave);
}

/* A removed process stays as a tombstone until every cursor has passed it, or too many lie
 * after it. The newest one stays longer: some row must bear the newest number, or a new
 * subscriber never reaches it. */
static void
bury(struct state_stream *pub, struct entry *newest)
{
	struct entry *grave, *next;

	TAILQ_INSERT_TAIL(&pub->graves, newest, in_graves);
	pub->ngraves++;
	TAILQ_FOREACH_SAFE(grave, &pub->graves, in_graves, next) {
		if (pub->ngraves > GRAVES)
			start_over(pub, grave);
		else if (grave == newest || is_awaited(pub, grave))
			break;
		dig_up(pub, grave);
	}
}

void
state_stream_removed(struct state_stream *pub, struct process *process)
{
	struct entry *entry = process->published;

	if (entry == NULL)
		return;
	process->published = NULL;
	entry->process = NULL;
	entry->removed_id = process->id;
	touch(pub, entry);
	bury(pub, entry);
}

struct cursor *
cursor_new(struct state_stream *pub)
{
	struct cursor *cursor = calloc(1, sizeof(*cursor));

	if (cursor == NULL)
		return NULL;
	cursor->state_stream = pub;
	TAILQ_INSERT_TAIL(&pub->cursors, cursor, in_cursors);
	return cursor;
}

void
cursor_free(struct cursor *cursor)
{
	if (cursor == NULL)
		return;
	TAILQ_REMOVE(&cursor->state_stream->cursors, cursor, in_cursors);
	free(cursor);
}

uint64_t
cursor_reached(void *ctx)
{
	const struct cursor *cursor = ctx;

	/* What is gone is forgotten when a snapshot ends, not earlier. */
	return cursor->phase == LIVE ? cursor->reached : 0;
}

/* Up to the members of params. */
static int
begin(struct buf *out, const char *method)
{
	return buf_printf(
	    out, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{", method);
}

/* A row that cannot be written would keep its subscribers waiting for ever: it is mended,
 * and the log says so once. */
static void
tell_mended(struct entry *entry, const char *group, const char *name)
{
	if (!entry->mended)
		log_warn("%s:%s: a text of its state is not UTF-8: shown with U+FFFD in "
			 "the place of what is wrong", group, name);
	entry->mended = true;
}

static int
write_info(const struct state_stream *pub, struct entry *entry, struct buf *out,
    enum row_form form)
{
	struct process_info info = {0};
	int failed;

	if (pub->ops->process(pub->ctx, entry->process, &info) == -1)
		return -1;
	failed = row_write(out, &info, form);
	if (failed == -1 && process_info_mend(&info) == 1) {
		tell_mended(entry, info.group, info.name);
		failed = row_write(out, &info, form);
	}
	process_info_clear(&info);
	return failed;
}

static int
write_process(const struct state_stream *pub, struct entry *entry, struct buf *out)
{
	int failed = begin(out, "stream.process");

	failed |= buf_printf(out, "\"seq\":%" PRIu64 ",\"process\":", entry->seq);
	failed |= write_info(pub, entry, out, ROW_MEMBERS);
	return failed | buf_puts(out, "}}\n");
}

static int
write_removed(const struct entry *entry, struct buf *out)
{
	int failed = begin(out, "stream.removed");

	return failed | buf_printf(out, "\"seq\":%" PRIu64 ",\"id\":%" PRIu64 "}}\n",
	    entry->seq, entry->removed_id);
}

static int
write_daemon(const struct state_stream *pub, struct entry *entry, struct buf *out)
{
	struct daemon_info info = {0};
	json_t *row;
	int failed;

	if (pub->ops->daemon(pub->ctx, &info) == -1)
		return -1;
	if (daemon_info_mend(&info) == 1)
		tell_mended(entry, "daemon", info.identifier);
	row = json_pack("{s:s,s:s,s:{s:I,s:o}}", "jsonrpc", "2.0",
	    "method", "stream.daemon", "params", "seq", (json_int_t)entry->seq,
	    "daemon", daemon_info_write(&info));
	daemon_info_clear(&info);
	failed = row == NULL ? -1 : frame_write(out, row);
	json_decref(row);
	return failed;
}

static int
write_row(const struct state_stream *pub, struct entry *entry, struct buf *out)
{
	if (entry->process != NULL)
		return write_process(pub, entry, out);
	if (entry->removed_id != 0)
		return write_removed(entry, out);
	return write_daemon(pub, entry, out);
}

/* The cursor is past this row. */
static void
pass(struct cursor *cursor, const struct entry *entry)
{
	cursor->reached = entry->seq;
	cursor->next = TAILQ_NEXT(entry, in_rows);
	if (cursor->phase == SNAPSHOT_ROWS && cursor->reached >= cursor->snapshot)
		cursor->phase = SNAPSHOT_END;
}

static int
take_row(struct cursor *cursor, struct buf *out)
{
	struct entry *entry = cursor->next;

	if (write_row(cursor->state_stream, entry, out) == -1)
		return -1;
	pass(cursor, entry);
	return 1;
}

/* As many of the snapshot's processes, from the cursor's on, as follow one another and fit.
 */
static int
take_rows(struct cursor *cursor, struct buf *out)
{
	struct entry *next = cursor->next, *entry;
	size_t before = buf_len(out);
	int failed;

	failed = begin(out, "stream.rows");
	failed |= buf_puts(out, "\"rows\":");
	do {
		entry = next;
		failed |= buf_putc(out, entry == cursor->next ? '[' : ',');
		failed |= write_info(cursor->state_stream, entry, out, ROW_VALUES);
		next = TAILQ_NEXT(entry, in_rows);
	} while (failed == 0 && entry->seq < cursor->snapshot && next != NULL &&
	    next->process != NULL && buf_len(out) - before < ROWS_BYTES);
	failed |= buf_printf(out, "],\"seq\":%" PRIu64 "}}\n", entry->seq);
	if (failed == 0)
		pass(cursor, entry);
	return failed == 0 ? 1 : -1;
}

static int
take_mark(struct cursor *cursor, struct buf *out)
{
	bool begins = cursor->phase == SNAPSHOT_BEGIN;

	if (begin(out, begins ? "stream.begin" : "stream.end") == -1 ||
	    buf_printf(out, "\"seq\":%" PRIu64 "}}\n", cursor->reached) == -1)
		return -1;
	cursor->phase = begins ? SNAPSHOT_ROWS : LIVE;
	if (begins) {
		cursor->next = TAILQ_FIRST(&cursor->state_stream->rows);
		cursor->snapshot = *cursor->state_stream->seq;
	}
	return 1;
}

bool
cursor_next(void *ctx, struct buf *out)
{
	struct cursor *cursor = ctx;
	size_t before = buf_len(out);
	int taken;

	if (cursor->phase == SNAPSHOT_BEGIN || cursor->phase == SNAPSHOT_END)
		taken = take_mark(cursor, out);
	else if (cursor->next == NULL)
		taken = 0;
	else if (cursor->phase == SNAPSHOT_ROWS && cursor->next->process != NULL)
		taken = take_rows(cursor, out);
	else
		taken = take_row(cursor, out);
	if (taken == -1)
		out->len = before;
	return taken == 1;
}
