/* Loop_probe: a callback that records its calls and does what the test has set, and loops
 * with a frozen clock. */
#ifndef TESTS_LOOP_PROBE_H
#define TESTS_LOOP_PROBE_H

#include "common/clock.h"
#include "common/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define START 1000000 /* the frozen clock at the beginning of a test */

/* The calls of a callback, and what it does. */
struct probe {
	struct loop *loop;
	struct source *source, *victim;
	int64_t rearm; /* of victim, when not 0 */
	int fd, calls;
	uint32_t ready;
	bool stop;
};

static inline void
note(void *ctx, uint32_t ready)
{
	struct probe *p = ctx;

	p->calls++;
	p->ready = ready;
	if (p->victim != NULL && p->rearm != 0) {
		source_arm(p->victim, p->rearm);
	} else if (p->victim != NULL) {
		source_free(p->victim);
		p->victim = NULL;
	}
	if (p->stop)
		loop_stop(p->loop);
}

static inline struct loop *
setup_frozen(void)
{
	struct loop *l = loop_new();

	assert_non_null(l);
	clock_freeze(START, START);
	return l;
}

static inline void
teardown(struct loop *l)
{
	loop_free(l);
	clock_freeze(-1, -1);
}

static inline struct probe
probe_ready(struct loop *l)
{
	return (struct probe){ .loop = l, .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK) };
}

static inline void
turn(struct loop *l)
{
	assert_int_equal(loop_turn(l, 0), 0);
}

#endif
