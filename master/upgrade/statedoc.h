/* Statedoc: parts of the state document: objects and lists that grow part by part, and the
 * text of a refusal. */
#ifndef MASTER_UPGRADE_STATEDOC_H
#define MASTER_UPGRADE_STATEDOC_H

#include <jansson.h>

/* Take the part. When it or the whole is NULL, or without memory, the whole is freed and
 * becomes NULL. */
void statedoc_add(json_t **object, const char *name, json_t *part);
void statedoc_append(json_t **list, json_t *part);
/* The member "name", or "" when it is no string; borrowed. */
const char *statedoc_name(const json_t *object);
/* -1, with *why new: "state document: WHAT NAME" (NULL without memory). */
int statedoc_fail(char **why, const char *what, const char *name);
/* 0 when BAD is NULL, else -1 with *why new, which names that member of WHAT. */
int statedoc_check(char **why, const char *what, const char *bad);

#endif
