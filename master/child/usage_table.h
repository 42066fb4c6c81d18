/* Usage table: which processes of the machine belong to which program, and what each
 * program uses in total. Makes no system call.
 *
 * A process belongs to a program if the program's process leads its process group or
 * session, or else if its parent belongs to the program. */
#ifndef MASTER_CHILD_USAGE_TABLE_H
#define MASTER_CHILD_USAGE_TABLE_H

#include "common/compiler.h"
#include "master/child/procstat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define USAGE_UNKNOWN (-1)
/* The oldest sample that a share of the CPU time is computed from. */
#define USAGE_BASE_MS 120000

/* What a program uses. */
struct usage_row {
	uint64_t id, spawn; /* of the program's process */
	pid_t pid;
	int processes;  /* 0: its own process was not found */
	int permille;   /* of one CPU since the sample before, or USAGE_UNKNOWN */
	int64_t at_ms;  /* monotonic time of the sample */
	int64_t cpu_ms; /* of processes that run, and of those that they waited for */
	int64_t rss;    /* bytes; pages that several processes share count for each */
	int64_t fds;    /* open descriptors, or USAGE_UNKNOWN */
};

/* A process of the machine. */
struct usage_process {
	pid_t pid, parent;
	int64_t cpu_ms, rss;
	size_t owner; /* index of the program's row; or one of the two below */
};

#define USAGE_NOBODY SIZE_MAX          /* it belongs to no program */
#define USAGE_UNDECIDED (SIZE_MAX - 1) /* its parent decides */

struct usage_table {
	struct usage_row *rows; /* by pid; after usage_table_finish by id */
	size_t count, capacity;
	struct usage_process *processes; /* by pid after usage_table_sort */
	size_t nprocesses, process_capacity;
	int64_t tick_ms, page_bytes; /* units of the kernel */
};

/* Empty table. */
void usage_table_init(struct usage_table *, int64_t tick_ms, int64_t page_bytes);
void usage_table_clear(struct usage_table *);
/* Adds a program that runs. 0, or -1 with ENOMEM. */
NODISCARD int usage_table_add(struct usage_table *, uint64_t id, uint64_t spawn, pid_t);
/* All programs have been added, or all processes: sorts both. */
void usage_table_sort(struct usage_table *);
/* Adds a process that was read at this time. 0, or -1 with ENOMEM. */
NODISCARD int usage_table_add_process(
    struct usage_table *, const struct procstat *, int64_t now_ms);
/* Adds what the i-th process uses to its program, whose row it returns; NULL if it belongs
 * to none. */
struct usage_row *usage_table_count(struct usage_table *, size_t i);
/* Frees the processes, and computes shares from the sample before. */
void usage_table_finish(struct usage_table *, const struct usage_table *before);
/* The row of a program, borrowed, or NULL. */
const struct usage_row *usage_table_find(const struct usage_table *, uint64_t id);

#endif
