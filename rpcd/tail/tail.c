#include "rpcd/tail/tail.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/str.h"
#include "rpcd/tail/logread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tail {
	TAILQ_ENTRY(tail) link;
	struct tails *tails;
	struct tail_target target;
	const struct caller *caller;
	const struct tail_ops *ops;
	void *ctx;
	int fd;   /* of the log, or -1 before it is open */
	int next; /* of the file that has replaced it, or -1 */
	int64_t pos;
	const char *notice;      /* rest of a line to send before the log, or "" */
	bool waiting;            /* tail_read has returned 0 */
	uint64_t request;        /* id of the request to the master, or 0 */
	int64_t requested_ms;    /* when the log was requested last */
	struct timespec changed; /* ctime of the file at that time */
};

struct tails {
	struct rpcd *rpcd;
	struct source *timer;
	bool ended;
	TAILQ_HEAD(, tail) all;
};

enum tail_move
tail_decide(int64_t pos, int64_t size, bool has_next)
{
	if (size > pos)
		return TAIL_READ;
	if (has_next)
		return TAIL_NEXT;
	return size < pos ? TAIL_TRUNCATED : TAIL_WAIT;
}

size_t
tail_cut(const char *bytes, size_t n, bool more)
{
	size_t cut = more ? str_utf8_cut(bytes, n) : n;

	return cut > 0 ? cut : n;
}

static void
tail_ready(struct tail *t)
{
	t->waiting = false;
	t->ops->ready(t->ctx);
}

/* ---- requests to the master ---- */

static void
tail_opened(struct tail *t, enum fault fault, int fd)
{
	int64_t size = fd >= 0 ? logread_size(fd) : -1;
	struct stat st = { 0 };
	int64_t last = t->ops->last > 0 ? t->ops->last : TAIL_LAST;
	int status = 503;

	t->fd = fd;
	t->pos = size > last ? size - last : 0;
	if (fault == FAULT_NONE && size >= 0)
		status = 200;
	else if (fault == FAULT_BAD_NAME || fault == FAULT_NO_FILE)
		status = 404;
	else if (fault == FAULT_NOT_PERMITTED)
		status = 403;
	if (fd >= 0)
		(void)fstat(fd, &st);
	t->ops->opened(t->ctx, status, st.st_mtim.tv_sec);
}

/* Compares the log that the master has now with the newest one known. Without a log (fd -1)
 * the known file is read further. */
static void
tail_reopened(struct tail *t, int fd)
{
	struct stat known, st;

	if (fd < 0)
		return;
	if (fstat(t->next >= 0 ? t->next : t->fd, &known) == 0 && fstat(fd, &st) == 0 &&
	    known.st_dev == st.st_dev && known.st_ino == st.st_ino) {
		close(fd);
		return;
	}
	fd_close(t->next);
	t->next = fd;
	if (t->waiting)
		tail_ready(t);
}

static void
tail_on_reply(
    void *ctx, enum fault fault, const char *message UNUSED, json_t *result UNUSED, int fd)
{
	struct tail *t = ctx;

	t->request = 0;
	if (t->fd < 0)
		tail_opened(t, fault, fd);
	else
		tail_reopened(t, fd);
}

static void
tail_request(struct tail *t)
{
	struct rpcd *rpcd = t->tails->rpcd;
	enum cmd_id cmd = t->target.name != NULL ? CMD_LOG_OPEN : CMD_MAINLOG_OPEN;
	json_t *by, *params;

	if (rpcd->master == NULL || rpcd->ending)
		return;
	by = caller_by(t->caller, cmd == CMD_LOG_OPEN ? "logtail" : "mainlogtail");
	params = cmd == CMD_LOG_OPEN ? json_pack("{ss ss so}", "name", t->target.name,
					   "stream", t->target.stream, "by", by) :
				       json_pack("{so}", "by", by);
	t->requested_ms = clock_mono_ms();
	t->request =
	    peer_call(rpcd->master, cmd_table[cmd].name, params, true, tail_on_reply, t);
}

struct tail *
tail_begin(struct tails *all, const struct tail_target *target, const struct caller *caller,
    const struct tail_ops *ops, void *ctx)
{
	struct tail *t = xcalloc(1, sizeof(*t));

	t->tails = all;
	t->target.stream = target->stream;
	if (target->name != NULL)
		t->target.name = xstrdup(target->name);
	t->caller = caller;
	t->ops = ops;
	t->ctx = ctx;
	t->fd = t->next = -1;
	t->notice = "";
	TAILQ_INSERT_TAIL(&all->all, t, link);
	tail_request(t);
	if (t->request != 0)
		return t;
	tail_free(t);
	return NULL;
}

