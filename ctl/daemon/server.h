/* Server: the daemon, reached over its control socket or, as by supervisorctl, over
 * XML-RPC. The interface is the same for both. */
#ifndef CTL_DAEMON_SERVER_H
#define CTL_DAEMON_SERVER_H

#include "common/compiler.h"
#include "ctl/daemon/log_stream.h"
#include "ctl/daemon/reply.h"
#include "proto/state.h"
#include "proto/wait.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct server;

/* The addresses, tried in this order. All borrowed; NULL = none. */
struct server_address {
	const char *control; /* path of the control socket */
	const char *url;     /* "http://…", "unix://…" */
	const char *username, *password;
	uid_t daemon_uid; /* trusted with these, as root and this user are */
};

struct server_rows {                            /* borrowed, valid until the next call */
	const struct process_info *const *list; /* in the server's order */
	size_t count;
	int64_t now;                      /* by the server's clock, epoch seconds */
	const struct daemon_info *daemon; /* NULL over XML-RPC */
};

/* A value that server_get returns. */
enum server_value {
	SERVER_CONFIG,		/* array of getAllConfigInfo: the configuration last read */
	SERVER_IDENTIFIER,	/* string: the daemon's identifier, or its remote host */
	SERVER_PID,		/* integer: the daemon's pid */
	SERVER_VERSION,		/* string: supervisord's version */
};

struct server *server_new(const struct server_address *); /* never NULL */
void server_free(struct server *);
/* Switches to another server at this URL. */
void server_move(struct server *, const char *url);
void server_login(struct server *, const char *username, const char *password);
/* The current address as supervisorctl shows it: "unix:///run/s.sock". Borrowed. */
const char *server_url(const struct server *);

/* Prints the configuration file (NULL = none) and why each address failed in the last
 * server_reach. */
void server_print_attempts(const struct server *, FILE *, const char *file);
/* Prints that the URL is used because the control socket belongs to another user. */
void server_print_fallback(const struct server *, FILE *);

/* Connects unless connected. On failure *why is new, or NULL if the outcome says it all. */
NODISCARD enum reach server_reach(struct server *, char **why);
/* The connection to the control socket, for what XML-RPC cannot do, or NULL. */
struct control *server_control(const struct server *);

/* Connects to the control socket again after the daemon has closed the connection. Waits up
 * to so many milliseconds until the daemon answers. */
NODISCARD enum reach server_reconnect(struct server *, int64_t limit_ms, char **why);

/* The following need a server that was reached. They return 0 with *reply filled, or -1
 * without a reply; server_lost has the reason. */

/* Calls a method of reeve-protocol(7); params are taken (NULL = none). */
NODISCARD int server_call(
    struct server *, const char *method, json_t *params, struct reply *);
/* Calls a start, stop, signal or clear of one or several processes and waits until it is
 * complete. The results of several are passed to `each` as they arrive. */
NODISCARD int server_call_wait(struct server *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct reply *);
/* Gets all processes. */
NODISCARD int server_rows(struct server *, struct server_rows *, struct reply *);
NODISCARD int server_get(struct server *, enum server_value, struct reply *);
/* Copies a log to `out`: from the offset on, or the last -offset bytes. */
NODISCARD int server_read_log(
    struct server *, const struct log_request *, int64_t offset, FILE *out, struct reply *);
/* Begins to stream a log; without a fault, *stream is new. */
NODISCARD int server_stream_log(struct server *, const struct log_request *,
    struct log_stream **stream, struct reply *);

/* Why the last call returned -1. *why is borrowed. */
enum reach server_lost(const struct server *, const char **why);

#endif
