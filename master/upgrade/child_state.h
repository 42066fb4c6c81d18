/* Runtime state: the pipes, logs and queued stdin of a process, and how far an event
 * listener or capture mode has read, on their way through the state document (design 8). */
#ifndef MASTER_UPGRADE_CHILD_STATE_H
#define MASTER_UPGRADE_CHILD_STATE_H

#include "master/upgrade/statedoc.h"

/* For processes that have a runtime; ctx is not used. */
extern const struct statedoc_ops child_state_ops;

#endif
