/* Conffile: reads the daemon's addresses, the user name and password, and the shell's
 * prompt and history from [supervisorctl] and [supervisord] of a configuration file. As
 * supervisorctl it ignores [include]. */
#ifndef CTL_DAEMON_CONFFILE_H
#define CTL_DAEMON_CONFFILE_H

#include "common/compiler.h"

#include <sys/types.h>

/* Strings are new, or NULL if the file does not have the option. */
struct conffile {
	char *control_socket; /* absolute path */
	char *serverurl, *username, *password, *prompt;
	char *history_file; /* absolute path */
	char *user;         /* of [supervisord], not expanded to a uid */
	uid_t owner;        /* of the file */
};

/* The outcome of reading. */
enum conffile_status {
	CONFFILE_READ,
	CONFFILE_MALFORMED,	/* supervisorctl has another exit status for this */
	CONFFILE_UNUSABLE,
};

/* New: the first file of the default search path that exists, or NULL. */
char *conffile_find(const char *argv0);
/* Sets all members, or *why to a new text to print after "Error: ". A file without
 * [supervisorctl] is usable if it determines the control socket. */
NODISCARD enum conffile_status conffile_read(
    const char *file, struct conffile *, char **why);
void conffile_clear(struct conffile *);
/* New: expands %(here)s, %(host_node_name)s, %(ENV_X)s and %%; NULL with *why new, which
 * names the option. Public for its test alone. */
NODISCARD char *conffile_expand(
    const char *value, const char *here, const char *option, char **why);

#endif
