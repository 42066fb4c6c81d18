/* Description: validates a program's description of its namespace and makes rows of a
 * method table from it (reeve-rpcinterface(7)). */
#ifndef RPCD_METHODS_DESCRIPTION_H
#define RPCD_METHODS_DESCRIPTION_H

#include "common/compiler.h"
#include "proto/api.h"

#include <jansson.h>

/* Rows and their texts, owned. */
struct description {
	struct api_method *methods;
	size_t count;
};

/* Reads {"methods": [{name, signature, help, optional, role}, …]} of a namespace. 0, or -1
 * with *why new and an empty description. */
NODISCARD int description_read(
    struct description *, const char *namespace, const json_t *answer, char **why);
void description_clear(struct description *);
/* Whether a value has the type of the signature's result and contains no null. */
bool description_fits(const char *signature, const json_t *value);

#endif
