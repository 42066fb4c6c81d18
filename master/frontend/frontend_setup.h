/* Frontend setup: what a fresh reeve-rpcd is told before it confines itself: who it shall
 * be, its listeners with their passwords, the page (reeve-protocol(7), "The front end"). */
#ifndef MASTER_FRONTEND_FRONTEND_SETUP_H
#define MASTER_FRONTEND_FRONTEND_SETUP_H

#include "common/compiler.h"
#include "master/control/connection.h"
#include "master/master.h"

/* The member "setup" of hello's result; new, NULL with ENOMEM. */
json_t *frontend_setup_object(const struct master *);
/* Queues the notifications; the peer stays secret until they are sent. 0, or -1 with errno.
 */
NODISCARD int frontend_setup_send(const struct master *, struct connection *);

#endif
