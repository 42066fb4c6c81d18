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

#ifndef SYSCONFDIR
#define SYSCONFDIR "/usr/local/etc"
#endif
#define CONFFILE_MAX (4 * 1024 * 1024)

enum section {
	SECTION_OTHER,
	SECTION_DEFAULT,
	SECTION_SUPERVISORD,
	SECTION_SUPERVISORCTL,
	SECTION_MAX
};

static const char *const section_names[SECTION_MAX] = {
	[SECTION_DEFAULT] = "DEFAULT",
	[SECTION_SUPERVISORD] = "supervisord",
	[SECTION_SUPERVISORCTL] = "supervisorctl",
};

enum key {
	KEY_CONTROL_SOCKET,
	KEY_PIDFILE,
	KEY_SERVERURL,
	KEY_USERNAME,
	KEY_PASSWORD,
	KEY_PROMPT,
	KEY_HISTORY_FILE,
	KEY_MAX
};

static const struct {
	const char *name;
	enum section section;	/* the one that it is of */
} keys[KEY_MAX] = {
	[KEY_CONTROL_SOCKET] = { "control_socket", SECTION_SUPERVISORD },
	[KEY_PIDFILE] = { "pidfile", SECTION_SUPERVISORD },
	[KEY_SERVERURL] = { "serverurl", SECTION_SUPERVISORCTL },
	[KEY_USERNAME] = { "username", SECTION_SUPERVISORCTL },
	[KEY_PASSWORD] = { "password", SECTION_SUPERVISORCTL },
	[KEY_PROMPT] = { "prompt", SECTION_SUPERVISORCTL },
	[KEY_HISTORY_FILE] = { "history_file", SECTION_SUPERVISORCTL },
};

