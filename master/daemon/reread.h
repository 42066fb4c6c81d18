/* Reread: reads the configuration file of the first run again and applies what can change
 * without a restart (reloadConfig). */
#ifndef MASTER_DAEMON_REREAD_H
#define MASTER_DAEMON_REREAD_H

#include "common/compiler.h"
#include "master/master.h"

/* Reads the file in this process, before anything runs. 0 with *config new, or -1 with
 * *error new. */
NODISCARD int reread_load(struct master *, struct config **config, char **error);

/* The command line, with the absolute path of the first run's file; strings borrowed. */
struct arguments reread_arguments(const struct master *);

/* Puts the groups of `fresh` and its options that need no restart into the configuration in
 * force, and takes n groups out of it. 0, or -1 with ENOMEM and nothing changed. */
NODISCARD int reread_apply(
    struct master *, struct config *fresh, char *const *removed, size_t n);

#endif
