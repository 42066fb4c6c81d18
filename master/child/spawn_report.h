/* Spawn report: the reason why a child did not execute its program. The child writes the
 * report to memory that it shares with us, which needs no descriptor and no wait at each
 * spawn; the report is read when the child has been reaped. */
#ifndef MASTER_CHILD_SPAWN_REPORT_H
#define MASTER_CHILD_SPAWN_REPORT_H

#include "common/compiler.h"
#include "master/config/command/spawn_error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Call once, early; without it, reports are lost. 0, or -1 with errno. */
NODISCARD int spawn_report_init(void);

/* In the child, between clone and exec: neither locks nor allocates. `why` and `path` (the
 * file that could not be executed) may be NULL. Keeps errno. */
void spawn_report_send(enum spawn_step step, int errnum, const char *why, const char *path);

/* Removes the report of a child that was reaped and returns it; false = it left none. */
bool spawn_report_take(pid_t, struct spawn_error *);

#endif
