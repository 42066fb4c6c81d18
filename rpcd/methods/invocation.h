/* Invocation: one method call: a call itself, or an element of a multicall. It is checked
 * against the method table; then the handler answers from the mirror, sends a request to
 * the master, or waits. Each invocation ends with exactly one result or fault. */
#ifndef RPCD_METHODS_INVOCATION_H
#define RPCD_METHODS_INVOCATION_H

#include "common/buf.h"
#include "common/compiler.h"
#include "proto/wait.h"
#include "rpcd/caller.h"
#include "rpcd/methods/method.h"
#include "rpcd/methods/reply_text.h"
#include "rpcd/rpcd.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define INVOCATION_ECHO_MAX 1024 /* bytes of a fault's text beyond the budget */
#define INVOCATION_REVOKED "the rights of the caller have changed"
#define INVOCATION_POST_MAX (16 * 1024) /* bytes of an event that is sent with others */

enum invocation_phase {
	INVOCATION_PARKED,	/* waits until the mirror is current */
	INVOCATION_REQUESTED,	/* waits for the reply of the master or a program */
	INVOCATION_WAITING,	/* waits for a process to start or stop */
	INVOCATION_JOB,		/* waits for the results of a bulk job */
	INVOCATION_DONE,	/* a result or a fault is written, or `multi` is set */
};

struct invocation;

/* The reply to a request; the callee takes fd. */
typedef void invocation_reply_fn(
    struct invocation *, enum fault, const char *message, json_t *result, int fd);

struct invocation {
	struct rpcd *rpcd;
	struct share *share;    /* of the client's listener */
	struct reply_text *doc; /* the result is appended here */
	const char *id;         /* JSON text of the client's id for JSON-RPC, borrowed */
	const struct caller *caller;
	bool may_park;    /* false: the call must not wait */
	bool revoked;     /* the caller has lost its rights since the call began */
	bool element;     /* of a multicall: bare values and fault structs */
	bool ends_daemon; /* the master has accepted a shutdown or restart */
	char *traced; /* owned: name of a method whose return is to be logged, or NULL */
	/* Called when an invocation that had to wait has reached INVOCATION_DONE. */
	void (*resumed)(struct invocation *);

	enum invocation_phase phase;
	struct method method;
	json_t *params;   /* owned array */
	int64_t began_us; /* clock_mono_us() */
	json_t *multi;    /* owned: the calls of a system.multicall */
	uint64_t needs;   /* INVOCATION_PARKED: stream number that the mirror must reach */
	invocation_reply_fn *on_reply;
	uint64_t request;             /* id of the request to the master, 0 = none */
	void *state;                  /* struct of the method's own, or NULL */
	void (*release)(void *state); /* frees `state` at the end */
};

/* ---- for call.c ---- */

/* Begins a method call; params NULL = not an array. The members from rpcd to resumed are
 * set. */
void invocation_begin(struct invocation *, const char *name, json_t *params);
/* Continues a parked invocation if the mirror has reached the number that it needs. */
void invocation_unpark(struct invocation *);
/* Checks the daemon state and runs the handler. */
void invocation_enter(struct invocation *);
/* A row has changed, or was removed (NULL); id 0 = many have changed. */
void invocation_changed(struct invocation *, uint64_t id, const struct process_info *);
/* Passes a notification of a job. 1, 0 when it is for another invocation, -1 malformed. */
int invocation_job(
    struct invocation *, uint64_t job, const char *method, const json_t *params);
/* The master is ending: ends the invocation in any phase. */
void invocation_end(struct invocation *);
/* Whether the call sends an event and would be accepted now, so that it can be one of
 * several in an invocation_post. */
bool invocation_may_post(struct invocation *, const char *name, const json_t *params);
/* Sends events (an array of type, data, type, …, taken) to the master; fn receives the
 * reply. Does not change the phase. The id of the request, or 0 with errno. */
uint64_t invocation_post(
    struct invocation *, json_t *events, peer_answer_fn *fn, void *ctx);
/* The caller has lost its rights: a call that waits ends with a fault. A reply of the
 * master that is due is still returned. */
void invocation_revoke(struct invocation *);
/* Releases everything; drops a reply that is still due. */
void invocation_clear(struct invocation *);
/* The newest number of the state stream, from the page that the master writes. */
uint64_t invocation_newest(const struct rpcd *);
/* Whether the mirror is ready and has reached this number. */
bool invocation_has_reached(const struct rpcd *, uint64_t number);

/* ---- for handlers: parameters ---- */

/* The i-th parameter, converted as Python converts it. False: absent or not possible. */
bool invocation_string(const struct invocation *, size_t i, const char **);
bool invocation_int(const struct invocation *, size_t i, int64_t *);
/* The truth of any value as in Python, or `absent` when there is no such parameter. */
bool invocation_truth(const struct invocation *, size_t i, bool absent);
/* A name that the master accepts (CMD_NAME_MAX). False: the fault is written. */
bool invocation_name(struct invocation *, size_t i, const char **);

/* ---- for handlers: results ---- */

void invocation_fault(
    struct invocation *, enum fault, const char *detail); /* NULL = none */
void invocation_fault_text(struct invocation *, enum fault, const char *text);
/* The detail is the i-th parameter as Python prints it; none for nil, arrays and
 * structs. */
void invocation_fault_printed(struct invocation *, enum fault, size_t i);
/* The handler writes one value in between. */
struct writer invocation_open(struct invocation *);
void invocation_close(struct invocation *);
void invocation_return_true(struct invocation *);
/* The text is the whole reply. Not for an element of a multicall. */
void invocation_return_shared(struct invocation *, struct shared_buffer *);
void invocation_return_string(struct invocation *, const char *);
void invocation_return_json_take(struct invocation *, json_t *);
/* An array of values that are already in the client's format. */
void invocation_return_array(struct invocation *, const struct buf *values);
/* Reserves memory for a result of up to n bytes, before the handler has any effect. False:
 * the budget does not allow it, and the fault is written. */
bool invocation_reserve(struct invocation *, size_t n);

/* ---- for handlers: requests to the master ---- */

/* Sends the method's command to the master; params are taken. */
void invocation_request(
    struct invocation *, json_t *params, bool want_fd, invocation_reply_fn *);
/* Returns a fault to the client. True when it was one; then fd is closed. */
bool invocation_refused(struct invocation *, enum fault, const char *message, int fd);
/* The same, and returns true to the client, or waits until {id, spawn} or {job} of the
 * reply has ended. */
void invocation_request_and_wait(struct invocation *, json_t *params, enum wait_kind);

#endif
