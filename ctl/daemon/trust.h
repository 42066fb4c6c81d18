/* Trust: checks who runs the server at a Unix socket. */
#ifndef CTL_TRUST_H
#define CTL_TRUST_H

#include "common/compiler.h"

#include <stdbool.h>
#include <sys/types.h>

/* True when root, this user, or the user `also` runs the peer of a connected socket. Else
 * *why is new. */
NODISCARD bool trust_peer(int fd, uid_t also, char **why);

#endif
