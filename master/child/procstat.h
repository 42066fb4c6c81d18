/* Procstat: reads the text of /proc/PID/stat. */
#ifndef MASTER_CHILD_PROCSTAT_H
#define MASTER_CHILD_PROCSTAT_H

#include "common/compiler.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCSTAT_MAX 1024 /* bytes of the text: about 50 numbers and a name */

struct procstat {
	pid_t pid, parent, group, session;
	char state;     /* 'Z' = it has ended and was not waited for */
	uint64_t start; /* in ticks since the machine was started */
	uint64_t ticks; /* CPU time, with that of children that were waited for */
	int64_t pages;  /* resident */
};

/* The name of a process, in parentheses, may contain any bytes. 0, or -1 if the text is not
 * complete. */
NODISCARD int procstat_parse(const char *text, size_t n, struct procstat *);

#endif
