/* Server: the daemon, over its control socket or over XML-RPC and HTTP as supervisorctl
 * reaches it. Its users need not know which. */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

#include "common/compiler.h"
#include "ctl/daemon/log_stream.h"
#include "ctl/daemon/reply.h"
#include "proto/state.h"
#include "proto/wait.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct server;

/* The addresses, tried in this order. All borrowed; NULL = not this one. */
struct server_where {
	const char *control; /* path of the control socket */
	const char *url;     /* "http://…", "unix://…" */
	const char *username, *password;
	uid_t daemon_uid; /* may receive these, besides root and this user */
};

struct server_rows {                            /* borrowed, valid until the next call */
	const struct process_info *const *list; /* in the server's order */
	size_t count;
	int64_t now;                      /* the server's clock, epoch seconds */
	const struct daemon_info *daemon; /* NULL over XML-RPC */
};

/* A value without parameters. */
enum server_value {
	SERVER_CONFIG,		/* all processes of the configuration last read, as
				 * getAllConfigInfo has them: an array */
	SERVER_IDENTIFIER,	/* a string: the daemon's, or the host of another machine */
	SERVER_PID,		/* the daemon's, an integer */
	SERVER_VERSION,		/* supervisord's, a string */
};

struct server *server_new(const struct server_where *); /* never NULL */
void server_free(struct server *);
/* Turns to another server, at this URL. */
void server_move(struct server *, const char *url);
void server_login(struct server *, const char *username, const char *password);
/* The address, as supervisorctl shows it: "unix:///run/s.sock". Borrowed. */
const char *server_url(const struct server *);

/* Prints the configuration file (NULL: none was read) and the addresses that failed when
 * the server was reached last, each with the reason. */
void server_print_attempts(const struct server *, FILE *, const char *file);
/* Prints that the server's address is used instead of a socket of another user. */
void server_print_fallback(const struct server *, FILE *);

/* Reaches it unless that was done. On failure *why is new, or NULL where the kind of
 * failure is all that is known. */
NODISCARD enum reach server_reach(struct server *, char **why);
/* The connection to its control socket, over which more is possible, or NULL. */
struct control *server_control(const struct server *);

/* Each of these needs a server that was reached, and returns 0 with *reply filled, or -1
 * without a reply: server_lost has the reason. */

/* Calls a method of reeve-protocol(7); params are taken (NULL = none). */
NODISCARD int server_call(
    struct server *, const char *method, json_t *params, struct reply *);
/* Calls a start, stop, signal or clear of one process, or of several, and waits for its
 * end. Results of several go to `each` as they are known. */
NODISCARD int server_call_wait(struct server *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct reply *);
/* All processes. */
NODISCARD int server_rows(struct server *, struct server_rows *, struct reply *);
NODISCARD int server_get(struct server *, enum server_value, struct reply *);
/* Copies a log to `out`: its last -offset bytes, or all from offset >= 0 on. */
NODISCARD int server_read_log(
    struct server *, const struct log_request *, int64_t offset, FILE *out, struct reply *);
/* Begins to stream a log: *stream is new when there is no fault. */
NODISCARD int server_stream_log(struct server *, const struct log_request *,
    struct log_stream **stream, struct reply *);

/* Why the last call returned -1. *why is borrowed. */
enum reach server_lost(const struct server *, const char **why);

#endif