struct reading {
	enum section section;
	size_t indent;		/* of the option under way; a deeper line continues it */
	bool in_option;
	bool seen[SECTION_MAX];
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
conffile_find(const char *argv0)
{
	char *self = own_path(argv0), *top = grandparent(self), *found = NULL;
	char *paths[] = {
		below(top, "etc/supervisord.conf"),
		below(top, "supervisord.conf"),
		xstrdup("supervisord.conf"),
		xstrdup("etc/supervisord.conf"),
		xstrdup("/etc/supervisord.conf"),
		xstrdup("/etc/supervisor/supervisord.conf"),
		xstrdup(SYSCONFDIR "/reeve/reeved.conf"),
	};

	for (size_t i = 0; i < nitems(paths); i++) {
		if (found == NULL && access(paths[i], F_OK) == 0)
			found = xstrdup(paths[i]);
		free(paths[i]);
	}
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
	for (enum section s = SECTION_OTHER + 1; s < SECTION_MAX; s++)
		if (strcmp(line + 1, section_names[s]) == 0)
			r->section = s;
	r->seen[r->section] = true;
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
		if (strcasecmp(key, keys[i].name) == 0) {
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

/* New: the value of a name, or NULL. */
static char *
lookup(const char *name, size_t n, const char *here)
{
	char *key = xstrndup(name, n), host[HOST_NAME_MAX + 1];
	const char *value = NULL;

	if (strcmp(key, "here") == 0)
		value = here;
	else if (strcmp(key, "host_node_name") == 0 && gethostname(host, sizeof(host)) == 0)
		value = host;
	else if (str_starts(key, "ENV_"))
		value = getenv(key + 4);
	free(key);
	return value != NULL ? xstrdup(value) : NULL;
}

char *
conffile_expand(const char *value, const char *here, const char *option, char **why)
{
	struct buf out;
	const char *end;
	char *text;

	buf_init(&out, 0);
	for (const char *p = value; *p != '\0'; p++) {
		if (*p != '%') {
			append(&out, p, 1);
		} else if (p[1] == '%') {
			append(&out, p++, 1);
		} else if (p[1] == '(' && (end = strstr(p, ")s")) != NULL &&
		    (text = lookup(p + 2, (size_t)(end - p) - 2, here)) != NULL) {
			append(&out, text, strlen(text));
			free(text);
			p = end + 1;
		} else {
			*why = xasprintf("cannot expand '%s' of %s", value, option);
			buf_clear(&out);
			return NULL;
		}
	}
	return buf_steal(&out);
}

char *
conffile_absolute(char *path)
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
	char *full = conffile_absolute(xstrdup(file)), *slash = strrchr(full, '/');

	if (slash != NULL)
		slash[slash == full] = '\0';
	return full;
}

static const char *
value_of(const struct reading *r, enum key key)
{
	const char *own = r->values[keys[key].section][key];

	return own != NULL ? own : r->values[SECTION_DEFAULT][key];
}

/* 0 with *text new, or NULL when the file does not say; -1 with *why new. */
static int
expanded(const struct reading *r, enum key key, const char *here, char **text, char **why)
{
	const char *value = value_of(r, key);
	char *option;

	*text = NULL;
	if (value == NULL)
		return 0;
	option = xasprintf("%s.%s", section_names[keys[key].section], keys[key].name);
	*text = conffile_expand(value, here, option, why);
	free(option);
	return *text != NULL ? 0 : -1;
}

/* New, or NULL with *why new. */
static char *
socket_of(const struct reading *r, const char *here, char **why)
{
	char *path, *pidfile;

	if (expanded(r, KEY_CONTROL_SOCKET, here, &path, why) == -1)
		return NULL;
	if (path != NULL)
		return conffile_absolute(path);
	if (expanded(r, KEY_PIDFILE, here, &pidfile, why) == -1)
		return NULL;
	path = xasprintf("%s.ctl", pidfile != NULL ? pidfile : "supervisord.pid");
	free(pidfile);
	return conffile_absolute(path);
}

/* What [supervisorctl] says. 0, or -1 with *why new. */
static int
client_of(const struct reading *r, const char *here, struct conffile *c, char **why)
{
	static const char scheme[] = "unix://";
	char *path;

	if (expanded(r, KEY_SERVERURL, here, &c->serverurl, why) == -1 ||
	    expanded(r, KEY_USERNAME, here, &c->username, why) == -1 ||
	    expanded(r, KEY_PASSWORD, here, &c->password, why) == -1 ||
	    expanded(r, KEY_PROMPT, here, &c->prompt, why) == -1 ||
	    expanded(r, KEY_HISTORY_FILE, here, &c->history_file, why) == -1)
		return -1;
	if (c->history_file != NULL)
		c->history_file = conffile_absolute(c->history_file);
	if (c->serverurl == NULL)
		c->serverurl = xstrdup("http://localhost:9001");
	if (!str_starts(c->serverurl, scheme))
		return 0;
	path = conffile_absolute(xstrdup(c->serverurl + strlen(scheme)));
	free(c->serverurl);
	c->serverurl = xasprintf("%s%s", scheme, path);
	free(path);
	return 0;
}

static int
take(const struct reading *r, const char *here, struct conffile *c, char **why)
{
	bool client = r->seen[SECTION_SUPERVISORCTL];
	char *socket_why = NULL;

	if (!client && !r->seen[SECTION_SUPERVISORD]) {
		*why = xstrdup(".ini file does not include supervisorctl section");
		return -1;
	}
	if (client && client_of(r, here, c, why) == -1)
		return -1;
	if (r->seen[SECTION_SUPERVISORD])
		c->control_socket = socket_of(r, here, &socket_why);
	/* A name that only the daemon's environment knows: there is the URL. */
	if (c->control_socket == NULL && !client)
		*why = socket_why;
	else
		free(socket_why);
	return c->control_socket != NULL || client ? 0 : -1;
}

int
conffile_read(const char *file, struct conffile *c, char **why)
{
	struct reading r = { 0 };
	char *text = slurp(file, why), *rest = text, *line, *here;
	int rc;

	*c = (struct conffile){ 0 };
	if (text == NULL)
		return -1;
	while ((line = strsep(&rest, "\n")) != NULL)
		read_line(&r, line);
	free(text);
	here = here_of(file);
	rc = take(&r, here, c, why);
	if (rc == -1)
		conffile_clear(c);
	free(here);
	for (size_t s = 0; s < SECTION_MAX; s++)
		for (size_t k = 0; k < KEY_MAX; k++)
			free(r.values[s][k]);
	return rc;
}

void
conffile_clear(struct conffile *c)
{
	char **all[] = { &c->control_socket, &c->serverurl, &c->username, &c->password,
		&c->prompt, &c->history_file };

	for (size_t i = 0; i < nitems(all); i++) {
		if (*all[i] != NULL)
			mem_wipe(*all[i], strlen(*all[i]));
		mem_freep(all[i]);
	}
}
