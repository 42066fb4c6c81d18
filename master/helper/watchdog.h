/* Watchdog: decides when a helper process that does not answer is reported and killed. It
 * makes no system call: its owner passes the time, sends the pings and does what it says.
 *
 * A ping is sent only after something that the helper has to deal with, so that an idle
 * helper is never woken. Time is counted in looks, and a look that comes late counts for
 * little: an owner that was stopped or starved does not take its own pause for the
 * helper's. */
#ifndef MASTER_HELPER_WATCHDOG_H
#define MASTER_HELPER_WATCHDOG_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define WATCHDOG_LOOK_MS 1000     /* to the first ping, and between two looks */
#define WATCHDOG_WARN_MS 2000     /* without an answer */
#define WATCHDOG_ANSWER_MS 10000  /* without an answer: it hangs */
#define WATCHDOG_CONTINUE_MS 2000 /* the same after it was stopped and continued */
#define WATCHDOG_READ_MS 2000     /* its socket full and nothing read */

enum watchdog_action {
	WATCHDOG_NONE,
	WATCHDOG_PING,		/* send one; its answer is due */
	WATCHDOG_WARN,		/* no answer for WATCHDOG_WARN_MS: report it, once */
	WATCHDOG_KILL_MUTE,	/* no answer for longer than is allowed */
	WATCHDOG_KILL_UNREAD,	/* reads nothing */
};

struct watchdog {
	bool outstanding; /* something that no ping has followed yet */
	bool asked;       /* a ping has no answer */
	bool stopped;     /* it was stopped since the last answer */
	bool warned;
	int64_t next_ms;   /* of the next look; -1 = none is needed */
	int64_t looked_ms; /* of the latest one */
	int64_t mute_ms;   /* counted since the ping */
	int64_t unread_ms; /* counted since it read something */
	uint64_t sent;     /* bytes that it had taken then */
};

/* A helper that has just got ready. */
void watchdog_init(struct watchdog *);
/* Something was sent to it, or clients have turned to it. */
void watchdog_active(struct watchdog *, int64_t now);
/* It was stopped, and continued by the owner. WATCHDOG_PING when no answer is due yet. */
enum watchdog_action watchdog_stopped(struct watchdog *, int64_t now);
/* At next_ms. unsent: bytes that it has not taken; sent: those that it has, in all. */
enum watchdog_action watchdog_look(
    struct watchdog *, int64_t now, uint64_t unsent, uint64_t sent);
/* The answer to the ping came; busy: with something under way. True when it was warned of.
 */
bool watchdog_answered(struct watchdog *, int64_t now, bool busy);

#endif
