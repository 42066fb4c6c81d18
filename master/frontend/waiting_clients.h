/* Waiting clients: reports that a client waits in the queue of a listening socket. The
 * master then watches reeve-rpcd, which may hang, until the client is accepted. */
#ifndef MASTER_FRONTEND_WAITING_CLIENTS_H
#define MASTER_FRONTEND_WAITING_CLIENTS_H

#include "common/loop.h"

#include <stddef.h>

struct waiting_clients;

/* New, without sockets. When a client waits, calls fn and watches no more until
 * waiting_clients_watch. NULL if out of memory, which all functions here accept. */
struct waiting_clients *waiting_clients_new(
    struct loop *, size_t nsockets, void (*fn)(void *ctx), void *ctx);
/* Adds the next socket; duplicates it, because the original may be closed while reeve-rpcd
 * has it. A socket that cannot be watched is ignored. */
void waiting_clients_add(struct waiting_clients *, int fd);
/* Watches again, until the next call of fn. */
void waiting_clients_watch(struct waiting_clients *);
void waiting_clients_free(struct waiting_clients *);

#endif
