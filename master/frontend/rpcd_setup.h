/* Rpcd setup: sends a new reeve-rpcd, before it confines itself, its user, its listeners
 * with their sockets and passwords, the users of the configuration, and the page of the
 * state stream (reeve-protocol(7)). The users are sent again when they have changed. */
#ifndef MASTER_FRONTEND_RPCD_SETUP_H
#define MASTER_FRONTEND_RPCD_SETUP_H

#include "common/compiler.h"
#include "master/config/config.h"
#include "master/frontend/http_sockets.h"
#include "proto/peer/peer.h"
#include "proto/role.h"

#include <jansson.h>
#include <stddef.h>

/* The member "setup" of hello's result; new, NULL with ENOMEM. */
json_t *rpcd_setup_object(
    const struct config *, enum role max_role, const char *form_key, size_t nlisteners);
/* Queues the notifications for these listeners (indexes into the configuration), and marks
 * the peer as secret (peer_secret) for good, because its clients send passwords. 0, or
 * -1 with errno. */
NODISCARD int rpcd_setup_send(struct peer *, const struct config *,
    const struct http_sockets *, const size_t *listeners, size_t nlisteners, int page);
/* Queues the table of users and of peers. The peer is secret (peer_secret). 0, or -1 with
 * errno; then the table does not come into effect. */
NODISCARD int rpcd_setup_send_users(struct peer *, const struct config *);

#endif
