/* Control: the control socket and all clients. Authorizes every command of every client by
 * its table row, the caller's rights, the parameters and the daemon's state. */
#ifndef MASTER_CONTROL_CONTROL_H
#define MASTER_CONTROL_CONTROL_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/safepath.h"
#include "master/control/connection.h"
#include "master/master.h"

#define CONTROL_CLIENTS 64
/* Of these, how many can be of users that peer_users= limits, and of users without rights:
 * they must not keep an administrator out. */
#define CONTROL_CLIENTS_LIMITED 48
#define CONTROL_CLIENTS_UNKNOWN 8
#define CONTROL_HELLO_MS 5000
#define CONTROL_UNSENT_LOGS 128 /* open descriptors of logs queued for one client */

/* The listening socket in the state document. */
#define CONTROL_SOCKET_FIELDS(ROW, S)							\
	ROW(S, FD, fd)		/* -1 = none */						\
	ROW(S, INODE, made)	/* the file at the path when it was bound */
struct control_socket_record FIELDS(CONTROL_SOCKET_FIELDS);

/* New, without a socket yet. NULL with ENOMEM. */
struct control *control_new(struct master *);
void control_free(struct control *); /* drops clients, removes the socket */
/* Creates the configured socket. When that fails, logs a warning; the daemon runs without
 * one. */
void control_listen(struct control *);
/* For the state document: the socket (borrowed), and back: accepts the clients of that
 * socket (taken). 0, or -1 with errno, and it is not taken. */
const struct control_socket_record *control_socket(const struct control *);
NODISCARD int control_resume_socket(
    struct control *, const struct control_socket_record *take);
/* Binds the socket again when its path was removed or replaced, unless another process
 * listens there; connections stay. */
void control_listen_again(struct control *);
/* Another table of users (taken): disconnects local clients whose rights have changed,
 * after their last replies. */
void control_set_rights(struct control *, struct rights *take);
/* Adds the connection of reeve-rpcd (owner NULL: of a local client), with a connected
 * socket. Borrowed; NULL with errno. */
struct connection *control_adopt(
    struct control *, int fd_take, const struct connection_owner *, void *ctx);
/* Adds the connection of a child, with a role and a name for the log; hello has no time
 * limit. *holder is the connection until it ends. 0, or -1 with errno. */
NODISCARD int control_admit(
    struct control *, int fd_take, enum role, const char *name, struct connection **holder);
/* Adds a client of the control socket that was connected before an upgrade. Borrowed; NULL
 * with errno, and the descriptor is closed. */
struct connection *control_resume_client(struct control *, int fd_take);
/* The connections, for the state document: the one after this one (NULL = the first), and
 * the one with this number; NULL = none. Borrowed. */
struct connection *control_next(const struct control *, const struct connection *);
struct connection *control_find(const struct control *, uint64_t number);
/* A connection continues one that had this number. */
void control_set_number(struct connection *, uint64_t number);
/* Drops one client without a call of its owner; nothing more is received from it. It is
 * freed at the end of the loop iteration, because a handler that drops its own client may
 * still reply. */
void control_drop(struct connection *);
/* End of a loop iteration: sends changes and replies, to reeve-rpcd first, and frees the
 * clients that have gone. */
void control_flush(struct control *);

#endif
