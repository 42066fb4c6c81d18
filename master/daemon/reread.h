/* Reread: the file of the first run once more, and what of it takes effect at once
 * (reloadConfig). */
#ifndef MASTER_DAEMON_REREAD_H
#define MASTER_DAEMON_REREAD_H

#include "common/compiler.h"
#include "master/master.h"

/* Reads the file, in this process, before anything runs. 0 with *config new, or -1 with
 * *error new. */
NODISCARD int reread_load(struct master *, struct config **config, char **error);

/* The options by which the file of the first run is read again, whatever the directory is
 * now; strings are borrowed. */
struct arguments reread_arguments(const struct master *);

/* What was read takes effect: the groups of `fresh` that are new or other ones, and its
 * options that need no restart; n groups of these names are gone. 0, or -1 with ENOMEM, and
 * nothing has changed. */
NODISCARD int reread_apply(
    struct master *, struct config *fresh, char *const *gone, size_t n);

#endif