static void
tail_forget(struct tail *t)
{
	struct peer *master = t->tails->rpcd->master;

	if (t->request != 0 && master != NULL)
		peer_forget(master, t->request);
	t->request = 0;
}

void
tail_free(void *tail)
{
	struct tail *t = tail;

	if (t == NULL)
		return;
	tail_forget(t);
	TAILQ_REMOVE(&t->tails->all, t, link);
	fd_close(t->fd);
	fd_close(t->next);
	tail_target_clear(&t->target);
	free(t);
}

/* ---- waiting ---- */

/* Checks a log that did not grow. A new ctime shows that the file may have been renamed or
 * removed: then the log is requested again, which a write causes, too. */
static void
tail_check(struct tail *t)
{
	struct stat st;

	if (fstat(t->fd, &st) < 0 ||
	    tail_decide(t->pos, S_ISREG(st.st_mode) ? st.st_size : 0, t->next >= 0) !=
		TAIL_WAIT) {
		tail_ready(t);
		return;
	}
	if (t->request != 0 ||
	    (st.st_ctim.tv_sec == t->changed.tv_sec &&
		st.st_ctim.tv_nsec == t->changed.tv_nsec &&
		clock_mono_ms() < t->requested_ms + TAIL_REQUEST_MS))
		return;
	t->changed = st.st_ctim;
	tail_request(t);
}

static void
tails_arm(struct tails *all)
{
	if (source_deadline(all->timer) < 0)
		source_arm(all->timer, clock_mono_ms() + TAIL_POLL_MS);
}

static void
tails_poll(void *ctx, uint32_t ready UNUSED)
{
	struct tails *all = ctx;
	struct tail *t, *next;

	TAILQ_FOREACH_SAFE(t, &all->all, link, next) {
		if (t->waiting)
			tail_check(t);
	}
	TAILQ_FOREACH(t, &all->all, link) {
		if (t->waiting)
			tails_arm(all);
	}
}

struct tails *
tails_new(struct rpcd *rpcd)
{
	struct tails *all = xcalloc(1, sizeof(*all));

	all->rpcd = rpcd;
	TAILQ_INIT(&all->all);
	all->timer = loop_timer(rpcd->loop, tails_poll, all);
	if (all->timer != NULL)
		return all;
	free(all);
	return NULL;
}

void
tails_free(struct tails *all)
{
	if (all == NULL)
		return;
	source_free(all->timer);
	free(all);
}

void
tails_end(struct tails *all)
{
	struct tail *t, *next;

	all->ended = true;
	TAILQ_FOREACH_SAFE(t, &all->all, link, next) {
		tail_forget(t);
		if (t->fd < 0)
			t->ops->opened(t->ctx, 503, 0);
		else if (t->waiting)
			tail_ready(t);
	}
}

/* ---- reading ---- */

/* Returns 0 when the file has been truncated since its size was read. */
static ssize_t
tail_read_file(struct tail *t, int64_t size, char *out, size_t max)
{
	uint64_t left = (uint64_t)(size - t->pos);
	ssize_t n;

	n = logread_bytes(t->fd, t->pos, out, left < max ? (size_t)left : max);
	if (n < 0)
		return TAIL_BROKEN;
	n = (ssize_t)tail_cut(out, (size_t)n, (uint64_t)n < left);
	t->pos += n;
	return n;
}

static ssize_t
tail_pause(struct tail *t)
{
	if (t->tails->ended)
		return TAIL_END;
	t->waiting = true;
	tails_arm(t->tails);
	return 0;
}

ssize_t
tail_read(struct tail *t, char *out, size_t max)
{
	int64_t size;
	ssize_t n;

	for (;;) {
		if (*t->notice != '\0') {
			n = (ssize_t)strnlen(t->notice, max);
			memcpy(out, t->notice, (size_t)n);
			t->notice += n;
			return n;
		}
		size = logread_size(t->fd);
		if (size < 0)
			return TAIL_BROKEN;
		switch (tail_decide(t->pos, size, t->next >= 0)) {
		case TAIL_READ:
			n = tail_read_file(t, size, out, max);
			/* 0: the next call finds the truncated file. */
			return n != 0 ? n : tail_pause(t);
		case TAIL_TRUNCATED:
			if (!t->ops->is_silent)
				t->notice = "==> File truncated <==\n";
			t->pos = 0;
			break;
		case TAIL_NEXT:
			close(t->fd);
			t->fd = t->next;
			t->next = -1;
			t->pos = 0;
			t->changed = (struct timespec){ 0 };
			break;
		case TAIL_WAIT:
			return tail_pause(t);
		}
	}
}

int64_t
tail_offset(const struct tail *t)
{
	return t->pos;
}
