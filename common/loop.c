/* One turn: wait; collect the timers that are due; call the ready descriptors, then the
 * signals, then those timers, then the hook; release freed sources. Due timers are
 * collected first, so that a timer that a callback arms for a past time waits for the next
 * turn. Signals come after descriptors, so that a child's last output is read before it is
 * reaped. */
#include "common/loop.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/heap.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/queue.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOP_EVENTS 64  /* descriptors per turn; the kernel keeps the rest */
#define LOOP_SIGNALS 65 /* signal numbers are 1 to 64 */
#define LOOP_INFOS 16
#define TIMERFD_OFF (-1)

enum source_kind { SOURCE_FD, SOURCE_SIGNAL, SOURCE_TIMER };

struct source {
	struct loop *loop;
	enum source_kind kind;
	bool freed;
	int fd; /* descriptor, or signal number */
	uint32_t want;
	loop_fn *fn;
	void *ctx;
	struct heap_node timer;   /* deadline -1 = disarmed */
	bool due;                 /* in loop->due */
	TAILQ_ENTRY(source) link; /* in loop->live or loop->freed */
	TAILQ_ENTRY(source) due_link;
};

TAILQ_HEAD(source_list, source);

struct loop {
	int epoll;
	int timerfd;
	int signalfd;      /* -1 until the first loop_signal */
	sigset_t original; /* signal mask of the process in loop_new */
	sigset_t watched;
	struct source *signals[LOOP_SIGNALS];
	int64_t used_ms;  /* sum of loop_use_ms in this turn */
	pid_t sender;     /* process that sent the signal whose callback runs */
	bool from_kernel; /* the kernel sent that signal */
	struct heap heap; /* armed timers; has space for all timers */
	size_t timers;
	struct log_limit failures; /* log lines about epoll_ctl */
	int64_t timerfd_at;        /* deadline that the timerfd is set to, or TIMERFD_OFF */
	struct source_list live;
	struct source_list freed;
	struct source_list due;
	void (*turn_end)(void *ctx);
	void *turn_end_ctx;
	bool in_turn;
	bool called; /* a callback has run in this turn */
	bool stop;
};

static int
loop_epoll(struct loop *l, int op, int fd, uint32_t events, void *ptr)
{
	struct epoll_event ev = { .events = events, .data.ptr = ptr };

	return epoll_ctl(l->epoll, op, fd, &ev);
}

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->signalfd = -1;
	l->timerfd_at = TIMERFD_OFF;
	TAILQ_INIT(&l->live);
	TAILQ_INIT(&l->freed);
	TAILQ_INIT(&l->due);
	sigemptyset(&l->watched);
	(void)sigprocmask(SIG_BLOCK, NULL, &l->original);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->epoll == -1 || l->timerfd == -1 ||
	    loop_epoll(l, EPOLL_CTL_ADD, l->timerfd, EPOLLIN, &l->timerfd) == -1) {
		loop_free(l);
		return NULL;
	}
	return l;
}

static void
loop_free_sources(struct source_list *list)
{
	struct source *s;

	while ((s = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, s, link);
		free(s);
	}
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	loop_free_sources(&l->live);
	loop_free_sources(&l->freed);
	fd_close(l->signalfd);
	fd_close(l->timerfd);
	fd_close(l->epoll);
	heap_clear(&l->heap);
	free(l);
}

static struct source *
source_new(struct loop *l, enum source_kind kind, int fd, loop_fn *fn, void *ctx)
{
	struct source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->loop = l;
	s->kind = kind;
	s->fd = fd;
	s->fn = fn;
	s->ctx = ctx;
	s->timer = (struct heap_node){ .deadline = -1, .index = HEAP_NONE };
	TAILQ_INSERT_TAIL(&l->live, s, link);
	return s;
}

/* Frees a source that could not be registered. Always NULL. */
static struct source *
source_abandon(struct source *s)
{
	TAILQ_REMOVE(&s->loop->live, s, link);
	free(s);
	return NULL;
}

struct source *
loop_fd(struct loop *l, int fd, uint32_t want, loop_fn *fn, void *ctx)
{
	struct source *s = source_new(l, SOURCE_FD, fd, fn, ctx);

	if (s == NULL)
		return NULL;
	s->want = want;
	if (loop_epoll(l, EPOLL_CTL_ADD, fd, want, s) == -1)
		return source_abandon(s);
	return s;
}

