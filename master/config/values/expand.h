/* Expand: Python's "text % names" for values of the configuration: %(name)s, %(name)d,
 * %(name)02d, %%. */
#ifndef MASTER_CONFIG_VALUES_EXPAND_H
#define MASTER_CONFIG_VALUES_EXPAND_H

#include "common/compiler.h"

#include <stdint.h>

struct expand_names;

/* New, empty. A name that it does not have is looked up in `parent` (borrowed, NULL =
 * none). */
struct expand_names *expand_names_new(const struct expand_names *parent);
void expand_names_free(struct expand_names *); /* NULL is fine */
void expand_set(struct expand_names *, const char *name, const char *value);
void expand_set_number(struct expand_names *, const char *name, int64_t value);
/* Sets "ENV_" and the name. */
void expand_set_env(struct expand_names *, const char *name, const char *value);
/* New text, or NULL with *error new: supervisord's text. `where` is the option for it:
 * "program:a.command", "environment". */
char *expand_text(
    const char *text, const struct expand_names *, const char *where, char **error);

#endif
