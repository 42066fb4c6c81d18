/* Difference: what a reread changes in a running daemon. The configuration reader computes
 * it and writes it as frames; it ends when memory is short. */
#ifndef MASTER_CONFIG_DOCUMENT_DIFFERENCE_H
#define MASTER_CONFIG_DOCUMENT_DIFFERENCE_H

#include "common/log.h"
#include "master/config/config.h"
#include "master/config/document/document.h"

#include <stdbool.h>
#include <stddef.h>

/* What the daemon runs with; all borrowed. */
struct conf_in_force {
	const struct config *config; /* last read */
	enum log_level loglevel;     /* of the main log, which a reread does not change */
	/* Live groups in order of activation; a definition may be older than `config`. */
	const struct group_config *const *active;
	size_t nactive;
};

/* Writes the answer to a reread or preview: the groups that are added, changed or removed
 * compared with the live groups, and the options that need a restart. For a reread, writes
 * before it what the daemon takes over: [supervisord], users, groups whose definition is
 * not that of live->config, the names of groups that are gone, warnings. For a preview
 * (`explain`), the changed groups have texts that say why. */
void conf_difference_write(struct conf_writer *, const struct conf_in_force *,
    const struct config *fresh, bool explain);

/* Whether supervisord regards the fresh definition of a group as the live one: a log that
 * is AUTO now is equal to any. */
bool conf_difference_is_same(
    const struct group_config *live, const struct group_config *fresh);

/* Appends the differences as fields of the frame, at most a few. *bytes is what is left for
 * the texts of all groups, and is reduced by these. */
void conf_difference_why(struct buf *, const struct group_config *live,
    const struct group_config *fresh, size_t *bytes);
/* New: a value for messages: a long one cut, an empty one or NULL as "nothing". */
char *conf_difference_value(char *text_take);

/* Writes a frame with two texts for each option that a reread cannot apply: what applies it
 * ("reload", or "start" of a new daemon), and "[SECTION] option: 1 -> 2". The same for the
 * options of users, which it applies ("users"). */
void conf_difference_pending(
    struct conf_writer *, const struct conf_in_force *, const struct config *fresh);

#endif
