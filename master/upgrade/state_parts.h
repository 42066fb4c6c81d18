/* State parts: builds objects and lists of the state document part by part, and error
 * texts. */
#ifndef MASTER_UPGRADE_STATE_PARTS_H
#define MASTER_UPGRADE_STATE_PARTS_H

#include <jansson.h>

/* Add a part (taken). If the part or the whole is NULL, or memory runs out, the whole is
 * freed and becomes NULL. */
void state_parts_add(json_t **object, const char *name, json_t *part);
void state_parts_append(json_t **list, json_t *part);
/* The member "name", or "" if that is not a string; borrowed. */
const char *state_parts_name(const json_t *object);
/* Reads one entry of a list. 0, or -1 with *why new. */
struct master;
typedef int state_parts_read_fn(struct master *, const json_t *, int format, char **why);
/* Reads all entries of a list. `name` is for the error. 0, or -1 with *why new. */
int state_parts_each(struct master *, const json_t *list, int format, const char *name,
    state_parts_read_fn *, char **why);
/* -1, with *why new: "state document: WHAT NAME" (NULL if out of memory). */
int state_parts_fail(char **why, const char *what, const char *name);
/* 0 if `bad` is NULL, else -1 with *why new: "state document: bad member of WHAT: BAD". */
int state_parts_check(char **why, const char *what, const char *bad);

#endif
