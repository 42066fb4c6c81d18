/* Conffile: reads the daemon's addresses, the user name and password, and the shell's
 * prompt and history from [supervisorctl] and [supervisord] of a configuration file. As
 * supervisorctl it ignores [include]. */
#ifndef CTL_CONFFILE_H
#define CTL_CONFFILE_H

#include "common/compiler.h"

#include <sys/types.h>

/* All new, or NULL when the file has no such option. */
struct conffile {
	char *control_socket; /* absolute path */
	char *serverurl, *username, *password, *prompt;
	char *history_file; /* absolute path */
	char *user;         /* the daemon's, as [supervisord] has it */
	uid_t owner;        /* of the file */
};

/* How a reading ended. */
enum conffile_status {
	CONFFILE_READ,
	CONFFILE_MALFORMED,	/* supervisorctl then ends with another exit status */
	CONFFILE_UNUSABLE,
};

/* New: the first file of the default search path that exists, or NULL. */
char *conffile_find(const char *argv0);
/* Sets all members, or *why to a new text to print after "Error: ". A file without
 * [supervisorctl] is usable when its control socket is known. */
NODISCARD enum conffile_status conffile_read(
    const char *file, struct conffile *, char **why);
void conffile_clear(struct conffile *);
/* New: %(here)s, %(host_node_name)s, %(ENV_X)s and %% expanded; NULL with *why new.
 * `option` is for the text. */
NODISCARD char *conffile_expand(
    const char *value, const char *here, const char *option, char **why);

#endif
