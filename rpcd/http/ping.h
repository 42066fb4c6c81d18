/* Ping: the master's watchdog: its pings are answered, and it is notified when requests are
 * under way that it cannot know of. */
#ifndef RPCD_HTTP_PING_H
#define RPCD_HTTP_PING_H

#include "rpcd/rpcd.h"

/* A request from the master: its ping is answered, anything else is a fault. */
void ping_answer(struct rpcd *, uint64_t id, const char *method);
/* A request begins. Unless the master pings us already, it is notified before anything is
 * done, so that it notices when that hangs. */
void ping_notify(struct rpcd *);

#endif
