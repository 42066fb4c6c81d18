/* Listeners: the HTTP sockets, bound here with the master's privilege and served by
 * reeve-rpcd, which gets them as descriptors (design 6; reference 1.1). */
#ifndef MASTER_LISTENERS_H
#define MASTER_LISTENERS_H

#include "common/compiler.h"
#include "master/config.h"

#include <stddef.h>

struct listeners;

/* Binds every listener of the configuration, in its order; a socket of `old` (taken, NULL =
 * none) whose address stays is kept bound, the others are closed. New, or NULL with *error
 * new: the usage error's text (reference 4.9). */
struct listeners *listeners_open(const struct config *, struct listeners *old_take,
    char **error);
/* Logs what supervisord does of its servers at start. */
void listeners_announce(const struct config *);
/* Makes those listen again that a front end has shut down, before its successor gets them.
 */
void listeners_revive(struct listeners *, const struct config *);
/* The descriptor of the configuration's i-th listener; borrowed. */
int listeners_fd(const struct listeners *, size_t i);
/* Closes all and removes the Unix sockets' paths. NULL is fine. */
void listeners_free(struct listeners *);

#endif
