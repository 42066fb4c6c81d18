#include "ctl/daemon/conffile.h"

#include "common/buf.h"
#include "common/ini.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SYSCONFDIR
#define SYSCONFDIR "/usr/local/etc"
#endif

static const char supervisord[] = "supervisord", supervisorctl[] = "supervisorctl";

/* New: the directory that holds `path`'s directory, "" when the path is too short. */
static char *
conffile_grandparent(const char *path)
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
conffile_own_path(const char *argv0)
{
	char buf[PATH_MAX];
	ssize_t n;

	if (strchr(argv0, '/') != NULL)
		return xstrdup(argv0);
	n = readlink("/proc/self/exe", buf, sizeof(buf));
	return n > 0 ? xstrndup(buf, (size_t)n) : xstrdup(argv0);
}

static char *
conffile_below(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (n == 0)
		return xstrdup(name);
	return xasprintf("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

char *
conffile_find(const char *argv0)
{
	char *self = conffile_own_path(argv0), *top = conffile_grandparent(self), *found =
	    NULL;
	char *paths[] = {
		conffile_below(top, "etc/supervisord.conf"),
		conffile_below(top, "supervisord.conf"),
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

static void
conffile_append(struct buf *out, const char *bytes, size_t n)
{
	if (buf_append(out, bytes, n) == -1) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
}

/* New: the value of a name, or NULL. */
static char *
conffile_lookup(const char *name, size_t n, const char *here)
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
			conffile_append(&out, p, 1);
		} else if (p[1] == '%') {
			conffile_append(&out, p++, 1);
		} else if (p[1] == '(' && (end = strstr(p, ")s")) != NULL &&
		    (text = conffile_lookup(p + 2, (size_t)(end - p) - 2, here)) != NULL) {
			conffile_append(&out, text, strlen(text));
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
conffile_here(const char *file)
{
	char *full = conffile_absolute(xstrdup(file)), *slash = strrchr(full, '/');

	if (slash != NULL)
		slash[slash == full] = '\0';
	return full;
}

/* Where a reading stands. */
struct reading {
	struct ini *ini;
	char *here;
};

/* 0 with *text new, or NULL when the file does not say; -1 with *why new. */
static int
conffile_value(const struct reading *r, const char *section, const char *key, char **text,
    char **why)
{
	const char *value = ini_get(r->ini, section, key);
	char *option;

	*text = NULL;
	if (value == NULL)
		return 0;
	option = xasprintf("%s.%s", section, key);
	*text = conffile_expand(value, r->here, option, why);
	free(option);
	return *text != NULL ? 0 : -1;
}

/* New, or NULL with *why new. */
static char *
conffile_socket(const struct reading *r, char **why)
{
	char *path, *pidfile;

	if (conffile_value(r, supervisord, "control_socket", &path, why) == -1)
		return NULL;
	if (path != NULL)
		return conffile_absolute(path);
	if (conffile_value(r, supervisord, "pidfile", &pidfile, why) == -1)
		return NULL;
	path = xasprintf("%s.ctl", pidfile != NULL ? pidfile : "supervisord.pid");
	free(pidfile);
	return conffile_absolute(path);
}

/* What [supervisorctl] says. 0, or -1 with *why new. */
static int
conffile_client_section(const struct reading *r, struct conffile *c, char **why)
{
	static const char scheme[] = "unix://";
	const struct {
		const char *key;
		char **text;
	} options[] = {
		{ "serverurl", &c->serverurl },
		{ "username", &c->username },
		{ "password", &c->password },
		{ "prompt", &c->prompt },
		{ "history_file", &c->history_file },
	};
	char *path;

	for (size_t i = 0; i < nitems(options); i++)
		if (conffile_value(r, supervisorctl, options[i].key, options[i].text,
		    why) == -1)
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
conffile_take(const struct reading *r, struct conffile *c, char **why)
{
	bool client = ini_has(r->ini, supervisorctl), daemon = ini_has(r->ini, supervisord);
	char *socket_why = NULL, *user_why = NULL;

	if (!client && !daemon) {
		*why = xstrdup(".ini file does not include supervisorctl section");
		return -1;
	}
	if (client && conffile_client_section(r, c, why) == -1)
		return -1;
	if (daemon)
		c->control_socket = conffile_socket(r, &socket_why);
	if (daemon && conffile_value(r, supervisord, "user", &c->user, &user_why) == -1)
		free(user_why);
	/* A name that only the daemon's environment knows: there is the URL. */
	if (c->control_socket == NULL && !client)
		*why = socket_why;
	else
		free(socket_why);
	return c->control_socket != NULL || client ? 0 : -1;
}

enum conffile_status
conffile_read(const char *file, struct conffile *c, char **why)
{
	struct reading r = { .ini = ini_new(), .here = conffile_here(file) };
	enum conffile_status status = CONFFILE_READ;
	struct stat st;

	*c = (struct conffile){ 0 };
	if (ini_read(r.ini, file, file, false, why) == -1) {
		status = errno == EINVAL && *why != NULL ? CONFFILE_MALFORMED :
		    CONFFILE_UNUSABLE;
		if (*why == NULL)
			*why = xasprintf("could not %s config file %s",
			    errno == ENOENT ? "find" : "read", file);
	} else if (conffile_take(&r, c, why) == -1) {
		status = CONFFILE_UNUSABLE;
		conffile_clear(c);
	} else if (stat(file, &st) == 0) {
		c->owner = st.st_uid;
	}
	free(r.here);
	ini_free(r.ini);
	return status;
}

void
conffile_clear(struct conffile *c)
{
	char **all[] = { &c->control_socket, &c->serverurl, &c->username, &c->password,
		&c->prompt, &c->history_file, &c->user };

	for (size_t i = 0; i < nitems(all); i++) {
		if (*all[i] != NULL)
			mem_wipe(*all[i], strlen(*all[i]));
		mem_freep(all[i]);
	}
}
