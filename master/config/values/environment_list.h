/* Environment list: lists of variables as environment= has them, KEY=value,KEY="value",
 * split into tokens as by Python's shlex. */
#ifndef MASTER_CONFIG_VALUES_ENVIRONMENT_LIST_H
#define MASTER_CONFIG_VALUES_ENVIRONMENT_LIST_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct variable {
	char *name, *value;
	bool is_cut; /* the text went on with neither a comma nor a semicolon */
};

struct environment { /* in the order of the text; a duplicate replaces the first */
	struct variable *items;
	size_t count;
};

/* The value of a variable, or NULL. Borrowed. */
const char *environment_list_get(const struct environment *, const char *name);
/* Adds the variables of a text. 0, or -1 with *why new; then some may have been added. */
NODISCARD int environment_list_parse(const char *text, struct environment *, char **why);
/* Adds one variable or replaces its value in place. */
void environment_list_set(struct environment *, const char *name, const char *value);
/* Sets all variables of the second list in the first. */
void environment_list_merge(struct environment *, const struct environment *);
void environment_list_clear(struct environment *);
/* New: NAME="value",… as environment_list_parse reads it. */
char *environment_list_print(const struct environment *);
/* Whether both have the same variables with the same values, in any order. */
bool environment_list_equal(const struct environment *, const struct environment *);

#endif
