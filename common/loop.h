/* Loop: one epoll set, one signalfd, one timerfd over a heap of deadlines.
 *
 * A source is a descriptor, a signal or a timer. Its callback may free any source, even its
 * own: a freed source is never called, and its memory is released at the end of the turn.
 * Callbacks do bounded work (64 KiB, 64 frames) and never block. An idle loop makes no
 * system call; the timerfd is set only when the earliest deadline changes. */
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
 * the signalfd. It stays blocked when the source is freed. One source per signal (EEXIST).
 * Its callback runs after those of the ready descriptors of the turn. */
NODISCARD struct source *loop_signal(struct loop *, int signo, loop_fn *, void *ctx);
/* During the callback of a signal: the sender of its first signal; of SIGCHLD, the
 * child. */
pid_t loop_signal_sender(const struct loop *);
/* The same: whether the kernel sent the first signal, as after a hang-up. */
bool loop_signal_is_from_kernel(const struct loop *);
/* One-shot timer, disarmed until source_arm. */
NODISCARD struct source *loop_timer(struct loop *, loop_fn *, void *ctx);

/* Changes what a descriptor source waits for (0 = nothing but errors). */
void source_want(struct source *, uint32_t want);
/* Calls the timer once when clock_mono_ms() reaches the deadline, for a past one in the
 * next turn, after ready descriptors; -1 disarms. */
void source_arm(struct source *, int64_t deadline_ms);
/* The deadline, or -1 when disarmed. */
int64_t source_deadline(const struct source *);
/* Adds to the time that callbacks have used since the turn began and returns the sum, so
 * that the callbacks of a turn can share one time limit. */
int64_t loop_use_ms(struct loop *, int64_t ms);
void source_free(struct source *); /* NULL is fine */

/* Called once at the end of each turn in which a callback ran, before sleeping; one
 * hook, NULL removes it. The master writes its deltas and replies here. */
void loop_at_turn_end(struct loop *, void (*fn)(void *ctx), void *ctx);

/* Runs until loop_stop; 0, or -1 with errno when epoll fails. */
int loop_run(struct loop *);
void loop_stop(struct loop *);
/* Runs one turn, waiting at most timeout_ms (-1 = no limit); for callers that wait for an
 * event of their own. */
int loop_turn(struct loop *, int timeout_ms);
/* The signal mask of the process when the loop was created; for children. */
const void *loop_original_mask(const struct loop *); /* const sigset_t * */
/* Makes the original mask empty: after a re-exec, which keeps signals blocked so that none
 * is lost before loop_signal. */
void loop_clear_original_mask(struct loop *);

#endif
