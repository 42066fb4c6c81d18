/* Frontend impl: what frontend.c, which has one reeve-rpcd process, and frontends.c, which
 * has all of them, share. */
#ifndef MASTER_FRONTEND_FRONTEND_IMPL_H
#define MASTER_FRONTEND_FRONTEND_IMPL_H

#include "common/loglimit.h"
#include "common/queue.h"
#include "master/frontend/frontend.h"
#include "master/frontend/waiting_clients.h"
#include "master/helper/helper_process.h"

#define FRONTEND_PROGRAM "reeve-rpcd"
#define FRONTEND_NAME_SIZE 40    /* "reeve-rpcd (max_role operate)" */
#define FRONTEND_FORM_KEY_HEX 64 /* digits */

TAILQ_HEAD(frontend_list, frontend);

/* The place of a reeve-rpcd: the listeners with one role. */
struct frontend_place {
	const struct frontend_use *use;
	enum role role;         /* what its connection may do: max_role= of its listeners */
	bool serves_interfaces; /* it is the one that rpcinterface programs connect to */
	struct helper_kind kind;
	char name[FRONTEND_NAME_SIZE], argument[FRONTEND_NAME_SIZE]; /* when several */
	char *path;                                                  /* of the program */
	size_t *listeners; /* indexes of its listeners in the configuration */
	size_t nlisteners;
	char form_key[FRONTEND_FORM_KEY_HEX + 1]; /* for all its processes */
	bool was_ready;                           /* any of its processes */
	bool renewing;                   /* replace it, because its sockets have changed */
	struct log_limit setup_failures; /* log lines about failed setups */
	struct frontend *current;
	struct frontend_list old; /* were replaced; the oldest first */
};

struct frontend {
	TAILQ_ENTRY(frontend) in_old;
	struct frontend_place *place;
	struct helper_process *helper;
	struct connection *connection;   /* NULL = none */
	struct peer *peer;               /* of the connection */
	struct waiting_clients *waiting; /* NULL = it is not to accept clients */
	bool greeted;                    /* its setup has been sent */
};

/* How the processes of a place are run. */
extern const struct helper_kind frontend_kind;

/* New, without a process; NULL with errno. */
struct frontend *frontend_new(struct frontend_place *);
/* Kills a running process; NULL is fine. */
void frontend_free(struct frontend *);
/* Notes when clients wait to be accepted. */
void frontend_watch_clients(struct frontend *);
/* Binds sockets again that clients cannot reach. */
void frontend_place_listen_again(struct frontend_place *);
/* The current process is ready: tells the others to retire. */
void frontend_place_retire(struct frontend_place *);
/* The process of a frontend was reaped, and it is not spawned again. */
void frontend_place_lose(struct frontend *);
/* Sends the users again; a reeve-rpcd that cannot receive them is killed, because it must
 * not serve with the old ones. */
void frontend_send_users(struct frontend *);

#endif
