/* Step: one method call within a call: the call itself, or one of a multicall's. It is
 * judged against the method table, then its handler answers from the mirror, asks the
 * master, or waits; every step ends in exactly one result or fault. */
#ifndef RPCD_METHODS_INVOCATION_H
#define RPCD_METHODS_INVOCATION_H

#include "common/buf.h"
#include "common/compiler.h"
#include "proto/wait.h"
#include "rpcd/methods/document.h"
#include "rpcd/methods/table.h"
#include "rpcd/rpcd.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define STEP_ECHO_MAX 1024	/* bytes of a fault's text when much is held */
#define STEP_POST_MAX (16 * 1024)	/* bytes of an event; a longer one goes alone */

enum step_phase {
	STEP_BEHIND,	/* parked until the mirror is current */
	STEP_ASKED,	/* the master's answer is due */
	STEP_WAITING,	/* a process's outcome is due */
	STEP_JOB,	/* a bulk job's results are due */
	STEP_DONE,	/* a result or a fault has been written, or `multi` set */
};

struct call_step;

/* The master's answer; fd becomes the callee's. */
typedef void step_answer_fn(struct call_step *, enum fault, const char *message,
    json_t *result, int fd);

struct call_step {
	struct rpcd *rpcd;
	struct share *share;	/* of the client's listener */
	struct document *doc;	/* where the result goes */
	enum role role;		/* of the client */
	bool may_park;
	bool element;		/* of a multicall: bare values and fault structs */
	bool ends_daemon;	/* a shutdown or restart has been accepted */
	char *traced;		/* owned: a name whose return is to be logged, or NULL */
	void (*resumed)(struct call_step *);	/* done after having been parked */

	enum step_phase phase;
	const struct method *method;
	json_t *params;		/* owned array */
	json_t *multi;		/* owned: set by system.multicall */
	uint64_t needs;		/* STEP_BEHIND: the stream number to reach */
	step_answer_fn *answer;
	uint64_t asked;		/* request id, 0 = none */
	struct interface_call *served;	/* STEP_ASKED of a program; else NULL */
	enum wait_kind wait;
	uint64_t row, spawn;	/* STEP_WAITING */
	uint64_t job;		/* STEP_JOB */
	struct bulk *bulk;
	struct buf results;	/* of the job, so far */
	int64_t offset, length;	/* of log calls */
};

/* ---- for call.c ---- */

/* Begins a method call; params NULL = not an array. rpcd, doc, role, may_park, element and
 * resumed are set. */
void step_begin(struct call_step *, const char *name, json_t *params);
/* Goes on when the mirror has reached what a STEP_BEHIND needs. */
void step_look_behind(struct call_step *);
/* Judges the daemon's mood and runs the handler. */
void step_enter(struct call_step *);
/* A row changed or went; id 0 = look at all. */
void step_changed(struct call_step *, uint64_t id, const struct process_info *);
/* A notification of the step's own job. 0, or -1 when malformed. */
int step_job(struct call_step *, const char *method, const json_t *params);
/* The master is gone: ends whatever phase it is in. */
void step_end(struct call_step *);
/* Whether the call is an event that can go to the master now, with no word to be said
 * against it: then it may be one of several in a step_post. */
bool step_may_post(struct call_step *, const char *name, const json_t *params);
/* Sends the master events (an array of type, data, type …, taken), and leaves the answer,
 * nothing or a fault, to fn: the step stays free. The request, or 0. */
uint64_t step_post(struct call_step *, json_t *events, peer_answer_fn *fn, void *ctx);
/* Releases what it holds; an answer still due will be dropped. */
void step_clear(struct call_step *);

/* ---- for handlers: parameters ---- */

/* The i-th parameter as Python would take it. False: absent or not such a thing. */
bool step_string(const struct call_step *, size_t i, const char **);
bool step_int(const struct call_step *, size_t i, int64_t *);
/* Truth of any value; `absent` when it was not given. */
bool step_truth(const struct call_step *, size_t i, bool absent);
/* New: the i-th parameter as Python prints it; NULL for what has parts. */
char *step_printed(const struct call_step *, size_t i);
/* A name that may go over the wire; else a fault has been answered. */
bool step_name(struct call_step *, size_t i, const char **);
/* The same for a group, which is looked up before it is asked whether it is text. */
bool step_group_name(struct call_step *, size_t i, const char **);

/* ---- for handlers: ends ---- */

void step_fault(struct call_step *, enum fault, const char *detail);	/* NULL = none */
void step_fault_text(struct call_step *, enum fault, const char *text);
/* Its detail is the i-th parameter as Python prints it; none for nil. */
void step_fault_printed(struct call_step *, enum fault, size_t i);
/* One value is written in between. */
struct buf *step_open(struct call_step *);
void step_close(struct call_step *);
void step_return_true(struct call_step *);
/* Not for an element of a multicall: the text is the whole reply. */
void step_return_shared(struct call_step *, struct sharedtext *);
void step_return_string(struct call_step *, const char *);
void step_return_int(struct call_step *, int64_t);
void step_return_json_take(struct call_step *, json_t *);
/* A result of up to n bytes is coming; what it takes is kept for it until the step is done.
 * False: too much is held, and the fault has been answered. To be asked before anything is
 * done. */
bool step_room(struct call_step *, size_t n);

/* ---- for handlers: asking and waiting ---- */

/* Asks the master by the method's command; params are taken. */
void step_ask(struct call_step *, json_t *params, bool want_fd, step_answer_fn *);
/* Passes a fault on: true when it was one (fd is closed then). */
bool step_refused(struct call_step *, enum fault, const char *message, int fd);
/* The answer to a start, stop or signal: waits as `wait` says for {id, spawn} or {job}. */
step_answer_fn step_await;

#endif
