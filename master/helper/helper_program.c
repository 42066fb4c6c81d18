#include "master/helper/helper_program.h"

#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/libexec/reeve"
#endif

/* New: the path in the directory; or NULL with *why new. */
static char *
helper_find_in(const char *program, const char *directory, size_t n, char **why)
{
	char *path = xasprintf("%.*s/%s", (int)n, directory, program);

	if (access(path, X_OK) == 0)
		return path;
	*why = xasprintf("%s: %s", path, strerror(errno));
	free(path);
	return NULL;
}

char *
helper_find(const char *program, const char *self, char **error)
{
	const char *slash = self == NULL ? NULL : strrchr(self, '/');
	char *beside = NULL, *installed = NULL, *path = NULL;

	if (slash == NULL)
		beside = xstrdup("the directory of reeved is unknown, because /proc is not "
				 "mounted");
	else
		path = helper_find_in(program, self, (size_t)(slash - self), &beside);
	if (path == NULL)
		path = helper_find_in(program, LIBEXECDIR, strlen(LIBEXECDIR), &installed);
	if (path == NULL)
		*error = xasprintf("could not find %s: %s; %s", program, beside, installed);
	free(beside);
	free(installed);
	return path;
}

char *
helper_installed(const char *program)
{
	return xasprintf("%s/%s", LIBEXECDIR, program);
}

json_t *
helper_setup(const struct config *config)
{
	const struct user *user = geteuid() == 0 ? config->rpcd_user : NULL;

	return json_pack("{s:i,s:i,s:s,s:b,s:s,s:s}", "uid",
	    (int)(user == NULL ? geteuid() : user->uid), "gid",
	    (int)(user == NULL ? getegid() : user->gid), "user",
	    user == NULL ? "" : user->name, "root", geteuid() == 0, "confinement",
	    config->confinement_strict ? "strict" : "best", "loglevel",
	    log_level_word(log_threshold()));
}
