/* Program_set: which processes a programs= option names. An item is `all` or `*`, a group
 * (`web`, `web:*`), a process (`web:web_01`), or either half as a pattern (`db*`,
 * `web:web_0*`). */
#ifndef PROTO_PROGRAM_SET_H
#define PROTO_PROGRAM_SET_H

#include <stdbool.h>

struct program_set;

/* New, from a list that ends with NULL; NULL with ENOMEM. */
struct program_set *program_set_new(const char *const *items);
void program_set_free(struct program_set *); /* NULL is fine */
/* Whether it names every process. */
bool program_set_is_all(const struct program_set *);
/* Whether it names the process. */
bool program_set_has(const struct program_set *, const char *group, const char *name);
/* Whether it names every process that the group can have. */
bool program_set_has_group(const struct program_set *, const char *group);

#endif
