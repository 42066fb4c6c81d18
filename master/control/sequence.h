/* Sequence: a restart or an update. The master carries out its steps one after the other to
 * the end, also when the client that has requested it is gone. */
#ifndef MASTER_CONTROL_SEQUENCE_H
#define MASTER_CONTROL_SEQUENCE_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/control/job.h"
#include "master/process/group.h"
#include "proto/grant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCES_MAX 256     /* at once */
#define SEQUENCES_PER_SINK 16 /* at once for one sink */

enum sequence_action { SEQUENCE_STOP, SEQUENCE_START, SEQUENCE_REMOVE, SEQUENCE_ADD };

/* A stop ends when the process has stopped, a start when it is RUNNING or has failed. */
#define SEQUENCE_STEP_FIELDS(ROW, S)							\
	ROW(S, INT, action)	/* enum sequence_action */				\
	/* Of a stop or start one or more namespecs, separated by newlines, that are	\
	 * worked on together (NULL = all); of a removal or addition a group's name. */	\
	ROW(S, TEXT, target)
struct sequence_step FIELDS(SEQUENCE_STEP_FIELDS);

struct sequences;

/* Receives the results. Strings are borrowed. detail: the text after the fault's name; NULL
 * = none. */
struct sequence_sink {
	/* A process was stopped or started, or that has failed. */
	void (*result)(void *ctx, uint64_t number, enum sequence_action,
	    const struct process *, enum fault, const char *detail);
	/* A step on a group has ended, or a target does not exist. */
	void (*step)(void *ctx, uint64_t number, const struct sequence_step *, enum fault,
	    const char *detail);
	void (*end)(void *ctx, uint64_t number);
	/* True while the sequence should pause. */
	bool (*is_behind)(void *ctx);
};

/* Carries out a step on a group: FAULT_NONE, or a fault with *detail new or NULL. */
typedef enum fault sequence_change_fn(
    void *ctx, enum sequence_action, const char *group, char **detail);

/* New; NULL with errno. ctx: of `change`, borrowed. */
struct sequences *sequences_new(
    struct loop *, struct groups *, struct jobs *, sequence_change_fn *change, void *ctx);
void sequences_free(struct sequences *);
/* Begins in the next loop iteration; the steps (array and targets) are taken. Steps on
 * processes concern those that the grant sees (NULL = all). The fault of
 * an addition or removal ends the sequence. But a group with a process that could not be
 * stopped, and that the next step does not add again, gets FAILED and stays, and the
 * sequence continues. Its number, or 0 with ENOMEM, or ENOBUFS when there are too many. */
uint64_t sequences_add(struct sequences *, struct sequence_step *steps_take, size_t count,
    const struct grant *, const struct sequence_sink *, void *ctx);
void sequence_steps_free(struct sequence_step *, size_t count);
/* A sink is going away: its sequences continue without results. */
void sequences_forget(struct sequences *, const void *ctx);
/* The process's row has changed. */
void sequences_changed(struct sequences *, const struct process *);
/* Processes are going away: in the next loop iteration, checks the sequences that wait for
 * them. */
void sequences_check(struct sequences *);

/* Part of the state document. */
#define SEQUENCE_FIELDS(ROW, S)								\
	ROW(S, U64, number)								\
	ROW(S, BOOL, stop_failed)	/* the last stop has left a process running */	\
	ROW(S, BOOL, failed)		/* no further step is carried out */		\
	/* The current step: its job has been queued; its job has ended, only waits are	\
	 * left; its target does not exist. */						\
	ROW(S, BOOL, begun)								\
	ROW(S, BOOL, issued)								\
	ROW(S, BOOL, unknown)								\
	/* Of a client that does not see all: the processes that it sees, as		\
	 * grant_write_programs has them; NULL = all. */				\
	ROW(S, TEXT, programs)
struct sequence_record FIELDS(SEQUENCE_FIELDS);

/* A process whose stop or start the current step awaits. */
#define SEQUENCE_WAIT_FIELDS(ROW, S)							\
	ROW(S, U64, id)									\
	ROW(S, U64, spawn)								\
	ROW(S, BOOL, is_reported)	/* its result has been sent already */
struct sequence_wait FIELDS(SEQUENCE_WAIT_FIELDS);

struct sequence_rest {
	struct sequence_step *steps; /* from the current one on */
	size_t count;
	struct sequence_wait *waits; /* of the current one */
	size_t nwaits;
	void *ctx; /* of the sink; NULL = it has none */
};

/* The index-th with the rest of it (borrowed); NULL at the end. */
const struct sequence_record *sequences_get(
    const struct sequences *, size_t index, struct sequence_rest *);
/* sink NULL: it continues without results. A sequence whose step has begun but whose job
 * has not ended waits for that job. 0, or -1 ENOMEM; record and rest are taken in either
 * case. */
NODISCARD int sequences_restore(struct sequences *, struct sequence_record *take,
    struct sequence_rest *take_rest, const struct sequence_sink *);
/* The sink of the jobs of a sequence; NULL = no such sequence. */
const struct job_sink *sequences_job_sink(
    const struct sequences *, uint64_t number, void **ctx);

#endif
