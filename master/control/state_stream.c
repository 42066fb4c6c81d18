#include "master/control/state_stream.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/queue.h"
#include "master/process/visible.h"
#include "proto/changelog.h"
#include "proto/frame.h"
#include "proto/row.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_SIZE 4096
#define SKIPPED 256      /* hidden rows in one step */
#define ROWS_BYTES 16384 /* a frame of a snapshot ends with the row that exceeds it */

struct entry {
	struct changelog_row row;
	const struct process *process; /* NULL = the daemon's row, or a tombstone */
	uint64_t removed_id;           /* of a tombstone, else 0 */
	char *group, *name;            /* of a tombstone that cursors skip; NULL = none */
	bool invalid_logged;           /* invalid UTF-8 in it has been logged */
};

struct cursor {
	struct changelog_cursor at;
	struct state_stream *state_stream;
	struct grant *grant; /* NULL = sees all */
};

struct state_stream {
	struct changelog log;
	struct entry daemon;
	int page;          /* -1 = none */
	int page_reader;   /* the same, only to be read */
	void *map;         /* the page; begins with the latest number */
	size_t restricted; /* cursors that do not see all */
	const struct state_stream_ops *ops;
	void *ctx;
};

static struct entry *
state_stream_entry_of(struct changelog_row *row)
{
	return row == NULL ? NULL : container_of(row, struct entry, row);
}

static void
state_stream_drop(struct changelog_row *row)
{
	struct entry *entry = container_of(row, struct entry, row);

	free(entry->group);
	free(entry->name);
	free(entry);
}

/* A process that has a descriptor of the page may not write it. With /proc it gets one that
 * is only for reading, and cannot open another, because the mode does not permit it.
 * Without it, the page is sealed, also against a process that replaces this one. */
static int
state_stream_page_protect(struct state_stream *stream)
{
	char path[40];
	int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	if (fchmod(stream->page, 0600) == -1)
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", stream->page);
	stream->page_reader = open(path, O_RDONLY | O_CLOEXEC);
	if (stream->page_reader == -1) {
		seals |= F_SEAL_FUTURE_WRITE;
		stream->page_reader = fcntl(stream->page, F_DUPFD_CLOEXEC, 0);
	}
	if (stream->page_reader == -1)
		return -1;
	return fcntl(stream->page, F_GET_SEALS) & F_SEAL_SEAL ?
	    0 :
	    fcntl(stream->page, F_ADD_SEALS, seals);
}

/* page: of the process before an upgrade (taken); -1 = a new one. 0, or -1 with errno. */
static int
state_stream_page_open(struct state_stream *stream, int page)
{
	bool is_new = page == -1;
	void *map;

	stream->page =
	    is_new ? memfd_create("reeve-seq", MFD_CLOEXEC | MFD_ALLOW_SEALING) : page;
	if (stream->page == -1 || (is_new && ftruncate(stream->page, PAGE_SIZE) == -1))
		return -1;
	map = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, stream->page, 0);
	if (map == MAP_FAILED)
		return -1;
	stream->map = map;
	return state_stream_page_protect(stream);
}

/* Stores the latest number in the page. */
static void
state_stream_store_seq(const struct state_stream *stream)
{
	atomic_store_explicit(
	    (_Atomic uint64_t *)stream->map, *stream->log.seq, memory_order_release);
}

struct state_stream *
state_stream_new(
    uint64_t *seq, int page_take, const struct state_stream_ops *ops, void *ctx)
{
	struct state_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL) {
		fd_close(page_take);
		return NULL;
	}
	stream->page_reader = -1;
	changelog_init(&stream->log, seq, state_stream_drop);
	stream->ops = ops;
	stream->ctx = ctx;
	if (state_stream_page_open(stream, page_take) == -1) {
		state_stream_free(stream);
		return NULL;
	}
	changelog_add(&stream->log, &stream->daemon.row);
	state_stream_store_seq(stream);
	return stream;
}

void
state_stream_free(struct state_stream *stream)
{
	struct changelog_row *row, *next;

	if (stream == NULL)
		return;
	TAILQ_FOREACH_SAFE(row, &stream->log.rows, in_rows, next)
		if (row != &stream->daemon.row)
			state_stream_drop(row);
	if (stream->map != NULL)
		munmap(stream->map, PAGE_SIZE);
	fd_close(stream->page);
	fd_close(stream->page_reader);
	free(stream);
}

int
state_stream_page(const struct state_stream *stream)
{
	return stream->page_reader;
}

int
state_stream_kept_page(const struct state_stream *stream)
{
	int seals = fcntl(stream->page, F_GET_SEALS);

	return seals == -1 || (seals & F_SEAL_FUTURE_WRITE) ? -1 : stream->page;
}

