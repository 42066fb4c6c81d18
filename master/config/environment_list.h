/* Kvlist: environment="KEY=value,…" lists: tokens as POSIX shlex cuts them, and
 * the list they make (reference 4.6). Used at load only. */
#ifndef MASTER_CONFIG_ENVIRONMENT_LIST_H
#define MASTER_CONFIG_ENVIRONMENT_LIST_H

#include "common/compiler.h"
#include "master/config/config.h"

/* Adds the pairs to the list. 0, or -1 with *why new; then pairs may have been added. */
NODISCARD int kvlist_parse(const char *text, struct environment *, char **why);
/* Adds one variable or replaces its value in place. */
void kvlist_set(struct environment *, const char *name, const char *value);
/* Sets all variables of the second in the first. */
void kvlist_merge(struct environment *, const struct environment *);
void kvlist_clear(struct environment *);
/* New: NAME="value",… that kvlist_parse reads back. */
char *kvlist_print(const struct environment *);
/* The same variables with the same values, in any order. */
bool kvlist_equal(const struct environment *, const struct environment *);

#endif
