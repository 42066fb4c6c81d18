/* Server: the daemon, over its control socket or over XML-RPC and HTTP as supervisorctl
 * reaches it. Its users need not know which. */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

#include "common/compiler.h"
#include "ctl/daemon/attempts.h"
#include "ctl/daemon/log_stream.h"
#include "ctl/daemon/reply.h"
#include "proto/state.h"
#include "proto/wait.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct server;

/* Where it may be, tried in this order. All borrowed; NULL = not this one. */
struct server_where {
	const char *control;	/* path of the control socket */
	const char *url;	/* "http://…", "unix://…" */
	const char *username, *password;
	uid_t daemon_uid;	/* who may have these, besides root and this user */
};

struct server_rows { /* borrowed, valid until the next call */
	const struct process_info *const *list;	/* in the server's order */
	size_t count;
	int64_t now;				/* the server's clock, epoch seconds */
	const struct daemon_info *daemon;	/* NULL over XML-RPC */
};

struct server *server_new(const struct server_where *);	/* never NULL */
void server_free(struct server *);
/* From now on the one at this URL. */
void server_move(struct server *, const char *url);
void server_login(struct server *, const char *username, const char *password);
/* Where it is, as supervisorctl shows it: "unix:///run/s.sock". Borrowed. */
const char *server_url(const struct server *);

/* Where it was looked for without success when it was reached last. Borrowed. */
const struct attempts *server_attempts(const struct server *);

/* Reaches it unless that was done. On failure *why is new (it may be NULL where the kind of
 * failure says all). */
NODISCARD enum reach server_reach(struct server *, char **why);
/* Over its control socket, where more can be asked. */
bool server_is_control(const struct server *);
/* The connection of that kind, or NULL. */
struct control *server_control(const struct server *);

/* Each of these: 0 with *answer filled, or -1 when there is none: server_lost says why.
 * The server has been reached before. */

/* Calls a method of reeve-protocol(7); params are taken (NULL = none). */
NODISCARD int server_call(struct server *, const char *method, json_t *params,
    struct reply *);
/* Calls a start, stop, signal or clear and waits for its end, of one process, or of
 * several, whose results go to `each` as they are known. */
NODISCARD int server_call_wait(struct server *, const char *method, json_t *params,
    enum wait_kind, bulk_result_fn *each, void *ctx, struct reply *);
/* All processes. */
NODISCARD int server_rows(struct server *, struct server_rows *, struct reply *);
/* All processes of the configuration last read, as getAllConfigInfo has them: an array. */
NODISCARD int server_config(struct server *, struct reply *);
/* What to call the daemon (a string): its identifier, or the host of another machine. */
NODISCARD int server_identifier(struct server *, struct reply *);
/* The daemon's pid (an integer) and supervisord's version (a string). */
NODISCARD int server_pid(struct server *, struct reply *);
NODISCARD int server_version(struct server *, struct reply *);
/* Copies a log to `out`: its last -offset bytes, or all from offset >= 0 on. */
NODISCARD int server_read_log(struct server *, const struct log_request *, int64_t offset,
    FILE *out, struct reply *);
/* Begins to follow a log: *feed is new when there is no fault. */
NODISCARD int server_stream_log(struct server *, const struct log_request *,
    struct log_stream **feed, struct reply *);

/* How the last call came to -1. *why is borrowed. */
enum reach server_lost(const struct server *, const char **why);

#endif
