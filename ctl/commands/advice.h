/* Advice: finds what an unknown name or command probably means. It prints nothing. */
#ifndef CTL_COMMANDS_ADVICE_H
#define CTL_COMMANDS_ADVICE_H

#include "ctl/commands/namespec.h"

/* What a command's arguments name. */
enum advice_about {
	ADVICE_PROCESSES,	/* processes, and groups as GROUP:* */
	ADVICE_ONE_PROCESS,	/* no groups */
	ADVICE_GROUPS,		/* groups by their bare names */
};

/* New: the word of the list that is most similar to `word`, or NULL if none is similar. */
char *advice_nearest(const char *word, const struct words *known);
/* New: the name that this unknown name probably means, or NULL. `more`: names of groups
 * that are in the configuration, but not among the processes. */
char *advice_name(const char *spec, enum advice_about, const struct server_rows *,
    const struct words *more);

#endif