int
state_stream_added(struct state_stream *stream, struct process *process)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry == NULL)
		return -1;
	entry->process = process;
	process->published = entry;
	changelog_add(&stream->log, &entry->row);
	state_stream_store_seq(stream);
	return 0;
}

void
state_stream_changed(struct state_stream *stream, struct process *process)
{
	struct entry *entry = process->published;

	changelog_change(&stream->log, &entry->row);
	state_stream_store_seq(stream);
}

void
state_stream_daemon(struct state_stream *stream)
{
	changelog_change(&stream->log, &stream->daemon.row);
	state_stream_store_seq(stream);
}

void
state_stream_removed(struct state_stream *stream, struct process *process)
{
	struct entry *entry = process->published;

	if (entry == NULL)
		return;
	process->published = NULL;
	entry->process = NULL;
	entry->removed_id = process->id;
	/* Without memory for the names, all subscribers receive the number. */
	if (stream->restricted > 0) {
		entry->group = strdup(process->group->config->name);
		entry->name = strdup(process->config->name);
	}
	changelog_remove(&stream->log, &entry->row);
	state_stream_store_seq(stream);
}

struct cursor *
state_stream_subscribe(struct state_stream *stream, struct grant *grant)
{
	struct cursor *cursor = calloc(1, sizeof(*cursor));

	if (cursor == NULL)
		return NULL;
	cursor->state_stream = stream;
	if (!grant_sees_all(grant)) {
		cursor->grant = grant_ref(grant);
		stream->restricted++;
	}
	changelog_subscribe(&stream->log, &cursor->at);
	return cursor;
}

void
state_stream_resume(struct cursor *cursor)
{
	cursor->at.reached = *cursor->state_stream->log.seq;
}

void
state_stream_unsubscribe(struct cursor *cursor)
{
	if (cursor == NULL)
		return;
	changelog_unsubscribe(&cursor->state_stream->log, &cursor->at);
	if (cursor->grant != NULL)
		cursor->state_stream->restricted--;
	grant_unref(cursor->grant);
	free(cursor);
}

uint64_t
state_stream_reached(void *ctx)
{
	const struct cursor *cursor = ctx;

	return changelog_reached(&cursor->at);
}

#define STATE_STREAM_BEGIN "{\"jsonrpc\":\"2.0\",\"method\":\"stream."

/* A row that cannot be encoded would stop the stream, so invalid UTF-8 is replaced. Logs it
 * once. */
static void
state_stream_log_invalid(struct entry *entry, const char *group, const char *name)
{
	if (!entry->invalid_logged)
		log_warn("%s:%s: its state has text that is not UTF-8; sending U+FFFD "
			 "for the invalid bytes",
		    group, name);
	entry->invalid_logged = true;
}

static int
state_stream_write_info(const struct state_stream *stream, struct entry *entry,
    struct buf *out, enum row_form form)
{
	struct process_info info = { 0 };
	int failed;

	if (stream->ops->process(stream->ctx, entry->process, &info) == -1)
		return -1;
	failed = row_write(out, &info, form);
	if (failed == -1 && process_info_to_utf8(&info) == 1) {
		state_stream_log_invalid(entry, info.group, info.name);
		failed = row_write(out, &info, form);
	}
	process_info_clear(&info);
	return failed;
}

static int
state_stream_write_daemon(
    const struct state_stream *stream, struct entry *entry, struct buf *out)
{
	struct daemon_info info = { 0 };
	json_t *row;
	int failed;

	if (stream->ops->daemon(stream->ctx, &info) == -1)
		return -1;
	if (daemon_info_to_utf8(&info) == 1)
		state_stream_log_invalid(entry, "daemon", info.identifier);
	row = json_pack("{s:s,s:s,s:{s:I,s:o}}", "jsonrpc", "2.0", "method",
	    "stream.daemon", "params", "seq", (json_int_t)entry->row.seq, "daemon",
	    daemon_info_write(&info));
	daemon_info_clear(&info);
	failed = row == NULL ? -1 : frame_write(out, NULL, row);
	json_decref(row);
	return failed;
}

static int
state_stream_take_row(struct cursor *cursor, struct entry *entry, struct buf *out)
{
	const struct state_stream *stream = cursor->state_stream;
	int failed;

	if (entry->process != NULL) {
		failed = buf_printf(out,
		    STATE_STREAM_BEGIN "process\",\"params\":"
				       "{\"seq\":%" PRIu64 ",\"process\":",
		    entry->row.seq);
		failed |= state_stream_write_info(stream, entry, out, ROW_MEMBERS);
		failed |= buf_puts(out, "}}\n");
	} else if (entry->removed_id != 0) {
		failed = buf_printf(out,
		    STATE_STREAM_BEGIN "removed\",\"params\":"
				       "{\"seq\":%" PRIu64 ",\"id\":%" PRIu64 "}}\n",
		    entry->row.seq, entry->removed_id);
	} else {
		failed = state_stream_write_daemon(stream, entry, out);
	}
	if (failed != 0)
		return -1;
	changelog_take(&cursor->at, &entry->row);
	return 1;
}

