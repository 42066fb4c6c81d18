/* Connect: connects to a server, and checks whether it is trusted. */
#ifndef CTL_DAEMON_CONNECT_H
#define CTL_DAEMON_CONNECT_H

#include "common/compiler.h"
#include "ctl/daemon/reply.h"

#include <stdbool.h>
#include <sys/types.h>

/* REACH_OK with *fd new (NONBLOCK for a Unix socket); else *fd is -1 and *why is new. */
NODISCARD enum reach connect_unix(const char *path, int *fd, char **why);
NODISCARD enum reach connect_tcp(const char *host, const char *port, int *fd, char **why);
/* Whether the peer of a connected Unix socket runs as root, this user or the user `also`;
 * if not, *why is new. */
NODISCARD bool connect_is_trusted(int fd, uid_t also, char **why);

#endif
