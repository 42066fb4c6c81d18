/* Connect: connections to a server, and whether it is one that may be trusted. */
#ifndef CTL_CONNECT_H
#define CTL_CONNECT_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"

#include <stdbool.h>
#include <sys/types.h>

/* REACH_OK with *fd new, of a Unix socket not blocking; else *fd is -1 and *why new. */
NODISCARD enum reach connect_unix(const char *path, int *fd, char **why);
NODISCARD enum reach connect_tcp(const char *host, const char *port, int *fd, char **why);
/* Whether root, this user or the user `also` runs the peer of a connected Unix socket;
 * else *why is new. */
NODISCARD bool connect_is_trusted(int fd, uid_t also, char **why);

#endif
