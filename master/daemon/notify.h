/* Notify: reports the daemon's state to the service manager that started it (sd_notify(3)),
 * with one datagram for each change and for each sign of life that its watchdog wants.
 * Nothing here blocks; a manager that does not read loses reports. */
#ifndef MASTER_DAEMON_NOTIFY_H
#define MASTER_DAEMON_NOTIFY_H

#include "common/compiler.h"
#include "common/loop.h"
#include "proto/state.h"

#include <stdint.h>
#include <sys/types.h>

struct notify;

/* New. address: the value of NOTIFY_SOCKET, a path, or an abstract name after '@';
 * watchdog_ms: interval of the signs of life, -1 = none. NULL without an address or memory;
 * the functions below accept NULL and do nothing. */
struct notify *notify_new(struct loop *, const char *address, int64_t watchdog_ms);
void notify_free(struct notify *);
/* Sends READY=1 with our pid, RELOADING=1 or STOPPING=1, and a line for people that ends
 * with `detail` (may be ""). Replaces an older message that is still unsent. The first
 * READY=1 begins the signs of life. */
void notify_state(struct notify *, enum daemon_state, const char *detail);

/* The interval of the signs of life in ms, half of WATCHDOG_USEC; -1 without a watchdog, or
 * when WATCHDOG_PID (NULL = any) is not `ours`. */
int64_t notify_watchdog_ms(const char *usec, const char *pid, pid_t ours);

#endif
