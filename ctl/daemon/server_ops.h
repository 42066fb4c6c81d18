/* Server, inside: what server.c (which door) and its two kinds, server_control.c and
 * server_xmlrpc.c, share. For these files alone. */
#ifndef CTL_SERVER_OPS_H
#define CTL_SERVER_OPS_H

#include "ctl/daemon/control.h"
#include "ctl/daemon/server.h"

/* Each as server.h says of its sister. */
struct server_ops {
	enum reach (*reach)(struct server *, char **why);
	int (*call)(struct server *, const char *method, json_t *params, struct answer *);
	int (*operate)(struct server *, const char *method, json_t *params, enum wait_kind,
	    bulk_result_fn *each, void *ctx, struct answer *);
	int (*rows)(struct server *, struct server_rows *, struct answer *);
	int (*config)(struct server *, struct answer *);
	int (*identifier)(struct server *, struct answer *);
	int (*pid)(struct server *, struct answer *);
	int (*version)(struct server *, struct answer *);
	int (*read_log)(struct server *, const struct feed_log *, int64_t offset, FILE *out,
	    struct answer *);
	int (*follow)(struct server *, const struct feed_log *, struct feed **,
	    struct answer *);
	void (*close)(struct server *);
};

struct server {
	char *control, *url, *username, *password;
	uid_t daemon_uid;
	struct tried tried;
	const struct server_ops *ops;	/* of the kind that was reached; NULL = none */
	char *shown;			/* its URL */
	enum reach lost;		/* of the last call */
	char *why;			/* owned */
	/* Of the control socket. */
	struct client *client;
	/* Of XML-RPC: the rows that came last. */
	struct process_info *infos;
	const struct process_info **list;
	size_t count;
};

extern const struct server_ops server_control, server_xmlrpc;

/* Notes why there is no answer; why is taken. Returns -1. */
int server_lose(struct server *, enum reach, char *why);

#endif
