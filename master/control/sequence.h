/* Sequence: a restart or an update, whose steps the master carries out one after another to
 * the end, whether or not the client that asked for it stays. */
#ifndef MASTER_CONTROL_SEQUENCE_H
#define MASTER_CONTROL_SEQUENCE_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/control/job.h"
#include "master/process/group.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCES_MAX 256     /* at once … */
#define SEQUENCES_PER_SINK 16 /* … of them for one sink */

enum sequence_action { SEQUENCE_STOP, SEQUENCE_START, SEQUENCE_REMOVE, SEQUENCE_ADD };

/* A step ends when what it began has: a stop when the process has stopped, a start when it
 * is RUNNING or has failed. */
#define SEQUENCE_STEP_FIELDS(ROW, S)							\
	ROW(S, INT, action)	/* enum sequence_action */				\
	/* Of a stop or start a namespec, or several that are worked on together, separated\
	 * by newlines, or NULL = all; of the others a group's name. */			\
	ROW(S, TEXT, target)
struct sequence_step FIELDS(SEQUENCE_STEP_FIELDS);

struct sequences;

/* Receives the results. Strings borrowed; a fault's detail is NULL, or the text after its
 * name. */
struct sequence_sink {
	/* A process has been stopped or started, or not. */
	void (*result)(void *ctx, uint64_t number, enum sequence_action,
	    const struct process *, enum fault, const char *detail);
	/* A step on a group has ended; or one on a target that does not exist. */
	void (*step)(void *ctx, uint64_t number, const struct sequence_step *, enum fault,
	    const char *detail);
	void (*end)(void *ctx, uint64_t number);
	/* True while results should wait. */
	bool (*is_behind)(void *ctx);
};

/* Carries out a step on a group: FAULT_NONE, or a fault with *detail new or NULL. */
typedef enum fault sequence_change_fn(
    void *ctx, enum sequence_action, const char *group, char **detail);

/* New; NULL with errno. ctx: of `change`, borrowed. */
struct sequences *sequences_new(
    struct loop *, struct groups *, struct jobs *, sequence_change_fn *change, void *ctx);
void sequences_free(struct sequences *);
/* Begins in the next turn; the steps (array and targets) are taken. A fault of a step on a
 * group ends the sequence; but a group with a process that could not be stopped is merely
 * not removed, with FAILED, unless the next step adds it again. The number, or 0 with
 * ENOMEM, or ENOBUFS when there are too many. */
uint64_t sequences_add(struct sequences *, struct sequence_step *steps_take, size_t count,
    const struct sequence_sink *, void *ctx);
void sequence_steps_free(struct sequence_step *, size_t count);
/* A sink is going away: its sequences go on without it. */
void sequences_forget(struct sequences *, const void *ctx);
/* The process's row has changed. */
void sequences_changed(struct sequences *, const struct process *);
/* Processes are going away: what waits for them is looked at in the next turn. */
void sequences_look(struct sequences *);

/* What the state document has of a sequence, beside the steps from the current one on. One
 * that is put back repeats the step that it was at. */
#define SEQUENCE_FIELDS(ROW, S)								\
	ROW(S, U64, number)								\
	ROW(S, BOOL, stop_failed)	/* one of the last stop runs on */		\
	ROW(S, BOOL, failed)		/* nothing more is done */
struct sequence_record FIELDS(SEQUENCE_FIELDS);

/* The index-th with its steps (borrowed); NULL at the end. */
const struct sequence_record *sequences_get(const struct sequences *, size_t index,
    const struct sequence_step **steps, size_t *count);
NODISCARD int sequences_put_back(struct sequences *, const struct sequence_record *,
    struct sequence_step *steps_take, size_t count); /* 0, or -1 ENOMEM */

#endif
