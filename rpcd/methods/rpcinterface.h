/* Rpcinterface: namespaces of the API that programs of the administrator serve, each over a
 * socket of its own (reeve-rpcinterface(7)). A program that is slow, rude or gone harms its
 * own namespace alone. */
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
#define RPCINTERFACE_LATE_MAX 1024    /* that it has not answered when their time was up */
#define RPCINTERFACE_RESERVED 4096    /* bytes that a result has for sure */
#define RPCINTERFACE_TIMEOUT_MS 10000 /* for an answer */

struct rpcinterfaces;

struct rpcinterfaces *rpcinterfaces_new(struct rpcd *);
void rpcinterfaces_free(struct rpcinterfaces *); /* NULL is fine */
/* Takes the master's notification of a program: its socket, its end, its removal. 1 taken,
 * 0 none of ours, -1 malformed. *fd is -1 afterwards when it was taken. */
NODISCARD int rpcinterfaces_take(
    struct rpcinterfaces *, const char *method, const json_t *params, int *fd);
/* The methods of all programs. One is valid until its program describes itself again; calls
 * of it have ended by then. */
const struct method_source *rpcinterfaces_source(const struct rpcinterfaces *);

#endif
