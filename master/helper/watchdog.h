/* Watchdog: decides when a helper process that does not answer is reported or killed. Makes
 * no system call: the owner passes the time, sends the pings, and carries out the actions.
 *
 * A ping is sent only after something that the helper has to process, so an idle helper is
 * never woken. Time is counted in checks, and a late check counts for little, so that a
 * pause of the owner, or of the machine, is not attributed to the helper. */
#ifndef MASTER_HELPER_WATCHDOG_H
#define MASTER_HELPER_WATCHDOG_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define WATCHDOG_CHECK_MS 1000    /* until the first ping, and between checks */
#define WATCHDOG_WARN_MS 2000     /* without an answer: warn */
#define WATCHDOG_ANSWER_MS 10000  /* without an answer: kill */
#define WATCHDOG_CONTINUE_MS 2000 /* the same, after it was stopped and continued */
#define WATCHDOG_READ_MS 2000     /* its socket is full and it reads nothing: kill */

enum watchdog_action {
	WATCHDOG_NONE,
	WATCHDOG_PING,		/* send one */
	WATCHDOG_WARN,		/* no answer for WATCHDOG_WARN_MS */
	WATCHDOG_KILL_MUTE,	/* no answer for WATCHDOG_ANSWER_MS or _CONTINUE_MS */
	WATCHDOG_KILL_UNREAD,	/* nothing read for WATCHDOG_READ_MS */
};

struct watchdog {
	bool outstanding;   /* something was sent after the latest ping */
	bool pinged;        /* the latest ping is not answered */
	bool stopped;       /* was stopped since the last answer */
	bool warned;        /* of this ping */
	int64_t next_ms;    /* the next check; -1 = none is needed */
	int64_t checked_ms; /* the latest check */
	int64_t mute_ms;    /* counted since the ping */
	int64_t unread_ms;  /* counted since the helper has read something */
	uint64_t sent;      /* bytes that it had read at the latest check */
};

/* For a helper that has just become ready. */
void watchdog_init(struct watchdog *);
/* Something was sent to the helper, or clients have connected to it. */
void watchdog_active(struct watchdog *, int64_t now);
/* The helper was stopped, and continued by the owner. WATCHDOG_PING if no ping is
 * unanswered. */
enum watchdog_action watchdog_stopped(struct watchdog *, int64_t now);
/* To be called at next_ms. unsent: bytes that the helper's socket did not accept yet; sent:
 * the total number of bytes that it has accepted. */
enum watchdog_action watchdog_check(
    struct watchdog *, int64_t now, uint64_t unsent, uint64_t sent);
/* The ping was answered; busy: the helper still has work. True if a warning was given. */
bool watchdog_answered(struct watchdog *, int64_t now, bool busy);

#endif
