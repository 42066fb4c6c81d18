/* Method: finds a method of the API by its name in a list of sources: the built-in tables,
 * and the programs that serve a namespace. */
#ifndef RPCD_METHODS_METHOD_H
#define RPCD_METHODS_METHOD_H

#include "proto/api.h"
#include "proto/wait.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct invocation; /* one method call: a call, or an element of a multicall */

/* Writes the result or a fault of the invocation, or leaves it waiting. */
typedef void method_handler(struct invocation *);

enum method_flags {
	/* Exists only with [rpcinterface:supervisor], reads a current mirror, and is
	 * refused while the daemon is in FATAL. */
	METHOD_OF_DAEMON = 1 << 0,
	/* Refused while the daemon is in SHUTDOWN or RESTARTING. */
	METHOD_NOT_IN_SHUTDOWN = 1 << 1,
};

struct method {
	const struct api_method *api; /* NULL = no method; borrowed from its source */
	method_handler *handler;
	enum wait_kind wait; /* what a call with wait=true waits for */
	unsigned flags;      /* of its namespace */
};

struct method_source {
	/* Fills everything but the flags. False: the source has no such method. */
	bool (*find)(void *ctx, const char *name, struct method *);
	/* Appends the names of all its methods. */
	void (*list)(void *ctx, json_t *names);
	void *ctx;
};

/* Searches a NULL-terminated list of sources. False: none has the method. */
bool method_find(
    const struct method_source *const *sources, const char *name, struct method *);
/* New: the names of all methods that have none of the flags, sorted. */
json_t *method_list(const struct method_source *const *sources, unsigned without);
/* New: ["boolean","string","boolean"]. */
json_t *method_signature(const struct api_method *);
/* Whether the method accepts n parameters. */
bool method_takes(const struct api_method *, size_t n);
/* New: the array of the parameters that the object has by their names, or NULL: they do not
 * fit the method. */
json_t *method_arguments(const struct api_method *, const json_t *named);
/* What a call with these parameters is about: the name of a process or group, or the type
 * of an event. Borrowed; NULL = nothing, or the parameters do not fit. */
const char *method_target(const struct api_method *, const json_t *params);
/* New text: the help, then a line for each parameter and for the result. */
char *method_help(const struct api_method *);

#endif
