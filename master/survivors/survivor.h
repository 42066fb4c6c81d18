/* Survivor: a process that an earlier daemon has left running, and the decisions about its
 * end. Only survivor_find makes system calls. */
#ifndef MASTER_SURVIVORS_SURVIVOR_H
#define MASTER_SURVIVORS_SURVIVOR_H

#include "common/compiler.h"
#include "common/loop.h"
#include "common/queue.h"
#include "master/child/procstat.h"
#include "master/survivors/run_record.h"

#include <stdbool.h>
#include <stdint.h>

#define SURVIVOR_KILLS 5 /* times that SIGKILL is sent before a survivor is given up */

struct cgroup_end;
struct survivors;
struct tree;

struct survivor {
	TAILQ_ENTRY(survivor) in_list;
	struct survivors *all;
	struct run_record record;
	int pidfd;                     /* owned; -1 = it is left alone */
	struct source *ended;          /* while it is being ended */
	struct tree *tree;             /* with killmode=tree; else NULL */
	struct cgroup_end *cgroup_end; /* after its end, with killmode=cgroup */
	int64_t due_ms;                /* of its next signal; -1 = it got none */
	int kills;                     /* signals SIGKILL that were sent */
};

/* The next signal to it, and whom it is for. */
struct survivor_signal {
	int signo; /* 0 = none is due */
	bool as_group;
};

TAILQ_HEAD(survivor_list, survivor);

/* Takes the record, also on failure. NULL with ENOMEM. */
struct survivor *survivor_new(struct run_record *take);
void survivor_free(struct survivor *);
/* Whether the process still runs; then *pidfd is new, or -1 if the kernel has none. A pid
 * that belongs to another process now does not count. */
bool survivor_find(const struct run_record *, int *pidfd);
/* Whether what /proc has about the pid is the recorded process, and it runs. */
bool survivor_is_same(const struct run_record *, const struct procstat *);
/* Places it in the order in which survivors are ended. */
void survivor_insert(struct survivor_list *, struct survivor *take);
/* The signal that is due now; sets the time of the next one. */
struct survivor_signal survivor_next_signal(struct survivor *, int64_t now);
/* SIGKILL has had no effect, as on a process that waits for a dead disk. */
bool survivor_is_hopeless(const struct survivor *, int64_t now);

#endif