/* Creates the signalfd, or changes its signals. */
static int
loop_watch_signals(struct loop *l, const sigset_t *set)
{
	int fd = signalfd(l->signalfd, set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd == -1)
		return -1;
	if (l->signalfd != -1)
		return 0;
	if (loop_epoll(l, EPOLL_CTL_ADD, fd, EPOLLIN, &l->signalfd) == -1)
		return fd_fail(fd, errno);
	l->signalfd = fd;
	return 0;
}

/* The default disposition matters for SIGCHLD: if "ignore" was inherited, the kernel would
 * reap the children itself. */
struct source *
loop_signal(struct loop *l, int signo, loop_fn *fn, void *ctx)
{
	sigset_t wider = l->watched, one;
	struct source *s;

	if (signo < 1 || signo >= LOOP_SIGNALS || sigaddset(&wider, signo) == -1)
		return fail_null(EINVAL);
	if (l->signals[signo] != NULL)
		return fail_null(EEXIST);
	s = source_new(l, SOURCE_SIGNAL, signo, fn, ctx);
	if (s == NULL)
		return NULL;
	sigemptyset(&one);
	sigaddset(&one, signo);
	if (sigprocmask(SIG_BLOCK, &one, NULL) == -1 || loop_watch_signals(l, &wider) == -1)
		return source_abandon(s);
	(void)signal(signo, SIG_DFL);
	l->watched = wider;
	l->signals[signo] = s;
	return s;
}

struct source *
loop_timer(struct loop *l, loop_fn *fn, void *ctx)
{
	struct source *s;

	if (heap_reserve(&l->heap, l->timers + 1) == -1)
		return NULL;
	s = source_new(l, SOURCE_TIMER, -1, fn, ctx);
	if (s != NULL)
		l->timers++;
	return s;
}

void
source_want(struct source *s, uint32_t want)
{
	if (s->freed || s->kind != SOURCE_FD || s->want == want)
		return;
	s->want = want;
	if (loop_epoll(s->loop, EPOLL_CTL_MOD, s->fd, want, s) == -1)
		log_limited(&s->loop->failures, LEVEL_ERROR,
		    "cannot change the events that descriptor %d waits for: epoll_ctl: %m",
		    s->fd);
}

static void
source_disarm(struct source *s)
{
	if (s->due)
		TAILQ_REMOVE(&s->loop->due, s, due_link);
	if (s->timer.index != HEAP_NONE)
		heap_remove(&s->loop->heap, &s->timer);
	s->due = false;
	s->timer.deadline = -1;
}

/* A timer that is due stays due if it is armed again for a past time. Otherwise a timer
 * that every turn arms again would never be called. */
void
source_arm(struct source *s, int64_t deadline_ms)
{
	if (s->freed || s->kind != SOURCE_TIMER)
		return;
	if (s->due && deadline_ms >= 0 && deadline_ms <= clock_mono_ms()) {
		s->timer.deadline = deadline_ms;
		return;
	}
	source_disarm(s);
	if (deadline_ms >= 0)
		heap_insert(&s->loop->heap, &s->timer, deadline_ms);
}

int64_t
source_deadline(const struct source *s)
{
	return s->timer.deadline;
}

/* The signal stays blocked: if it were delivered, it would terminate the process. */
static void
source_detach(struct source *s)
{
	struct loop *l = s->loop;

	switch (s->kind) {
	case SOURCE_FD:
		(void)loop_epoll(l, EPOLL_CTL_DEL, s->fd, 0, NULL);
		break;
	case SOURCE_SIGNAL:
		l->signals[s->fd] = NULL;
		sigdelset(&l->watched, s->fd);
		(void)loop_watch_signals(l, &l->watched);
		break;
	case SOURCE_TIMER:
		source_disarm(s);
		l->timers--;
		break;
	}
}

void
source_free(struct source *s)
{
	int saved = errno;

	if (s == NULL || s->freed)
		return;
	source_detach(s);
	s->freed = true;
	TAILQ_REMOVE(&s->loop->live, s, link);
	if (s->loop->in_turn)
		TAILQ_INSERT_TAIL(&s->loop->freed, s, link);
	else
		free(s);
	errno = saved;
}

void
loop_at_turn_end(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	l->turn_end = fn;
	l->turn_end_ctx = ctx;
}

static void
loop_call(struct loop *l, struct source *s, uint32_t ready)
{
	l->called = true;
	s->fn(s->ctx, ready);
}

/* The timerfd is never read: setting it to the next deadline clears its readiness. */
static int
loop_set_timerfd(struct loop *l, int64_t at)
{
	struct itimerspec when = { 0 };

	if (at == l->timerfd_at)
		return 0;
	if (at != TIMERFD_OFF) {
		when.it_value.tv_sec = at / 1000;
		when.it_value.tv_nsec = at % 1000 * 1000000;
	}
	if (timerfd_settime(l->timerfd, TFD_TIMER_ABSTIME, &when, NULL) == -1)
		return -1;
	l->timerfd_at = at;
	return 0;
}

