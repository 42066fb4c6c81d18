/* Spawn report: why a child could not become its program. The child writes it into memory
 * that it shares with us, without a descriptor or a wait for each spawn; it is read when
 * the child is reaped. */
#ifndef MASTER_CHILD_SPAWN_REPORT_H
#define MASTER_CHILD_SPAWN_REPORT_H

#include "common/compiler.h"
#include "master/config/command/spawn_error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Once, early. Without it, reports are lost. 0, or -1 with errno. */
NODISCARD int spawn_report_init(void);

/* In the child, between clone and exec: takes no lock and no memory. `why` and `path` (of
 * the file that could not be executed) may be NULL. Keeps errno. */
void spawn_report_send(enum spawn_step, int errnum, const char *why, const char *path);

/* The report of a child that was reaped, once; false: it has left none. */
bool spawn_report_take(pid_t, struct spawn_error *);

#endif
