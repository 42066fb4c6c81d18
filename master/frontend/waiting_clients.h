/* Waiting clients: notices that a client waits to be accepted by a reeve-rpcd that the
 * master would not look at otherwise. */
#ifndef MASTER_FRONTEND_WAITING_CLIENTS_H
#define MASTER_FRONTEND_WAITING_CLIENTS_H

#include "common/loop.h"

#include <stddef.h>

struct waiting_clients;

/* Watches listening sockets and calls fn when one has a client, then rests. New, at rest;
 * NULL without memory, which every function here accepts. */
struct waiting_clients *waiting_clients_new(
    struct loop *, size_t nsockets, void (*fn)(void *ctx), void *ctx);
/* Adds the next socket; duplicated, because the original may be closed while reeve-rpcd has
 * it. One that cannot be watched is left out. */
void waiting_clients_add(struct waiting_clients *, int fd);
/* Watches on. */
void waiting_clients_look(struct waiting_clients *);
void waiting_clients_free(struct waiting_clients *);

#endif
