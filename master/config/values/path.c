#include "master/config/values/path.h"

#include "common/mem.h"
#include "common/safepath.h"
#include "common/str.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path of the environment, or NULL. One that is not UTF-8 is ignored, because no client
 * could be sent it. */
static const char *
path_of(const char *variable)
{
	const char *path = getenv(variable);

	return path != NULL && str_is_utf8(path, strlen(path)) ? path : NULL;
}

/* New: the home directory of the user named by the n bytes (0 = our user), or NULL. */
static char *
path_home_of(const char *name, size_t n)
{
	const struct passwd *entry;
	const char *home = n == 0 ? path_of("HOME") : NULL;
	char *copy;

	if (home != NULL)
		return xstrdup(home);
	copy = xstrndup(name, n);
	entry = n == 0 ? getpwuid(getuid()) : getpwnam(copy);
	free(copy);
	return entry != NULL ? xstrdup(entry->pw_dir) : NULL;
}

char *
conf_path_expand(const char *path)
{
	size_t name, len;
	char *home, *result;

	if (path[0] != '~')
		return xstrdup(path);
	name = strcspn(path, "/");
	home = path_home_of(path + 1, name - 1);
	if (home == NULL)
		return xstrdup(path);
	for (len = strlen(home); len > 0 && home[len - 1] == '/'; len--)
		home[len - 1] = '\0';
	result =
	    xasprintf("%s%s", home, len == 0 && path[name] == '\0' ? "/" : path + name);
	free(home);
	return result;
}

char *
conf_path_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	while (n > 0 && path[n - 1] == '/')
		n--;
	if (n == 0 && slash != NULL)
		return xstrdup("/");
	return xstrndup(path, n);
}

char *
conf_path_join(const char *base, const char *path)
{
	size_t n = strlen(base);

	if (path[0] == '/' || n == 0)
		return xstrdup(path);
	return xasprintf("%s%s%s", base, base[n - 1] == '/' ? "" : "/", path);
}

/* Removes empty, "." and ".." parts of an absolute path, in place and without looking at
 * the file system. */
static void
path_normalize(char *path)
{
	size_t roots = path[1] == '/' && path[2] != '/' ? 2 : 1;
	char *root = path + roots, *out = root, *in = root;

	while (*in != '\0') {
		size_t n = strcspn(in, "/");

		if (n == 2 && memcmp(in, "..", 2) == 0) {
			while (out > root && *--out != '/')
				continue;
		} else if (n > 0 && !(n == 1 && *in == '.')) {
			if (out > root)
				*out++ = '/';
			memmove(out, in, n);
			out += n;
		}
		in += n;
		in += strspn(in, "/");
	}
	*out = '\0';
}

char *
conf_path_absolute(const char *path)
{
	char *cwd = path[0] == '/' ? xstrdup("/") : getcwd(NULL, 0);
	char *joined = conf_path_join(cwd != NULL ? cwd : "/", path);

	path_normalize(joined);
	free(cwd);
	return joined;
}

bool
conf_path_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
conf_path_is_special(const char *path)
{
	struct stat st;
	int unused;

	return safepath_inherited_fd(path, &unused) ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

char *
conf_path_temporary(void)
{
	const char *const candidates[] = {
		path_of("TMPDIR"), path_of("TEMP"), path_of("TMP"), "/tmp", "/var/tmp",
		"/usr/tmp",
	};

	for (size_t i = 0; i < nitems(candidates); i++) {
		const char *path = candidates[i];

		if (path != NULL && path[0] != '\0' && conf_path_is_directory(path) &&
		    access(path, W_OK | X_OK) == 0)
			return conf_path_absolute(path);
	}
	return conf_path_absolute(".");
}
