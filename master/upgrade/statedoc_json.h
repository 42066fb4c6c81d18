/* Statedoc JSON: what the rooms of the state document share: wholes that grow part by part,
 * and the text of a refusal. */
#ifndef MASTER_UPGRADE_STATEDOC_JSON_H
#define MASTER_UPGRADE_STATEDOC_JSON_H

#include "master/upgrade/statefield.h"

#include <jansson.h>

#define ROW(type, member, kind) { #member, STATEFIELD_##kind, offsetof(type, member) }
#define WRITE(rows, from) statefield_write(rows, nitems(rows), from)
#define READ(rows, json, into) statefield_read(rows, nitems(rows), json, into)

/* Whoever adds a member to one of these: it is either rebuilt from the configuration, or it
 * is state and needs a row in the file that asserts its size. Then set the size. */
#define STATEDOC_SIZE(type, size)                                        \
	_Static_assert(sizeof(void *) != 8 || sizeof(type) == (size),    \
	    "a member was added: see master/statedoc_json.h")

/* Take the part. When it or the whole is NULL, or without memory, the whole is freed and
 * becomes NULL. */
void statedoc_add(json_t **object, const char *name, json_t *part);
void statedoc_append(json_t **list, json_t *part);
/* -1, with *why new: "state document: WHAT NAME" (NULL without memory). */
int statedoc_fail(char **why, const char *what, const char *name);

#endif
