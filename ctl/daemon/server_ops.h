/* Server ops: shared by server.c and the two kinds of servers, server_control.c and
 * server_xmlrpc.c. Only these files include it. */
#ifndef CTL_DAEMON_SERVER_OPS_H
#define CTL_DAEMON_SERVER_OPS_H

#include "ctl/daemon/control.h"
#include "ctl/daemon/server.h"

/* The functions of server.h; *reply is REPLY_NONE before the call. */
struct server_ops {
	enum reach (*reach)(struct server *, char **why);
	int (*call)(struct server *, const char *method, json_t *params, struct reply *);
	int (*call_wait)(struct server *, const char *method, json_t *params,
	    enum wait_kind, bulk_result_fn *each, void *ctx, struct reply *);
	int (*rows)(struct server *, struct server_rows *, struct reply *);
	int (*get)(struct server *, enum server_value, struct reply *);
	int (*read_log)(struct server *, const struct log_request *, int64_t offset,
	    FILE *out, struct reply *);
	int (*stream_log)(struct server *, const struct log_request *, struct log_stream **,
	    struct reply *);
	void (*close)(struct server *);
};

/* An address that failed. */
struct server_attempt {
	const char *kind;    /* static: "control socket" */
	char *address, *why; /* owned */
	bool foreign;        /* the socket exists and belongs to another user */
};

struct server {
	char *control_path, *url, *username, *password;
	uid_t daemon_uid;
	struct server_attempt attempts[2]; /* the control socket, and the URL */
	size_t tried;
	const struct server_ops *ops; /* of the server that was reached; NULL = none */
	char *shown;                  /* the current address, for texts */
	enum reach lost;              /* of the last call */
	char *why;                    /* owned */
	struct control *control;      /* of server_control.c */
	/* Of server_xmlrpc.c: whether it is known to serve reeve.*, and the last rows. */
	bool has_reeve;
	struct process_info *infos;
	const struct process_info **list;
	size_t count;
};

extern const struct server_ops server_control_ops, server_xmlrpc_ops;

/* Records why there is no reply; why is taken. Returns -1. */
int server_lose(struct server *, enum reach, char *why);
/* The same with REACH_FAILED and a static text. */
int server_fail(struct server *, const char *why);

#endif