/* Whether the subscriber must not receive the row. That includes what was removed before
 * the snapshot, which has no names when all subscribers saw everything then. */
static bool
state_stream_is_hidden(const struct cursor *cursor, const struct entry *entry)
{
	const struct grant *grant = cursor->grant;

	if (grant == NULL)
		return false;
	if (entry->process != NULL)
		return !visible_process(grant, entry->process);
	if (entry->removed_id == 0)
		return false;
	if (cursor->at.phase == CHANGELOG_ROWS && entry->row.seq <= cursor->at.snapshot)
		return true;
	return entry->group != NULL && entry->name != NULL &&
	    !grant_sees(grant, entry->group, entry->name);
}

/* Skips rows that the subscriber must not receive, at most SKIPPED. Whether there were
 * some. */
static bool
state_stream_skip(struct cursor *cursor)
{
	struct entry *entry;
	size_t skipped = 0;

	while (skipped < SKIPPED && cursor->at.phase != CHANGELOG_END &&
	    (entry = state_stream_entry_of(cursor->at.next)) != NULL &&
	    state_stream_is_hidden(cursor, entry)) {
		changelog_take(&cursor->at, &entry->row);
		skipped++;
	}
	return skipped > 0;
}

/* Writes the number that the subscriber has reached without a row. */
static int
state_stream_take_reached(const struct cursor *cursor, struct buf *out)
{
	return buf_printf(out,
		   STATE_STREAM_BEGIN "reached\",\"params\":{\"seq\":%" PRIu64 "}}\n",
		   cursor->at.reached) == -1 ?
	    -1 :
	    1;
}

/* Writes the snapshot's processes from `first` on that follow one another and fit. */
static int
state_stream_take_rows(struct cursor *cursor, struct entry *first, struct buf *out)
{
	struct entry *next = first, *entry;
	size_t before = buf_len(out);
	int failed;

	failed = buf_puts(out, STATE_STREAM_BEGIN "rows\",\"params\":{\"rows\":");
	do {
		entry = next;
		failed |= buf_putc(out, entry == first ? '[' : ',');
		failed |=
		    state_stream_write_info(cursor->state_stream, entry, out, ROW_VALUES);
		next = state_stream_entry_of(changelog_after(&entry->row));
	} while (failed == 0 && entry->row.seq < cursor->at.snapshot && next != NULL &&
	    next->process != NULL && !state_stream_is_hidden(cursor, next) &&
	    buf_len(out) - before < ROWS_BYTES);
	failed |= buf_printf(out, "],\"seq\":%" PRIu64 "}}\n", entry->row.seq);
	if (failed == 0)
		changelog_take(&cursor->at, &entry->row);
	return failed == 0 ? 1 : -1;
}

static int
state_stream_take_mark(struct cursor *cursor, struct buf *out)
{
	if (buf_printf(out, STATE_STREAM_BEGIN "%s\",\"params\":{\"seq\":%" PRIu64 "}}\n",
		cursor->at.phase == CHANGELOG_BEGIN ? "begin" : "end",
		cursor->at.reached) == -1)
		return -1;
	changelog_take_mark(&cursor->state_stream->log, &cursor->at);
	return 1;
}

bool
state_stream_next(void *ctx, struct buf *out)
{
	struct cursor *cursor = ctx;
	bool in_rows =
	    cursor->at.phase == CHANGELOG_ROWS || cursor->at.phase == CHANGELOG_LIVE;
	bool skipped = in_rows && cursor->grant != NULL && state_stream_skip(cursor);
	enum changelog_phase phase = cursor->at.phase;
	struct entry *entry = state_stream_entry_of(cursor->at.next);
	size_t before = buf_len(out);
	int taken = 0;

	if (phase == CHANGELOG_BEGIN || phase == CHANGELOG_END)
		taken = state_stream_take_mark(cursor, out);
	else if (skipped && (entry == NULL || state_stream_is_hidden(cursor, entry)))
		taken = state_stream_take_reached(cursor, out);
	else if (entry != NULL && phase == CHANGELOG_ROWS && entry->process != NULL)
		taken = state_stream_take_rows(cursor, entry, out);
	else if (entry != NULL)
		taken = state_stream_take_row(cursor, entry, out);
	if (taken == -1)
		out->len = before;
	return taken == 1;
}
