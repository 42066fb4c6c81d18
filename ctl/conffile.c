#include "ctl/conffile.h"

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define CONFFILE_MAX (4 * 1024 * 1024)

enum key { KEY_CONTROL_SOCKET, KEY_PIDFILE, KEY_MAX };

static const char *const key_names[KEY_MAX] = {
	[KEY_CONTROL_SOCKET] = "control_socket",
	[KEY_PIDFILE] = "pidfile",
};

enum section { SECTION_OTHER, SECTION_DEFAULT, SECTION_SUPERVISORD, SECTION_MAX };

struct reading {
	enum section section;
	size_t indent;		/* of the option under way; a deeper line continues it */
	bool in_option;
	bool seen;		/* [supervisord] exists */
	char *values[SECTION_MAX][KEY_MAX];
};

/* New: the directory that holds `path`'s directory, "" when the path is too short. */
static char *
grandparent(const char *path)
{
	char *copy = xstrdup(path), *slash;

	for (int i = 0; i < 2; i++) {
		slash = strrchr(copy, '/');
		if (slash == NULL)
			*copy = '\0';
		else if (slash == copy)
			copy[1] = '\0';
		else
			*slash = '\0';
	}
	return copy;
}

/* New: a name found along PATH stands for the file that was executed. */
static char *
own_path(const char *argv0)
{
	char buf[PATH_MAX];
	ssize_t n;

	if (strchr(argv0, '/') != NULL)
		return xstrdup(argv0);
	n = readlink("/proc/self/exe", buf, sizeof(buf));
	return n > 0 ? xstrndup(buf, (size_t)n) : xstrdup(argv0);
}

static char *
below(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (n == 0)
		return xstrdup(name);
	return xasprintf("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

char *
conffile_find(const char *argv0, char **why)
{
	char *self = own_path(argv0), *top = grandparent(self), *found = NULL, *list = NULL;
	char *paths[] = {
		below(top, "etc/supervisord.conf"),
		below(top, "supervisord.conf"),
		xstrdup("supervisord.conf"),
		xstrdup("etc/supervisord.conf"),
		xstrdup("/etc/supervisord.conf"),
		xstrdup("/etc/supervisor/supervisord.conf"),
	};

	for (size_t i = 0; i < nitems(paths); i++) {
		char *longer = xasprintf("%s%s%s", list != NULL ? list : "",
		    list != NULL ? ", " : "", paths[i]);
		free(list);
		list = longer;
		if (found == NULL && access(paths[i], F_OK) == 0)
			found = xstrdup(paths[i]);
		free(paths[i]);
	}
	if (found == NULL)
		*why = xasprintf("No config file found at default paths (%s); use the -c "
		    "option to specify a config file at a different path", list);
	free(list);
	free(top);
	free(self);
	return found;
}

static char *
slurp(const char *file, char **why)
{
	FILE *f = fopen(file, "re");
	struct buf buf;
	char *room = NULL;
	size_t n = 0;

	if (f == NULL) {
		*why = xasprintf("could not %s config file %s",
		    errno == ENOENT ? "find" : "read", file);
		return NULL;
	}
	buf_init(&buf, CONFFILE_MAX);
	while ((room = buf_reserve(&buf, 4096)) != NULL &&
	    (n = fread(room, 1, 4096, f)) > 0)
		buf_commit(&buf, n);
	if (room == NULL || ferror(f) ||
	    (buf_len(&buf) > 0 && memchr(buf_data(&buf), '\0', buf_len(&buf)) != NULL)) {
		*why = xasprintf("could not read config file %s", file);
		buf_clear(&buf);
		fclose(f);
		return NULL;
	}
	fclose(f);
	return buf_steal(&buf);
}

/* Cuts a comment that whitespace precedes; at the start of a line it is all comment. */
static void
cut_comment(char *line)
{
	for (char *c = line; *c != '\0'; c++)
		if ((*c == ';' || *c == '#') &&
		    (c == line || strchr(" \t\r\f\v", c[-1]) != NULL)) {
			*c = '\0';
			return;
		}
}

static void
read_section(struct reading *r, char *line)
{
	char *end = strrchr(line, ']');

	if (end == NULL)
		return;
	*end = '\0';
	r->in_option = false;
	r->section = SECTION_OTHER;
	if (strcmp(line + 1, "supervisord") == 0) {
		r->section = SECTION_SUPERVISORD;
		r->seen = true;
	} else if (strcmp(line + 1, "DEFAULT") == 0) {
		r->section = SECTION_DEFAULT;
	}
}

static void
read_option(struct reading *r, char *line)
{
	char *delimiter = strpbrk(line, "=:"), *key;

	if (delimiter == NULL)
		return;
	r->in_option = true;
	*delimiter = '\0';
	key = str_strip(line);
	for (size_t i = 0; i < KEY_MAX && r->section != SECTION_OTHER; i++)
		if (strcasecmp(key, key_names[i]) == 0) {
			free(r->values[r->section][i]);
			r->values[r->section][i] = xstrdup(str_strip(delimiter + 1));
		}
}

static void
read_line(struct reading *r, char *line)
{
	size_t indent = strspn(line, " \t");
	char *text;

	cut_comment(line);
	text = str_strip(line);
	if (*text == '\0' || (r->in_option && indent > r->indent))
		return;
	r->indent = indent;
	if (*text == '[')
		read_section(r, text);
	else
		read_option(r, text);
}

static void
append(struct buf *out, const char *bytes, size_t n)
{
	if (buf_append(out, bytes, n) == -1) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
}

/* The value of a name, or NULL. */
static const char *
lookup(const char *name, size_t n, const char *here)
{
	char *key = xstrndup(name, n);
	const char *value = NULL;

	if (strcmp(key, "here") == 0)
		value = here;
	else if (str_starts(key, "ENV_"))
		value = getenv(key + 4);
	free(key);
	return value;
}

char *
conffile_expand(const char *value, const char *here, const char *option, char **why)
{
	struct buf out;
	const char *end, *text;

	buf_init(&out, 0);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p != '%') {
			append(&out, p, 1);
		} else if (p[1] == '%') {
			append(&out, p++, 1);
		} else if (p[1] == '(' && (end = strstr(p, ")s")) != NULL &&
		    (text = lookup(p + 2, (size_t)(end - p) - 2, here)) != NULL) {
			append(&out, text, strlen(text));
			p = end + 1;
		} else {
			*why = xasprintf("cannot expand '%s' of %s", value, option);
			buf_clear(&out);
			return NULL;
		}
	}
	return buf_steal(&out);
}

