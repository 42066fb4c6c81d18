/* Description: what a program says its namespace holds, judged and made into rows of a
 * method table (reeve-rpcinterface(7)). */
#ifndef RPCD_METHODS_DESCRIPTION_H
#define RPCD_METHODS_DESCRIPTION_H

#include "common/compiler.h"
#include "proto/api.h"

#include <jansson.h>

/* Rows and their strings, owned. */
struct description {
	struct api_method *methods;
	size_t count;
};

/* Reads {"methods": [{name, signature, help, optional, role}, …]} of a namespace. 0, or -1
 * with *why new: nothing of it is taken then. */
NODISCARD int description_read(
    struct description *, const char *namespace, const json_t *answer, char **why);
void description_clear(struct description *);
/* Whether a value is of the type of a signature's result, and has no null in it. */
bool description_fits(const char *signature, const json_t *value);

#endif
