/* Difference: what a configuration that has been read again changes in a running daemon.
 * The process that reads it computes this and writes frames: memory is never short. */
#ifndef MASTER_CONFIG_DOCUMENT_DIFFERENCE_H
#define MASTER_CONFIG_DOCUMENT_DIFFERENCE_H

#include "common/log.h"
#include "master/config/config.h"
#include "master/config/document/document.h"

#include <stdbool.h>
#include <stddef.h>

/* What the daemon runs on; all borrowed. */
struct conf_in_force {
	const struct config *config; /* the last one that was read */
	enum log_level loglevel;     /* of the main log, which keeps its own */
	/* The live groups, which may be of older configurations, in order of activation. */
	const struct group_config *const *active;
	size_t nactive;
};

/* Writes all that the daemon has to take over: [supervisord], the groups whose definitions
 * are not those in force, the names of those that are gone, new warnings; and the answer:
 * the live groups that are added, changed (with texts that say why, if `explain`) and
 * removed, and what waits for a restart. */
void conf_difference_write(struct conf_writer *, const struct conf_in_force *,
    const struct config *fresh, bool explain);

/* Whether a fresh definition of a group is the live one to supervisord: a log that is AUTO
 * now is equal to anything. */
bool conf_difference_is_same(
    const struct group_config *live, const struct group_config *fresh);

/* Appends what differs as fields of the frame, a long list cut; *bytes is what all lists
 * may still have, and goes down. */
void conf_difference_why(struct buf *, const struct group_config *live,
    const struct group_config *fresh, size_t *bytes);
/* New: a value as it is shown, a long one cut, none as "nothing". */
char *conf_difference_value(char *text_take);

/* The options that a reread cannot apply: frames of texts, "[SECTION] option: 1 -> 2", for
 * those that need a restart and those that need the daemon to be started again. */
void conf_difference_pending(
    struct conf_writer *, const struct conf_in_force *, const struct config *fresh);

#endif
