/* Action: what a form of a page asks for: an action on programs, the method calls that do
 * it, and what failed. */
#ifndef RPCD_PAGES_ACTION_H
#define RPCD_PAGES_ACTION_H

#include "rpcd/pages/form.h"
#include "rpcd/pages/view.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct action {
	enum view_right what; /* VIEW_START to VIEW_MORE, which has no calls */
	char **names;         /* owned: of the programs */
	size_t count;
	char *signal; /* owned: VIEW_SIGNAL */
};

enum action_result {
	ACTION_OK,
	ACTION_UNKNOWN,	/* there is no such action */
	ACTION_DENIED,	/* the caller may not do it */
	ACTION_NO_NAME,	/* there is no such program that the caller sees, or none at all */
};

/* Reads the fields of a form: action is "ACTION" with fields name, or "ACTION TARGET",
 * where TARGET is a program, a group "NAME:*", or "*" = all that the fields q and state
 * show. A group and "*" stand for the programs for which the action makes sense. Each
 * program is meant once, however often the form names it. */
enum action_result action_read(struct action *, const struct view *, const struct form *);
/* Reads the parameters of a link of supervisord's page; name "" = none. */
enum action_result action_read_link(
    struct action *, const struct view *, const char *word, const char *name);
void action_clear(struct action *);

/* Whether a person must confirm it: it stops several programs. */
bool action_is_grave(const struct action *);
/* New: the calls that do it, as objects with methodName and params. */
json_t *action_calls(const struct action *);
/* Appends what failed, one line for each program; nothing when all succeeded. */
void action_failures(struct buf *, const struct action *, const json_t *results);

#endif
