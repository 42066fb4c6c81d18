/* Status: the rows that the command status shows. */
#ifndef CTL_COMMANDS_STATUS_H
#define CTL_COMMANDS_STATUS_H

#include "common/compiler.h"
#include "ctl/commands/session.h"
#include "ctl/commands/words.h"

#include <stdbool.h>

/* The arguments of status. */
struct status {
	struct words names;
	bool json;
};

/* Gets the rows of the names, reports names that do not exist, and sets the exit status.
 * *selected is new or NULL; free it after the rows. False: an error has ended the
 * command. */
NODISCARD bool status_rows(struct session *, const struct status *, struct server_rows *,
    const struct process_info ***selected);
/* Shows the rows on the whole terminal until the user quits. */
void watch_run(struct session *, const struct status *);

#endif
