/* Events: what the streams of events to browsers share: the changes of the mirror, and the
 * figures of what the programs use, which are asked for only while there is a stream. */
#ifndef RPCD_EVENTS_EVENTS_H
#define RPCD_EVENTS_EVENTS_H

#include "common/queue.h"
#include "rpcd/events/changes.h"
#include "rpcd/rpcd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_STATS_MS 2000 /* between two samples */
/* Samples after which a stream sends a comment, so that proxies keep it open, and so that
 * it ends when the client has vanished. */
#define EVENTS_COMMENT_SAMPLES 10

/* The figures of a process. Those that are not known are STATS_UNKNOWN. */
struct event_stats {
	uint64_t id;
	int64_t cpu_share; /* tenths of a percent */
	int64_t rss, fds;
	uint64_t changed; /* number of the sample in which they changed last */
};

/* Embedded in a stream. */
struct events_member {
	TAILQ_ENTRY(events_member) link;
	/* There are new figures or it is time for a comment. */
	void (*tick)(void *ctx);
	void *ctx;
};

struct events {
	struct rpcd *rpcd;
	struct changes *changes;
	struct event_stats *stats; /* by id; NULL without streams */
	size_t nstats;
	uint64_t sample; /* number of the latest one; 0 = none yet */
	uint64_t ticks;  /* of the timer */
	bool ended;      /* the daemon ends: streams end when all is sent */
	bool asking;     /* for a sample */
	struct source *timer;
	TAILQ_HEAD(, events_member) members;
};

struct events *events_new(struct rpcd *); /* new; NULL with errno */
/* All streams must be closed. NULL is allowed. */
void events_free(struct events *);
/* The daemon ends: each stream ends. */
void events_end(struct events *);

void events_join(struct events *, struct events_member *);
void events_leave(struct events *, struct events_member *);

#endif
