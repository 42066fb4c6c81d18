/* Preview: what a reread would find, and why, while nothing takes effect. */
#ifndef MASTER_DAEMON_PREVIEW_H
#define MASTER_DAEMON_PREVIEW_H

#include "master/master.h"

#include <jansson.h>

/* New: what reread gives, but an element of "changed" is {name, why}: texts that tell what
 * differs, "p: priority: 999 -> 5". NULL with *error new (NULL without memory). */
json_t *preview(struct master *, char **error);

/* New: a value as it is shown, a long one cut, none as "nothing". */
char *preview_value(char *text_take);

#endif
