#include "rpcd/tail/tail.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/str.h"
#include "proto/cmd.h"
#include "rpcd/tail/logread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tail {
	TAILQ_ENTRY(tail) link;
	struct tails *tails;
	struct tail_target target;
	const struct tail_ops *ops;
	void *ctx;
	int fd;		    /* -1 until it is open */
	int next;	    /* the file that replaced it, or -1 */
	int64_t pos;
	const char *notice; /* rest of a line of ours that goes out first, or "" */
	bool waiting;	    /* tail_read has given nothing */
	uint64_t asked;	    /* request id of the master's answer that is due, or 0 */
	int64_t asked_ms;   /* when it was asked for last … */
	struct timespec changed; /* … and what its file's ctime was */
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

/* ---- asking the master ---- */

static bool
is_same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static void
close_fd(int *fd)
{
	fd_close(*fd);
	*fd = -1;
}

static void
tail_ready(struct tail *f)
{
	f->waiting = false;
	f->ops->ready(f->ctx);
}

/* What it is asked for again is compared with the newest file known; a log that is gone
 * from its name goes on to be read. */
static void
tail_take(struct tail *f, int fd)
{
	if (fd < 0)
		return;
	if (is_same_file(f->next >= 0 ? f->next : f->fd, fd)) {
		close(fd);
		return;
	}
	close_fd(&f->next);
	f->next = fd;
	if (f->waiting)
		tail_ready(f);
}

static int
status_of(enum fault fault, int fd)
{
	if (fault == FAULT_NONE)
		return fd >= 0 ? 200 : 503;
	return fault == FAULT_BAD_NAME || fault == FAULT_NO_FILE ? 404 : 503;
}

static void
tail_open(struct tail *f, enum fault fault, int fd)
{
	int64_t size = fd >= 0 ? logread_size(fd) : -1;
	int status = status_of(fault, size >= 0 ? fd : -1);
	struct stat st = {0};

	f->fd = fd;
	f->pos = size > TAIL_LAST ? size - TAIL_LAST : 0;
	if (fd >= 0)
		(void)fstat(fd, &st);
	f->ops->opened(f->ctx, status, st.st_mtim.tv_sec);
}

static void
on_answer(void *ctx, enum fault fault, const char *message UNUSED, json_t *result UNUSED,
    int fd)
{
	struct tail *f = ctx;

	f->asked = 0;
	if (f->fd < 0)
		tail_open(f, fault, fd);
	else
		tail_take(f, fd);
}

static void
tail_ask(struct tail *f)
{
	struct rpcd *rpcd = f->tails->rpcd;
	enum cmd_id cmd = CMD_MAINLOG_OPEN;
	json_t *params = NULL;

	if (rpcd->master == NULL || rpcd->ending)
		return;
	if (f->target.name != NULL) {
		cmd = CMD_LOG_OPEN;
		params = json_pack(
		    "{ss ss}", "name", f->target.name, "stream", f->target.stream);
	}
	f->asked_ms = clock_mono_ms();
	f->asked =
	    peer_call(rpcd->master, cmd_get(cmd)->name, params, true, on_answer, f);
}

struct tail *
tail_begin(struct tails *all, const struct tail_target *target,
    const struct tail_ops *ops, void *ctx)
{
	struct tail *f = xcalloc(1, sizeof(*f));

	f->tails = all;
	f->target.stream = target->stream;
	if (target->name != NULL)
		f->target.name = xstrdup(target->name);
	f->ops = ops;
	f->ctx = ctx;
	f->fd = f->next = -1;
	f->notice = "";
	TAILQ_INSERT_TAIL(&all->all, f, link);
	tail_ask(f);
	if (f->asked != 0)
		return f;
	tail_free(f);
	return NULL;
}

static void
tail_forget(struct tail *f)
{
	struct peer *master = f->tails->rpcd->master;

	if (f->asked != 0 && master != NULL)
		peer_forget(master, f->asked);
	f->asked = 0;
}

