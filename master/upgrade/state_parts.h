/* State parts: objects and lists of the state document that grow part by part, and the text
 * of a refusal. */
#ifndef MASTER_UPGRADE_STATE_PARTS_H
#define MASTER_UPGRADE_STATE_PARTS_H

#include <jansson.h>

/* Take the part. When it or the whole is NULL, or without memory, the whole is freed and
 * becomes NULL. */
void state_parts_add(json_t **object, const char *name, json_t *part);
void state_parts_append(json_t **list, json_t *part);
/* The member "name", or "" when it is no string; borrowed. */
const char *state_parts_name(const json_t *object);
/* -1, with *why new: "state document: WHAT NAME" (NULL without memory). */
int state_parts_fail(char **why, const char *what, const char *name);
/* 0 when BAD is NULL, else -1 with *why new, which names that member of WHAT. */
int state_parts_check(char **why, const char *what, const char *bad);

#endif