/* Prepares a wait: if a timer is due, sets the timeout to 0, else sets the timerfd. */
static int
loop_prepare(struct loop *l, int *timeout_ms)
{
	const struct heap_node *top = heap_top(&l->heap);
	int64_t first = top != NULL ? top->deadline : TIMERFD_OFF;

	if (*timeout_ms != 0 && first != TIMERFD_OFF && first <= clock_mono_ms())
		*timeout_ms = 0;
	return *timeout_ms == 0 ? 0 : loop_set_timerfd(l, first);
}

static void
loop_collect_due(struct loop *l)
{
	struct heap_node *top = heap_top(&l->heap);
	int64_t now = top != NULL ? clock_mono_ms() : 0;
	struct source *s;

	for (; top != NULL && top->deadline <= now; top = heap_top(&l->heap)) {
		s = container_of(top, struct source, timer);
		heap_remove(&l->heap, top);
		s->due = true;
		TAILQ_INSERT_TAIL(&l->due, s, due_link);
	}
}

static void
loop_call_signals(struct loop *l)
{
	struct signalfd_siginfo info[LOOP_INFOS];
	uint32_t count[LOOP_SIGNALS] = { 0 };
	const struct signalfd_siginfo *first[LOOP_SIGNALS] = { 0 };
	ssize_t n, i;
	int signo;

	n = read(l->signalfd, info, sizeof(info));
	for (i = 0; i < n / (ssize_t)sizeof(info[0]); i++)
		if (info[i].ssi_signo < LOOP_SIGNALS && count[info[i].ssi_signo]++ == 0)
			first[info[i].ssi_signo] = &info[i];
	for (signo = 1; signo < LOOP_SIGNALS; signo++) {
		if (first[signo] == NULL || l->signals[signo] == NULL)
			continue;
		l->sender = (pid_t)first[signo]->ssi_pid;
		l->from_kernel = first[signo]->ssi_code == SI_KERNEL;
		loop_call(l, l->signals[signo], count[signo]);
	}
}

static void
loop_dispatch(struct loop *l, const struct epoll_event *ev, int n)
{
	struct source *s;
	bool signals = false;
	uint32_t ready;

	loop_collect_due(l);
	for (int i = 0; i < n; i++) {
		s = ev[i].data.ptr;
		signals = signals || ev[i].data.ptr == &l->signalfd;
		if (ev[i].data.ptr == &l->signalfd || ev[i].data.ptr == &l->timerfd)
			continue;
		/* An earlier callback may have changed what this source waits for. */
		ready = ev[i].events & (s->want | EPOLLERR | EPOLLHUP);
		if (!s->freed && ready != 0)
			loop_call(l, s, ready);
	}
	if (signals)
		loop_call_signals(l);
	while ((s = TAILQ_FIRST(&l->due)) != NULL) {
		source_disarm(s);
		loop_call(l, s, 0);
	}
	if (l->called && l->turn_end != NULL)
		l->turn_end(l->turn_end_ctx);
}

int
loop_turn(struct loop *l, int timeout_ms)
{
	struct epoll_event ev[LOOP_EVENTS];
	int n;

	if (l->in_turn)
		return fail_with(EBUSY);
	if (loop_prepare(l, &timeout_ms) == -1)
		return -1;
	n = epoll_wait(l->epoll, ev, LOOP_EVENTS, timeout_ms);
	if (n == -1 && errno != EINTR)
		return -1;
	l->in_turn = true;
	l->called = false;
	l->used_ms = 0;
	loop_dispatch(l, ev, n);
	l->in_turn = false;
	loop_free_sources(&l->freed);
	return 0;
}

int
loop_run(struct loop *l)
{
	int r = 0;

	while (!l->stop && r == 0)
		r = loop_turn(l, -1);
	l->stop = false;
	return r;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}

int64_t
loop_use_ms(struct loop *l, int64_t ms)
{
	return l->used_ms += ms;
}

pid_t
loop_signal_sender(const struct loop *l)
{
	return l->sender;
}

bool
loop_signal_is_from_kernel(const struct loop *l)
{
	return l->from_kernel;
}

void
loop_clear_original_mask(struct loop *l)
{
	sigemptyset(&l->original);
}

const void *
loop_original_mask(const struct loop *l)
{
	return &l->original;
}
