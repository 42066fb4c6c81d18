/* Run record: what the state file has about a process that runs. It identifies the process
 * and is enough to stop it, even when no configuration has it any more. */
#ifndef MASTER_SURVIVORS_RUN_RECORD_H
#define MASTER_SURVIVORS_RUN_RECORD_H

#include "common/compiler.h"
#include "common/fields.h"
#include "master/process/process.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUN_RECORD_BOOT 40 /* bytes of a boot id, with its NUL */

#define RUN_RECORD_FIELDS(ROW, S)							\
	ROW(S, TEXT, group)								\
	ROW(S, TEXT, name)								\
	ROW(S, INT, pid)								\
	/* Its start time in /proc/PID/stat is not outside of these. */			\
	ROW(S, I64, born_first)								\
	ROW(S, I64, born_last)								\
	ROW(S, U64, id)		/* of the process in the daemon that started it */	\
	ROW(S, U64, spawn)								\
	ROW(S, I64, start)	/* epoch seconds */					\
	ROW(S, U64, restarts)								\
	ROW(S, BOOL, stopping)	/* it was being stopped */				\
	ROW(S, I64, group_priority)							\
	ROW(S, I64, priority)								\
	ROW(S, INT, stopsignal)								\
	ROW(S, I64, stopwaitsecs)							\
	ROW(S, BOOL, stopasgroup)							\
	ROW(S, BOOL, killasgroup)							\
	/* With killmode=tree: the mark of its environment, else NULL, and its user. */	\
	ROW(S, TEXT, mark)								\
	ROW(S, I64, uid)								\
	/* With killmode=cgroup: the directory of its control group, else NULL. */	\
	ROW(S, TEXT, cgroup)								\
	/* The numbers of its pipes' inodes; 0 = no pipe. */				\
	ROW(S, U64, stdin_pipe)								\
	ROW(S, U64, stdout_pipe)							\
	ROW(S, U64, stderr_pipe)

struct run_record FIELDS(RUN_RECORD_FIELDS);

/* Kinds of lines of the file. */
enum run_line { RUN_LINE_BAD, RUN_LINE_HEAD, RUN_LINE_RUNS, RUN_LINE_ENDED };

/* New: a line without its newline; NULL with ENOMEM. */
char *run_record_head(const char *boot);
char *run_record_line(const struct run_record *);
char *run_record_ended(pid_t);
/* Reads a line into *record (to be cleared) or, of the head, into boot. A line that ends a
 * process sets record->pid. */
enum run_line run_record_read(
    const char *line, size_t n, struct run_record *, char boot[RUN_RECORD_BOOT]);
void run_record_clear(struct run_record *);
/* Fills the record of a process that runs; its texts are borrowed. */
void run_record_of(const struct process *, struct run_record *);
/* Orders records as a shutdown stops them: whether `a` comes before, with or after `b`. */
int run_record_order(const struct run_record *a, const struct run_record *b);
/* "GROUP:NAME", or "NAME" if both are the same; new, NULL with ENOMEM. */
char *run_record_name(const struct run_record *);

#endif
