#include "ctl/daemon/conffile.h"

#include "common/ini.h"
#include "common/log.h"
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

/* New: the parent of the program's directory, with a slash at its end, or "". A name
 * without a slash was found in PATH: the path of the executed file is used. */
static char *
conffile_top(const char *argv0)
{
	char buf[PATH_MAX] = "", *copy, *slash, *top;

	if (strchr(argv0, '/') == NULL &&
	    readlink("/proc/self/exe", buf, sizeof(buf) - 1) > 0)
		argv0 = buf;
	copy = xstrdup(argv0);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(copy, '/');
		copy[slash == NULL ? 0 : slash == copy ? 1 : slash - copy] = '\0';
	}
	top = xasprintf("%s%s", copy, *copy == '\0' || strcmp(copy, "/") == 0 ? "" : "/");
	free(copy);
	return top;
}

char *
conffile_find(const char *argv0)
{
	static const char own[] = SYSCONFDIR "/reeve/reeved.conf";
	static const char *const names[] = { "etc/supervisord.conf", "supervisord.conf",
		"supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf",
		"/etc/supervisor/supervisord.conf", own };
	char *top = conffile_top(argv0), *found = NULL;

	for (size_t i = 0; i < nitems(names) && found == NULL; i++) {
		found = xasprintf("%s%s", i < 2 ? top : "", names[i]);
		if (access(found, F_OK) == -1)
			mem_freep(&found);
	}
	free(top);
	return found;
}

/* The value of a name of n bytes, or NULL. Borrowed, perhaps from the buffer. */
static const char *
conffile_lookup(const char *name, size_t n, const char *here, char host[HOST_NAME_MAX + 1])
{
	char *key = xstrndup(name, n);
	const char *value = NULL;

	if (strcmp(key, "here") == 0)
		value = here;
	else if (strcmp(key, "host_node_name") == 0 &&
	    gethostname(host, HOST_NAME_MAX + 1) == 0)
		value = host;
	else if (str_starts(key, "ENV_"))
		value = getenv(key + 4);
	free(key);
	return value;
}

char *
conffile_expand(const char *value, const char *here, const char *option, char **why)
{
	char host[HOST_NAME_MAX + 1], *expanded = NULL;
	const char *end, *text, *p;
	size_t n;
	FILE *out = open_memstream(&expanded, &n);

	for (p = value; out != NULL && *p != '\0'; p++) {
		if (*p != '%') {
			fputc(*p, out);
		} else if (p[1] == '%') {
			fputc(*p++, out);
		} else if (p[1] == '(' && (end = strstr(p, ")s")) != NULL &&
		    (text = conffile_lookup(p + 2, (size_t)(end - p) - 2, here, host)) !=
			NULL) {
			fputs(text, out);
			p = end + 1;
		} else {
			break;
		}
	}
	if (out == NULL || fclose(out) == EOF)
		fatal("out of memory for the configuration");
	if (*p == '\0')
		return expanded;
	free(expanded);
	*why = xasprintf("cannot expand '%s' of %s", value, option);
	return NULL;
}

/* New: `path` (taken) absolute and with ~ expanded. */
static char *
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

/* The reading of one file. */
struct reading {
	struct ini *ini;
	char *here;
};

/* 0 with *text new, or NULL if the file does not have the option; -1 with *why new. */
static int
conffile_value(
    const struct reading *r, const char *section, const char *key, char **text, char **why)
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

/* New: the path of the control socket, or NULL with *why new. */
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

/* Reads [supervisorctl]. 0, or -1 with *why new. */
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
		if (conffile_value(
			r, supervisorctl, options[i].key, options[i].text, why) == -1)
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
	/* If the path contains a variable that only the daemon has, the URL is used. */
	if (c->control_socket == NULL && !client)
		*why = socket_why;
	else
		free(socket_why);
	return c->control_socket != NULL || client ? 0 : -1;
}

enum conffile_status
conffile_read(const char *file, struct conffile *c, char **why)
{
	struct reading r = { .ini = ini_new(), .here = conffile_absolute(xstrdup(file)) };
	enum conffile_status status = CONFFILE_READ;
	char *slash = strrchr(r.here, '/');
	struct stat st;

	*c = (struct conffile){ 0 };
	if (slash != NULL)
		slash[slash == r.here] = '\0';
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

	for (size_t i = 0; i < nitems(all); i++)
		mem_wiping_free(*all[i]);
	*c = (struct conffile){ 0 };
}
