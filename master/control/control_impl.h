/* Control impl: what control.c, which has the clients, and control_socket.c, which has the
 * listening socket, share. */
#ifndef MASTER_CONTROL_CONTROL_IMPL_H
#define MASTER_CONTROL_CONTROL_IMPL_H

#include "common/loglimit.h"
#include "common/queue.h"
#include "common/sock_unix.h"
#include "master/control/control.h"

TAILQ_HEAD(connection_list, connection);

struct control {
	struct log_limit accepts;              /* failures of accept */
	struct log_limit refused;              /* there are too many clients */
	struct log_limit broken, local_broken; /* protocol, of reeve-rpcd and of others */
	struct log_limit missing;              /* the path */
	struct master *master;
	struct rights *rights;
	struct connection_list clients; /* reeve-rpcd's first */
	struct connection_list gone;    /* freed at the end of the loop iteration */
	size_t local;                   /* number of clients of the socket */
	uint64_t last_number;           /* of a connection */
	struct source *accepting;
	struct source *retry; /* timer: accept again, after a lack of descriptors */
	char *path;           /* of the control socket; NULL = none */
	struct control_socket_record socket;
	struct sock_unix bound; /* its mode and owner */
};

/* control.c */
/* The socket has a client that was not accepted. */
void control_accept_clients(void *control, uint32_t ready);
void control_retry_due(void *control, uint32_t ready);

/* control_socket.c */
/* Binds the socket again if other users may connect now. */
void control_update_access(struct control *);
/* Closes the socket and removes its path. */
void control_unlisten(struct control *);

#endif
