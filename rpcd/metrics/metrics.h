/* Metrics: the figures of the daemon and of the programs that a caller sees. */
#ifndef RPCD_METRICS_METRICS_H
#define RPCD_METRICS_METRICS_H

#include "common/buf.h"
#include "proto/grant.h"
#include "proto/mirror.h"
#include "rpcd/figures.h"
#include "rpcd/stats.h"
#include "rpcd/timings.h"

#include <stddef.h>
#include <stdint.h>

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A listener; borrowed. */
struct metrics_listener {
	const char *section;
	size_t connections, log_streams, event_streams; /* open */
	const int *codes;        /* HTTP statuses of refused requests, 0 = all others, */
	const uint64_t *refused; /* and how many of each */
	size_t ncodes;
};

/* What is written; all borrowed. */
struct metrics {
	const struct mirror *mirror;
	const struct grant *grant;
	int64_t now;                        /* epoch seconds */
	const struct stats *stats;          /* NULL = not known */
	const struct figures_list *figures; /* NULL = the master does not answer */
	const struct timings *timings;
	const struct metrics_listener *listeners;
	size_t nlisteners;
};

void metrics_write(struct buf *, const struct metrics *);

/* programs.c */
void metrics_write_programs(struct buf *, const struct metrics *);
/* rpc.c */
void metrics_write_timings(struct buf *, const struct timings *);

/* For the manual: row n of all metrics, or NULL after the last. */
const struct metric *metrics_nth(size_t n);
const struct metric *metrics_program_nth(size_t n);
const struct metric *metrics_rpc_nth(size_t n);

#endif
