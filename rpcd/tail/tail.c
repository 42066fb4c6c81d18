#include "rpcd/tail/tail.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/str.h"
#include "proto/cmd.h"
#include "rpcd/tail/logread.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct follow {
	TAILQ_ENTRY(follow) link;
	struct followers *followers;
	struct follow_target target;
	const struct follow_ops *ops;
	void *ctx;
	int fd;		    /* -1 until it is open */
	int next;	    /* the file that replaced it, or -1 */
	int64_t pos;
	const char *notice; /* rest of a line of ours that goes out first, or "" */
	bool waiting;	    /* follow_read has given nothing */
	uint64_t asked;	    /* request id of the master's answer that is due, or 0 */
	int64_t asked_ms;   /* when it was asked for last … */
	struct timespec changed; /* … and what its file's ctime was */
};

struct followers {
	struct rpcd *rpcd;
	struct source *timer;
	bool ended;
	TAILQ_HEAD(, follow) all;
};

enum follow_move
follow_decide(int64_t pos, int64_t size, bool has_next)
{
	if (size > pos)
		return FOLLOW_READ;
	if (has_next)
		return FOLLOW_NEXT;
	return size < pos ? FOLLOW_TRUNCATED : FOLLOW_WAIT;
}

size_t
follow_cut(const char *bytes, size_t n, bool more)
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
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
follow_ready(struct follow *f)
{
	f->waiting = false;
	f->ops->ready(f->ctx);
}

/* What it is asked for again is compared with the newest file known; a log that is gone
 * from its name goes on to be read. */
static void
follow_take(struct follow *f, int fd)
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
		follow_ready(f);
}

static int
status_of(enum fault fault, int fd)
{
	if (fault == FAULT_NONE)
		return fd >= 0 ? 200 : 503;
	return fault == FAULT_BAD_NAME || fault == FAULT_NO_FILE ? 404 : 503;
}

static void
follow_open(struct follow *f, enum fault fault, int fd)
{
	int64_t size = fd >= 0 ? logread_size(fd) : -1;
	int status = status_of(fault, size >= 0 ? fd : -1);
	struct stat st = {0};

	f->fd = fd;
	f->pos = size > FOLLOW_LAST ? size - FOLLOW_LAST : 0;
	if (fd >= 0)
		(void)fstat(fd, &st);
	f->ops->opened(f->ctx, status, st.st_mtim.tv_sec);
}

static void
on_answer(void *ctx, enum fault fault, const char *message UNUSED, json_t *result UNUSED,
    int fd)
{
	struct follow *f = ctx;

	f->asked = 0;
	if (f->fd < 0)
		follow_open(f, fault, fd);
	else
		follow_take(f, fd);
}

static void
follow_ask(struct follow *f)
{
	struct rpcd *rpcd = f->followers->rpcd;
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

struct follow *
follow_begin(struct followers *all, const struct follow_target *target,
    const struct follow_ops *ops, void *ctx)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	f->followers = all;
	f->target.stream = target->stream;
	if (target->name != NULL)
		f->target.name = xstrdup(target->name);
	f->ops = ops;
	f->ctx = ctx;
	f->fd = f->next = -1;
	f->notice = "";
	TAILQ_INSERT_TAIL(&all->all, f, link);
	follow_ask(f);
	if (f->asked != 0)
		return f;
	follow_free(f);
	return NULL;
}

static void
follow_forget(struct follow *f)
{
	struct peer *master = f->followers->rpcd->master;

	if (f->asked != 0 && master != NULL)
		peer_forget(master, f->asked);
	f->asked = 0;
}

void
follow_free(struct follow *f)
{
	if (f == NULL)
		return;
	follow_forget(f);
	TAILQ_REMOVE(&f->followers->all, f, link);
	close_fd(&f->fd);
	close_fd(&f->next);
	follow_target_clear(&f->target);
	free(f);
}

/* ---- waiting ---- */

/* Whatever replaces a file, by another name for it or none, changes its ctime. So does
 * whoever writes, so that each pause in the writing asks once. */
