/* Interface: namespaces of the API that programs of the administrator serve, each over a
 * socket of its own (reeve-rpcinterface(7)). A program that is slow, rude or gone harms its
 * own namespace alone. */
#ifndef RPCD_METHODS_RPCINTERFACE_H
#define RPCD_METHODS_RPCINTERFACE_H

#include "common/compiler.h"
#include "rpcd/methods/table.h"
#include "rpcd/rpcd.h"

#include <jansson.h>

#define INTERFACE_METHODS_MAX 256	/* of one namespace */
#define INTERFACE_HELP_MAX 4096		/* bytes */
/* Calls of a listener that one program has not answered. */
#define INTERFACE_PENDING_MAX 64
#define INTERFACE_LATE_MAX 1024	/* that it has not answered when their time was up */
#define INTERFACE_ROOM 4096		/* bytes that a result has for sure */
#define INTERFACE_PATIENCE_MS 10000	/* for an answer */

struct interfaces;
struct interface_call;	/* one that its program has not answered yet */

struct interfaces *interfaces_new(struct rpcd *);
void interfaces_free(struct interfaces *);	/* NULL is fine */
/* Takes the master's notification of a program: its socket, its end, its removal. 1 taken,
 * 0 none of ours, -1 malformed. *fd is -1 afterwards when it was taken. */
NODISCARD int interfaces_take(struct interfaces *, const char *method, const json_t *params,
    int *fd);
/* The method of this whole name, or NULL. Borrowed until its program describes itself anew;
 * calls of it have ended by then. */
const struct method *interfaces_find(const struct interfaces *, const char *name);
/* Appends the names of all methods to the array. */
void interfaces_list(const struct interfaces *, json_t *names);

/* The caller of a call under way has gone. */
void interface_forget(struct interface_call *);

#endif
