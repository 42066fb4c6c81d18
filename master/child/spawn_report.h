/* Spawn report: why a child could not become its program. The child writes it into memory
 * that it shares with us, without a descriptor or a wait for each spawn; it is read when
 * the child is reaped. */
#ifndef MASTER_CHILD_SPAWN_REPORT_H
#define MASTER_CHILD_SPAWN_REPORT_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPAWN_REPORT_HEAD 128	/* bytes of the file that could not be executed */
#define SPAWN_REPORT_WHY 64

enum spawn_step { SPAWN_DESCRIPTORS, SPAWN_USER, SPAWN_DIRECTORY, SPAWN_EXEC };

struct spawn_report {
	enum spawn_step step;		/* that failed */
	int errnum;
	char why[SPAWN_REPORT_WHY];	/* which part of it; "" = errnum says it */
	char head[SPAWN_REPORT_HEAD];	/* SPAWN_EXEC: how the file begins */
	size_t nhead;
};

/* Once, early. Without it, reports are lost. 0, or -1 with errno. */
NODISCARD int spawn_report_init(void);

/* In the child, between clone and exec: takes no lock and no memory. `why` and `path` (of
 * the file that could not be executed) may be NULL. Keeps errno. */
void spawn_report_send(enum spawn_step, int errnum, const char *why, const char *path);

/* The report of a child that was reaped, once; false: it has left none. */
bool spawn_report_take(pid_t, struct spawn_report *);
/* New text for a log: what failed, the system's reason, and the remedy where there is one.
 * `object` is what the step was about: a user's name, a directory, a command. NULL without
 * memory. */
char *spawn_report_text(const struct spawn_report *, const char *object);

#endif
