/* Notify: reports the daemon's state to the service manager that started it (sd_notify(3)):
 * a datagram for each change, and for its watchdog where it has one. Nothing here waits; a
 * manager that does not read loses reports. */
#ifndef MASTER_DAEMON_NOTIFY_H
#define MASTER_DAEMON_NOTIFY_H

#include "common/compiler.h"
#include "common/loop.h"
#include "proto/state.h"

#include <stdint.h>
#include <sys/types.h>

struct notify;

/* New: `address` is NOTIFY_SOCKET's value, a path or, with '@' first, an abstract name;
 * watchdog_ms how often signs of life are due, or -1. NULL without an address, and without
 * memory: all below take NULL and do nothing. */
struct notify *notify_new(struct loop *, const char *address, int64_t watchdog_ms);
void notify_free(struct notify *);
/* The daemon's state: READY=1 with our pid, from when on signs of life are sent;
 * RELOADING=1 and STOPPING=1; and a line for people, which ends in `detail` ("" = nothing).
 * Replaces older news that could not be sent yet. */
void notify_state(struct notify *, enum daemon_state, const char *detail);

/* How often a sign of life is due, half of what WATCHDOG_USEC allows, in ms; -1 when none
 * is, or WATCHDOG_PID (NULL = any) names another process than `ours`. */
int64_t notify_watchdog_ms(const char *usec, const char *pid, pid_t ours);

#endif
