/* Advice: what a name or a command that does not exist probably means. It computes and
 * prints nothing. */
#ifndef CTL_ADVICE_H
#define CTL_ADVICE_H

#include "ctl/commands/namespec.h"

/* What a command's arguments name. */
enum advice_about {
	ADVICE_PROCESSES,	/* processes, and groups as GROUP:* */
	ADVICE_ONE_PROCESS,	/* no groups */
	ADVICE_GROUPS,		/* groups by their bare names */
};

/* New: the word of the list that is nearest to `word`, or NULL when none is near. */
char *advice_nearest(const char *word, const struct words *known);
/* New: what this name, which is unknown, probably means, or NULL. `more`: further names of
 * groups. */
char *advice_name(const char *spec, enum advice_about, const struct server_rows *,
    const struct words *more);

#endif
