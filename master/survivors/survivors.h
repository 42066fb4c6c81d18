/* Survivors: records which processes run, and handles those that an earlier daemon, which
 * was killed, has left running: on_unclean_start=. Without state_directory= it does
 * nothing. */
#ifndef MASTER_SURVIVORS_SURVIVORS_H
#define MASTER_SURVIVORS_SURVIVORS_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/config/config.h"
#include "master/process/group.h"

struct fdstore;
struct survivors;

typedef void survivors_fn(void *ctx);

/* New: opens the record of the earlier daemon. Loop, groups and store are borrowed. NULL
 * with *error new (NULL if out of memory). */
struct survivors *survivors_new(
    struct loop *, struct groups *, struct fdstore *, const struct config *, char **error);
/* Processes that are not ended yet stay in the record. NULL is fine. */
void survivors_free(struct survivors *);
/* Before anything starts: logs what survives, takes processes over, and begins to end
 * others. From now on the record is of this daemon. resumed: its processes run already. */
void survivors_begin(struct survivors *, bool resumed);
/* Calls fn once, when no survivor is being ended any more, perhaps at once; replaces an
 * earlier fn that was not called. */
void survivors_wait(struct survivors *, survivors_fn *fn, void *ctx);
bool survivors_are_ending(const struct survivors *);
/* The row of a process has changed. */
void survivors_process_changed(
    struct survivors *, const struct process *, enum process_state from);
/* At the end of a turn: writes the record. */
void survivors_flush(struct survivors *);

#endif
