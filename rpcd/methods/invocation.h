/* Invocation: one method call within a call: the call itself, or one of a multicall's. It
 * is judged against the method table, then its handler answers from the mirror, asks the
 * master, or waits; every invocation ends in exactly one result or fault. */
#ifndef RPCD_METHODS_INVOCATION_H
#define RPCD_METHODS_INVOCATION_H

#include "common/buf.h"
#include "common/compiler.h"
#include "proto/wait.h"
#include "rpcd/methods/method.h"
#include "rpcd/methods/reply_text.h"
#include "rpcd/rpcd.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define INVOCATION_ECHO_MAX 1024        /* bytes of a fault's text when memory is short */
#define INVOCATION_POST_MAX (16 * 1024) /* bytes of an event; a longer one goes alone */

enum invocation_phase {
	INVOCATION_BEHIND,	/* parked until the mirror is current */
	INVOCATION_ASKED,	/* the master's answer is due */
	INVOCATION_WAITING,	/* a process's outcome is due */
	INVOCATION_JOB,	/* a bulk job's results are due */
	INVOCATION_DONE,	/* a result or a fault has been written, or `multi` set */
};

struct invocation;

/* The master's answer; fd becomes the callee's. */
typedef void invocation_answer_fn(
    struct invocation *, enum fault, const char *message, json_t *result, int fd);

struct invocation {
	struct rpcd *rpcd;
	struct share *share;    /* of the client's listener */
	struct reply_text *doc; /* where the result goes */
	enum role role;         /* of the client */
	bool may_park;
	bool element;     /* of a multicall: bare values and fault structs */
	bool ends_daemon; /* a shutdown or restart has been accepted */
	char *traced;     /* owned: a name whose return is to be logged, or NULL */
	void (*resumed)(struct invocation *); /* done after having been parked */

	enum invocation_phase phase;
	struct method method;
	json_t *params; /* owned array */
	json_t *multi;  /* owned: set by system.multicall */
	uint64_t needs; /* INVOCATION_BEHIND: the stream number to reach */
	invocation_answer_fn *answer;
	uint64_t asked;               /* request id, 0 = none */
	void *state;                  /* the method's own struct, or NULL … */
	void (*release)(void *state); /* … and what frees it at the end */
};

/* ---- for call.c ---- */

/* Begins a method call; params NULL = not an array. rpcd, doc, role, may_park, element and
 * resumed are set. */
void invocation_begin(struct invocation *, const char *name, json_t *params);
/* Goes on when the mirror has reached what a INVOCATION_BEHIND needs. */
void invocation_look_behind(struct invocation *);
/* Checks the daemon's state and runs the handler. */
void invocation_enter(struct invocation *);
/* A row changed or went; id 0 = look at all. */
void invocation_changed(struct invocation *, uint64_t id, const struct process_info *);
/* A notification of a job: 1 taken, 0 another invocation's, -1 malformed. */
int invocation_job(
    struct invocation *, uint64_t job, const char *method, const json_t *params);
/* The master is gone: ends whatever phase it is in. */
void invocation_end(struct invocation *);
/* Whether the call is an event that can go to the master now, with no word to be said
 * against it: then it may be one of several in a invocation_post. */
bool invocation_may_post(struct invocation *, const char *name, const json_t *params);
/* Sends the master events (an array of type, data, type …, taken), and leaves the answer,
 * nothing or a fault, to fn: the invocation stays free. The request, or 0. */
uint64_t invocation_post(
    struct invocation *, json_t *events, peer_answer_fn *fn, void *ctx);
/* Releases what it holds; an answer still due will be dropped. */
void invocation_clear(struct invocation *);
/* The newest stream number that the master has announced to any peer. */
uint64_t invocation_newest(const struct rpcd *);
/* Whether the mirror is complete and has reached this number. */
bool invocation_has_reached(const struct rpcd *, uint64_t number);

/* ---- for handlers: parameters ---- */

/* The i-th parameter as Python would take it. False: absent or not such a thing. */
bool invocation_string(const struct invocation *, size_t i, const char **);
bool invocation_int(const struct invocation *, size_t i, int64_t *);
/* Truth of any value; `absent` when it was not given. */
bool invocation_truth(const struct invocation *, size_t i, bool absent);
/* A name that may go over the wire; else a fault has been answered. */
bool invocation_name(struct invocation *, size_t i, const char **);

/* ---- for handlers: ends ---- */

void invocation_fault(
    struct invocation *, enum fault, const char *detail); /* NULL = none */
void invocation_fault_text(struct invocation *, enum fault, const char *text);
/* Its detail is the i-th parameter as Python prints it; none for nil and what has parts. */
void invocation_fault_printed(struct invocation *, enum fault, size_t i);
/* One value is written in between. */
struct buf *invocation_open(struct invocation *);
void invocation_close(struct invocation *);
void invocation_return_true(struct invocation *);
/* Not for an element of a multicall: the text is the whole reply. */
void invocation_return_shared(struct invocation *, struct shared_buffer *);
void invocation_return_string(struct invocation *, const char *);
void invocation_return_json_take(struct invocation *, json_t *);
/* An array of values that are XML already. */
void invocation_return_array(struct invocation *, const struct buf *values);
/* A result of up to n bytes is coming; what it takes is kept for it until the end.
 * False: the budget is used up, and the fault has been answered. To be asked before
 * anything is done. */
bool invocation_reserve(struct invocation *, size_t n);

/* ---- for handlers: asking and waiting ---- */

/* Asks the master by the method's command; params are taken. */
void invocation_ask(
    struct invocation *, json_t *params, bool want_fd, invocation_answer_fn *);
/* Passes a fault on: true when it was one (fd is closed then). */
bool invocation_refused(struct invocation *, enum fault, const char *message, int fd);
/* Asks the same way, and answers true, or waits for {id, spawn} or {job} to end. */
void invocation_ask_and_wait(struct invocation *, json_t *params, enum wait_kind);

#endif
