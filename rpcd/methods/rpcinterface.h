/* Rpcinterface: namespaces of the API that the administrator's programs serve, each over
 * its own socket (reeve-rpcinterface(7)). A program that is slow, wrong or not running
 * affects only its own namespace. */
#ifndef RPCD_METHODS_RPCINTERFACE_H
#define RPCD_METHODS_RPCINTERFACE_H

#include "common/compiler.h"
#include "rpcd/methods/method.h"
#include "rpcd/rpcd.h"

#include <jansson.h>

#define RPCINTERFACE_METHODS_MAX 256 /* of one namespace */
#define RPCINTERFACE_HELP_MAX 4096   /* bytes */
/* Calls of a listener that one program has not answered. */
#define RPCINTERFACE_PENDING_MAX 64
#define RPCINTERFACE_LATE_MAX 1024    /* calls without an answer after the timeout */
#define RPCINTERFACE_RESERVED 4096    /* bytes reserved for a result */
#define RPCINTERFACE_TIMEOUT_MS 10000 /* for the answer to a call */

struct rpcinterfaces;

struct rpcinterfaces *rpcinterfaces_new(struct rpcd *);
void rpcinterfaces_free(struct rpcinterfaces *); /* NULL is allowed */
/* Handles a notification of the master about a program: its socket, its end, its removal.
 * 1, 0 for another method, -1 when malformed. Sets *fd to -1 when the socket was taken. */
NODISCARD int rpcinterfaces_notification(
    struct rpcinterfaces *, const char *method, const json_t *params, int *fd);
/* The methods of all programs. A method is valid until its program describes its methods
 * again; all calls of it have ended by then. */
const struct method_source *rpcinterfaces_source(const struct rpcinterfaces *);

#endif