void
tail_free(void *tail)
{
	struct tail *f = tail;

	if (f == NULL)
		return;
	tail_forget(f);
	TAILQ_REMOVE(&f->tails->all, f, link);
	close_fd(&f->fd);
	close_fd(&f->next);
	tail_target_clear(&f->target);
	free(f);
}

/* ---- waiting ---- */

/* Whatever replaces a file, by another name for it or none, changes its ctime. So does
 * whoever writes, so that each pause in the writing asks once. */
static void
tail_suspect(struct tail *f, const struct stat *st)
{
	bool changed = st->st_ctim.tv_sec != f->changed.tv_sec ||
		       st->st_ctim.tv_nsec != f->changed.tv_nsec;

	if (f->asked != 0 ||
	    (!changed && clock_mono_ms() < f->asked_ms + TAIL_ASK_MS))
		return;
	f->changed = st->st_ctim;
	tail_ask(f);
}

static void
tail_look(struct tail *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0 ||
	    tail_decide(f->pos, S_ISREG(st.st_mode) ? st.st_size : 0, f->next >= 0) !=
		TAIL_WAIT)
		tail_ready(f);
	else
		tail_suspect(f, &st);
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
	struct tail *f, *next;

	TAILQ_FOREACH_SAFE(f, &all->all, link, next)
	{
		if (f->waiting)
			tail_look(f);
	}
	TAILQ_FOREACH(f, &all->all, link)
	{
		if (f->waiting)
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
	struct tail *f, *next;

	all->ended = true;
	TAILQ_FOREACH_SAFE(f, &all->all, link, next)
	{
		tail_forget(f);
		if (f->fd < 0)
			f->ops->opened(f->ctx, 503, 0);
		else if (f->waiting)
			tail_ready(f);
	}
}

/* ---- reading ---- */

static ssize_t
read_notice(struct tail *f, char *out, size_t max)
{
	size_t n = strlen(f->notice);

	if (n > max)
		n = max;
	memcpy(out, f->notice, n);
	f->notice += n;
	return (ssize_t)n;
}

/* Bytes, or 0 when the file shrank meanwhile. */
static ssize_t
read_bytes(struct tail *f, int64_t size, char *out, size_t max)
{
	uint64_t left = (uint64_t)(size - f->pos);
	ssize_t n;

	n = logread_bytes(f->fd, f->pos, out, left < max ? (size_t)left : max);
	if (n < 0)
		return TAIL_BROKEN;
	n = (ssize_t)tail_cut(out, (size_t)n, (uint64_t)n < left);
	f->pos += n;
	return n;
}

static void
tail_switch(struct tail *f)
{
	close(f->fd);
	f->fd = f->next;
	f->next = -1;
	f->pos = 0;
	f->changed = (struct timespec){0};
}

static ssize_t
tail_pause(struct tail *f)
{
	if (f->tails->ended)
		return TAIL_END;
	f->waiting = true;
	tails_arm(f->tails);
	return 0;
}

ssize_t
tail_read(struct tail *f, char *out, size_t max)
{
	int64_t size;

	for (;;) {
		if (*f->notice != '\0')
			return read_notice(f, out, max);
		size = logread_size(f->fd);
		if (size < 0)
			return TAIL_BROKEN;
		switch (tail_decide(f->pos, size, f->next >= 0)) {
		case TAIL_READ:
			/* Nothing is no end: what shrank is seen the next time. */
			if ((size = read_bytes(f, size, out, max)) != 0)
				return (ssize_t)size;
			return tail_pause(f);
		case TAIL_TRUNCATED:
			f->notice = "==> File truncated <==\n";
			f->pos = 0;
			break;
		case TAIL_NEXT:
			tail_switch(f);
			break;
		case TAIL_WAIT:
			return tail_pause(f);
		}
	}
}
