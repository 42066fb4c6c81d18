/* Run file: the file of state_directory= that records which processes run. Changes are
 * appended as lines of JSON, at most once in a turn of the loop; when half of the file is
 * out of date, another one replaces it. It is not forced to the disk: it is of use only
 * until the machine is booted again. */
#ifndef MASTER_SURVIVORS_RUN_FILE_H
#define MASTER_SURVIVORS_RUN_FILE_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/survivors/run_record.h"

#include <stddef.h>

#define RUN_FILE_NAME "processes.json"
#define RUN_FILE_MAX (64 * 1024 * 1024) /* bytes that are read: 100,000 processes */

struct run_file;

/* New; only one daemon can use a directory. NULL with *why new. */
struct run_file *run_file_open(struct loop *, const char *directory, char **why);
/* New array of what an earlier daemon has recorded in this boot, *count of them; NULL =
 * nothing. Logs why a file cannot be used. */
struct run_record *run_file_read(struct run_file *, size_t *count);
/* A process runs, or its record has changed; and it has ended. If memory runs out, the
 * file lacks the process. */
void run_file_set(struct run_file *, const struct run_record *);
void run_file_remove(struct run_file *, pid_t);
bool run_file_has(const struct run_file *, pid_t); /* it was set */
/* From now on the file belongs to this daemon; what run_file_read has returned is replaced
 * by what was set. A daemon that does not get so far leaves the file as it is. */
void run_file_begin(struct run_file *);
/* Writes the changes. Logs a failure, and tries again later. */
void run_file_flush(struct run_file *);
/* Writes the changes, or removes the file if nothing runs. NULL is fine. */
void run_file_close(struct run_file *);

#endif