static void
follow_suspect(struct follow *f, const struct stat *st)
{
	bool changed = st->st_ctim.tv_sec != f->changed.tv_sec ||
		       st->st_ctim.tv_nsec != f->changed.tv_nsec;

	if (f->asked != 0 ||
	    (!changed && clock_mono_ms() < f->asked_ms + FOLLOW_ASK_MS))
		return;
	f->changed = st->st_ctim;
	follow_ask(f);
}

static void
follow_look(struct follow *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0 ||
	    follow_decide(f->pos, S_ISREG(st.st_mode) ? st.st_size : 0, f->next >= 0) !=
		FOLLOW_WAIT)
		follow_ready(f);
	else
		follow_suspect(f, &st);
}

static void
followers_arm(struct followers *all)
{
	if (source_deadline(all->timer) < 0)
		source_arm(all->timer, clock_mono_ms() + FOLLOW_POLL_MS);
}

static void
followers_poll(void *ctx, uint32_t ready UNUSED)
{
	struct followers *all = ctx;
	struct follow *f, *next;

	TAILQ_FOREACH_SAFE(f, &all->all, link, next)
	{
		if (f->waiting)
			follow_look(f);
	}
	TAILQ_FOREACH(f, &all->all, link)
	{
		if (f->waiting)
			followers_arm(all);
	}
}

struct followers *
followers_new(struct rpcd *rpcd)
{
	struct followers *all = xcalloc(1, sizeof(*all));

	all->rpcd = rpcd;
	TAILQ_INIT(&all->all);
	all->timer = loop_timer(rpcd->loop, followers_poll, all);
	if (all->timer != NULL)
		return all;
	free(all);
	return NULL;
}

void
followers_free(struct followers *all)
{
	if (all == NULL)
		return;
	source_free(all->timer);
	free(all);
}

void
followers_end(struct followers *all)
{
	struct follow *f, *next;

	all->ended = true;
	TAILQ_FOREACH_SAFE(f, &all->all, link, next)
	{
		follow_forget(f);
		if (f->fd < 0)
			f->ops->opened(f->ctx, 503, 0);
		else if (f->waiting)
			follow_ready(f);
	}
}

/* ---- reading ---- */

static ssize_t
read_notice(struct follow *f, char *out, size_t max)
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
read_bytes(struct follow *f, int64_t size, char *out, size_t max)
{
	uint64_t left = (uint64_t)(size - f->pos);
	ssize_t n;

	n = logread_bytes(f->fd, f->pos, out, left < max ? (size_t)left : max);
	if (n < 0)
		return FOLLOW_BROKEN;
	n = (ssize_t)follow_cut(out, (size_t)n, (uint64_t)n < left);
	f->pos += n;
	return n;
}

static void
follow_switch(struct follow *f)
{
	close(f->fd);
	f->fd = f->next;
	f->next = -1;
	f->pos = 0;
	f->changed = (struct timespec){0};
}

static ssize_t
follow_pause(struct follow *f)
{
	if (f->followers->ended)
		return FOLLOW_END;
	f->waiting = true;
	followers_arm(f->followers);
	return 0;
}

ssize_t
follow_read(struct follow *f, char *out, size_t max)
{
	int64_t size;

	for (;;) {
		if (*f->notice != '\0')
			return read_notice(f, out, max);
		size = logread_size(f->fd);
		if (size < 0)
			return FOLLOW_BROKEN;
		switch (follow_decide(f->pos, size, f->next >= 0)) {
		case FOLLOW_READ:
			/* Nothing is no end: what shrank is seen the next time. */
			if ((size = read_bytes(f, size, out, max)) != 0)
				return (ssize_t)size;
			return follow_pause(f);
		case FOLLOW_TRUNCATED:
			f->notice = "==> File truncated <==\n";
			f->pos = 0;
			break;
		case FOLLOW_NEXT:
			follow_switch(f);
			break;
		case FOLLOW_WAIT:
			return follow_pause(f);
		}
	}
}
