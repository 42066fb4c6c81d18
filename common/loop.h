/* Loop: one epoll set, one signalfd, one timerfd over a heap of deadlines.
 *
 * A source is one thing to wait for. Its callback may free any source, its own
 * included: the memory goes at the end of the turn and a dead source is never
 * called. Callbacks do bounded work (64 KiB, 64 frames) and never block. An idle
 * loop makes no system call; the timerfd is set only when the earliest deadline
 * changes. */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct source;

/* ready: EPOLLIN and so on for a descriptor, 0 for timers, the count for signals. */
typedef void loop_fn(void *ctx, uint32_t ready);

struct loop *loop_new(void);   /* new; NULL with errno */
void loop_free(struct loop *); /* frees its sources, closes none of their fds */

/* Each returns a new source owned by the loop, or NULL with errno. `fd` stays the caller's:
 * free the source before closing it. */
NODISCARD struct source *loop_fd(
    struct loop *, int fd, uint32_t want, loop_fn *, void *ctx);
/* Blocks the signal in the process, sets its disposition to the default and reads it from
 * the signalfd. It stays blocked when the source is freed; one source a signal (EEXIST).
 * Signals are called after the ready descriptors of the turn. */
NODISCARD struct source *loop_signal(struct loop *, int signo, loop_fn *, void *ctx);
/* In such a call: the process that sent the first of its signals; of SIGCHLD, the child. */
pid_t loop_signal_sender(const struct loop *);
/* In such a call: whether the kernel itself sent the first of them, as at a hang-up. */
bool loop_signal_is_of_kernel(const struct loop *);
/* One-shot timer, disarmed until source_arm. */
NODISCARD struct source *loop_timer(struct loop *, loop_fn *, void *ctx);

/* Changes what a descriptor source waits for (0 = nothing but errors). */
void source_want(struct source *, uint32_t want);
/* Fires once when clock_mono_ms() reaches the deadline; a past deadline fires in the next
 * turn, after ready descriptors; -1 disarms. */
void source_arm(struct source *, int64_t deadline_ms);
/* The deadline set, or -1. */
int64_t source_deadline(const struct source *);
/* A budget that callbacks of one kind share, so that many of them in one turn do not take
 * many times what one may: adds to the time used since the turn began and returns it. */
int64_t loop_use_ms(struct loop *, int64_t ms);
void source_free(struct source *); /* NULL is fine */

/* Called once at the end of each turn in which anything was called, before sleeping; one
 * hook, NULL removes it. The master writes its deltas and replies here. */
void loop_at_turn_end(struct loop *, void (*fn)(void *ctx), void *ctx);

/* Runs until loop_stop; 0, or -1 with errno when epoll fails. */
int loop_run(struct loop *);
void loop_stop(struct loop *);
/* One turn, waiting at most timeout_ms (-1 = for ever): tests and orderly endings. */
int loop_turn(struct loop *, int timeout_ms);
/* The original signal mask, for children. */
const void *loop_original_mask(const struct loop *); /* const sigset_t * */
/* No signal was blocked before: those that are were kept blocked across an exec, so that
 * none is lost before loop_signal. */
void loop_set_none_original(struct loop *);

#endif
