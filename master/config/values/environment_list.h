/* Environment list: environment="KEY=value,…" lists: tokens as POSIX shlex cuts them, and
 * the list they make. */
#ifndef MASTER_CONFIG_VALUES_ENVIRONMENT_LIST_H
#define MASTER_CONFIG_VALUES_ENVIRONMENT_LIST_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct variable {
	char *name, *value;
};

struct environment { /* in the order given; a later duplicate replaces in place */
	struct variable *items;
	size_t count;
};

/* Value for the name, or NULL. Borrowed. */
const char *environment_list_get(const struct environment *, const char *name);
/* Adds the pairs to the list. 0, or -1 with *why new; then pairs may have been added. */
NODISCARD int environment_list_parse(const char *text, struct environment *, char **why);
/* Adds one variable or replaces its value in place. */
void environment_list_set(struct environment *, const char *name, const char *value);
/* Sets all variables of the second in the first. */
void environment_list_merge(struct environment *, const struct environment *);
void environment_list_clear(struct environment *);
/* New: NAME="value",… that environment_list_parse reads back. */
char *environment_list_print(const struct environment *);
/* Appends the names and values, each with a NUL. */
void environment_list_encode(const struct environment *, struct buf *out);
/* The reverse, into an empty list. 0, or -1: errno is ENOMEM when memory is short. */
NODISCARD int environment_list_decode(const char *bytes, size_t n, struct environment *);
/* The same variables with the same values, in any order. */
bool environment_list_equal(const struct environment *, const struct environment *);

#endif
