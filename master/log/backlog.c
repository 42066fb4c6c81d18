#include "master/log/backlog.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

struct backlog {
	TAILQ_ENTRY(backlog) in_list;
	struct backlogs *owner; /* borrowed */
	struct logfile *log;
	struct source *writable;
	union {
		struct backlog_record record;
		struct FIELDS(BACKLOG_FIELDS);
	};
};

TAILQ_HEAD(backlog_list, backlog);

struct backlogs {
	struct loop *loop;
	struct backlog_list list;
	struct log_limit losses;
	struct source *deadline;
	void (*done)(void *ctx); /* NULL = the daemon does not wait */
	void *done_ctx;
};

static void
backlog_free(struct backlog *backlog)
{
	source_free(backlog->writable);
	logfile_free(backlog->log);
	buf_clear(&backlog->bytes);
	free(backlog);
}

static void
backlogs_done(struct backlogs *backlogs)
{
	void (*done)(void *) = backlogs->done;

	backlogs->done = NULL;
	source_arm(backlogs->deadline, -1);
	if (done != NULL)
		done(backlogs->done_ctx);
}

static void
backlog_writable(void *ctx, uint32_t ready UNUSED)
{
	struct backlog *backlog = ctx;
	struct backlogs *owner = backlog->owner;
	struct buf *bytes = &backlog->bytes;

	buf_consume(bytes, logfile_put(backlog->log, buf_data(bytes), buf_len(bytes)));
	if (buf_len(bytes) > 0)
		return;
	if (backlog->lost > 0) {
		logfile_lose(backlog->log, backlog->lost, ENOBUFS);
		backlog->lost = 0;
		(void)logfile_put(backlog->log, "", 0);
	}
	if (logfile_is_full(backlog->log) && logfile_record(backlog->log)->lost > 0)
		return;
	TAILQ_REMOVE(&owner->list, backlog, in_list);
	backlog_free(backlog);
	if (TAILQ_EMPTY(&owner->list))
		backlogs_done(owner);
}

static void
backlogs_overdue(void *ctx, uint32_t ready UNUSED)
{
	backlogs_done(ctx);
}

static struct backlog *
backlogs_find(const struct backlogs *backlogs, const char *path)
{
	struct backlog *backlog;

	TAILQ_FOREACH(backlog, &backlogs->list, in_list)
		if (strcmp(logfile_path(backlog->log), path) == 0)
			break;
	return backlog;
}

/* Opens the log once more, because the process that wrote to it has ended. */
static struct backlog *
backlogs_open(struct backlogs *backlogs, const char *path)
{
	struct backlog *backlog = calloc(1, sizeof(*backlog));

	if (backlog == NULL)
		return NULL;
	backlog->owner = backlogs;
	buf_init(&backlog->bytes, BACKLOG_MAX);
	backlog->log = logfile_open(path, 0, 0);
	if (backlog->log != NULL)
		backlog->writable = loop_fd(backlogs->loop, logfile_fd(backlog->log),
		    EPOLLOUT, backlog_writable, backlog);
	if (backlog->writable == NULL) {
		backlog_free(backlog);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&backlogs->list, backlog, in_list);
	return backlog;
}

int
backlogs_restore(
    struct backlogs *backlogs, const char *path, const struct backlog_record *record)
{
	struct backlog *backlog = backlogs_open(backlogs, path);

	if (backlog == NULL ||
	    buf_append(
		&backlog->bytes, buf_data(&record->bytes), buf_len(&record->bytes)) == -1)
		return -1;
	backlog->lost = record->lost;
	return 0;
}

/* 0, or -1 with errno. After a loss all bytes are lost until it is reported, so that one
 * report in the log stands for all of them. */
static int
backlogs_keep(struct backlogs *backlogs, struct backlog *backlog, const char *path,
    const char *bytes, size_t n)
{
	if (backlog == NULL)
		backlog = backlogs_open(backlogs, path);
	if (backlog == NULL)
		return -1;
	errno = ENOBUFS;
	if (backlog->lost == 0 && buf_append(&backlog->bytes, bytes, n) == 0)
		return 0;
	backlog->lost += n;
	return -1;
}

void
backlogs_write(struct backlogs *backlogs, struct logfile *log, const void *bytes, size_t n)
{
	const char *path = logfile_path(log);
	struct backlog *backlog = backlogs_find(backlogs, path);
	size_t done = backlog == NULL ? logfile_put(log, bytes, n) : 0;

	if (done < n &&
	    backlogs_keep(backlogs, backlog, path, (const char *)bytes + done, n - done) ==
		-1)
		log_limited(&backlogs->losses, LEVEL_ERROR,
		    "log file %s: %zu bytes are lost: its reader does not read, and they "
		    "cannot be kept: %s",
		    path, n - done, strerror(errno));
}

int
backlogs_fd(const struct backlogs *backlogs, const char *path)
{
	const struct backlog *backlog = backlogs_find(backlogs, path);

	return backlog == NULL ? -1 : logfile_fd(backlog->log);
}

void
backlogs_finish(struct backlogs *backlogs, int64_t ms, void (*done)(void *ctx), void *ctx)
{
	const struct backlog *backlog;

	backlogs->done = done;
	backlogs->done_ctx = ctx;
	if (TAILQ_EMPTY(&backlogs->list)) {
		backlogs_done(backlogs);
		return;
	}
	TAILQ_FOREACH(backlog, &backlogs->list, in_list)
		log_info("waiting for the reader of %s to read %zu bytes",
		    logfile_path(backlog->log), buf_len(&backlog->bytes));
	source_arm(backlogs->deadline, clock_mono_ms() + ms);
}

const char *
backlogs_get(
    const struct backlogs *backlogs, size_t index, const struct backlog_record **record)
{
	const struct backlog *backlog = TAILQ_FIRST(&backlogs->list);

	while (backlog != NULL && index-- > 0)
		backlog = TAILQ_NEXT(backlog, in_list);
	if (backlog == NULL)
		return NULL;
	*record = &backlog->record;
	return logfile_path(backlog->log);
}

struct backlogs *
backlogs_new(struct loop *loop)
{
	struct backlogs *backlogs = calloc(1, sizeof(*backlogs));

	if (backlogs == NULL)
		return NULL;
	TAILQ_INIT(&backlogs->list);
	backlogs->loop = loop;
	backlogs->deadline = loop_timer(loop, backlogs_overdue, backlogs);
	if (backlogs->deadline != NULL)
		return backlogs;
	free(backlogs);
	return NULL;
}

void
backlogs_free(struct backlogs *backlogs)
{
	struct backlog *backlog;

	if (backlogs == NULL)
		return;
	TAILQ_FOREACH(backlog, &backlogs->list, in_list)
		log_error("log file %s: %" PRIu64
			  " bytes are lost: they were not read in time",
		    logfile_path(backlog->log), buf_len(&backlog->bytes) + backlog->lost);
	while ((backlog = TAILQ_FIRST(&backlogs->list)) != NULL) {
		TAILQ_REMOVE(&backlogs->list, backlog, in_list);
		backlog_free(backlog);
	}
	source_free(backlogs->deadline);
	free(backlogs);
}
