/* Restart check: checks a new configuration before a restart stops anything. */
#ifndef MASTER_DAEMON_RESTART_CHECK_H
#define MASTER_DAEMON_RESTART_CHECK_H

#include "common/compiler.h"
#include "master/master.h"

struct conf_load;

/* Checks the user, the logs' directories and the addresses of a configuration that has been
 * read. 0, or -1 after conf_load_fail. */
NODISCARD int restart_check(struct master *, struct conf_load *);
/* Keeps the checked configuration for the next run: a document in a memfd (taken), which
 * survives an exec. */
void restart_check_keep(struct master *, int document_take);
/* Closes the document, if there is one. */
void restart_check_forget(struct master *);
/* Reads the document and closes it. 0 with *config new, or -1 with *error new. */
NODISCARD int restart_check_read(struct master *, struct config **config, char **error);

/* Why the daemon cannot become the configured user (static text), or NULL. */
const char *restart_check_user_refusal(const struct config *);

#endif
