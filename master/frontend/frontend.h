/* Frontend: reeve-rpcd's keeper: finds and starts it, feeds it its setup, replaces it when
 * it dies, breaks the protocol or hangs, and ends it last. */
#ifndef MASTER_FRONTEND_FRONTEND_H
#define MASTER_FRONTEND_FRONTEND_H

#include "common/compiler.h"
#include "master/master.h"

#include <stdbool.h>

/* New path of the reeve-rpcd executable beside our own binary (NULL = unknown) or in
 * libexecdir, or NULL with *error new, which names both. */
char *frontend_find(const char *self, char **error);
/* New, not started; takes the path, also on failure. NULL with ENOMEM. */
struct frontend *frontend_new(struct master *, char *path_take);
void frontend_free(struct frontend *);
/* Starts reeve-rpcd, and again whenever it ends, until frontend_stop. */
void frontend_start(struct frontend *);
/* Lets it answer what is parked for at most a second, then calls done once it is reaped. */
void frontend_stop(struct frontend *, void (*done)(void *ctx), void *ctx);
/* Replaces it once this turn's replies are on their way: the sockets have changed. */
void frontend_renew(struct frontend *);
/* End of a turn: notes that something was sent to it. */
void frontend_check(struct frontend *);
/* Its connection once it is ready, or NULL; borrowed. */
struct connection *frontend_client(const struct frontend *);
pid_t frontend_pid(const struct frontend *);	/* 0 = not running */

#endif
