/* Control: the control socket, its clients, and the one authorization of every command of
 * every client: table row, role, parameters, the daemon's state. */
#ifndef MASTER_CONTROL_CONTROL_H
#define MASTER_CONTROL_CONTROL_H

#include "common/compiler.h"
#include "master/control/connection.h"
#include "master/master.h"

#define CONTROL_CLIENTS 64
#define CONTROL_HELLO_MS 5000
#define CONTROL_UNSENT_LOGS 128 /* open logs queued for one client: each is a descriptor */

/* New, without a socket yet. NULL with ENOMEM. */
struct control *control_new(struct master *);
void control_free(struct control *); /* closes clients, removes the socket */
/* Makes the configured socket. When it cannot be made, a warning says so and the daemon
 * runs without one. */
void control_listen(struct control *);
/* Binds the socket again when its path was removed or replaced, unless another process
 * answers there; connections stay. */
void control_revive(struct control *);
/* Takes a connected socket as reeve-rpcd's (owner NULL: as a local client's). New client
 * (the control's), or NULL with errno. */
struct connection *control_adopt(
    struct control *, int fd, const struct connection_owner *, void *ctx);
/* Takes a connected socket of a child that may do what the role allows, whenever it likes,
 * under this name in the log. *holder is its client until it goes: when the child closes it
 * or the holder drops it. 0, or -1 with errno. */
NODISCARD int control_admit(
    struct control *, int fd, enum role, const char *name, struct connection **holder);
/* Closes one client without calling its owner. Nothing more is received from it, and its
 * memory stays valid until the end of the turn: a handler that drops its own client may
 * still reply. */
void control_drop(struct connection *);
/* End of a turn: deltas and replies go out, reeve-rpcd's connection first, and clients that
 * have gone are freed. */
void control_flush(struct control *);

#endif