/* New: `path` (taken) absolute and with ~ expanded. */
static char *
absolute(char *path)
{
	const char *home = getenv("HOME");
	char *cwd, *full;

	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home != NULL) {
		full = xasprintf("%s%s", home, path + 1);
	} else if (path[0] != '/' && (cwd = getcwd(NULL, 0)) != NULL) {
		full = xasprintf("%s/%s", cwd, path);
		free(cwd);
	} else {
		return path;
	}
	free(path);
	return full;
}

static char *
here_of(const char *file)
{
	char *full = absolute(xstrdup(file)), *slash = strrchr(full, '/');

	if (slash != NULL)
		slash[slash == full] = '\0';
	return full;
}

static const char *
value_of(const struct reading *r, enum key key)
{
	const char *own = r->values[SECTION_SUPERVISORD][key];

	return own != NULL ? own : r->values[SECTION_DEFAULT][key];
}

static char *
socket_of(const struct reading *r, const char *here, char **why)
{
	const char *named = value_of(r, KEY_CONTROL_SOCKET);
	const char *pidfile = value_of(r, KEY_PIDFILE);
	char *path, *with_end;

	if (named != NULL) {
		path = conffile_expand(named, here, "supervisord.control_socket", why);
		return path != NULL ? absolute(path) : NULL;
	}
	path = conffile_expand(pidfile != NULL ? pidfile : "supervisord.pid", here,
	    "supervisord.pidfile", why);
	if (path == NULL)
		return NULL;
	with_end = xasprintf("%s.ctl", path);
	free(path);
	return absolute(with_end);
}

char *
conffile_socket(const char *file, char **why)
{
	struct reading r = { 0 };
	char *text = slurp(file, why), *rest = text, *line, *here, *path = NULL;

	if (text == NULL)
		return NULL;
	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(&r, line);
	free(text);
	here = here_of(file);
	if (r.seen)
		path = socket_of(&r, here, why);
	else
		*why = xstrdup(".ini file does not include supervisord section");
	free(here);
	for (size_t s = 0; s < SECTION_MAX; s++)
		for (size_t k = 0; k < KEY_MAX; k++)
			free(r.values[s][k]);
	return path;
}
