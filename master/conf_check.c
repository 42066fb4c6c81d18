#include "master/conf_check.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/conf_load.h"
#include "master/conf_place.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_MAX 100	/* problems that are told */

/* Reading ends at the first error. So it is mended in memory, and all is read again, until
 * nothing is wrong any more or what is cannot be mended. */
struct repair {
	char *section, *key;	/* key NULL: the section is left out */
};

struct check {
	FILE *out;
	struct repair repairs[CHECK_MAX];
	size_t count;
};

/* What a value that is wrong, or missing, is mended to; others are left out. */
static const struct {
	const char *key, *text;
} placeholders[] = {
	{ "command", "/bin/true" },
	{ "events", "EVENT" },
	{ "file", "/tmp/socket" },
	{ "password", "x" },
	{ "port", "9001" },
	{ "process_name", "%(program_name)s_%(process_num)s" },
	{ "socket", "unix:///tmp/socket" },
	{ "username", "x" },
};

static const char *
placeholder(const char *key)
{
	for (size_t i = 0; i < nitems(placeholders); i++)
		if (strcmp(placeholders[i].key, key) == 0)
			return placeholders[i].text;
	return NULL;
}

static void
mend(void *ctx, struct ini *ini)
{
	const struct check *check = ctx;

	for (size_t i = 0; i < check->count; i++) {
		const struct repair *r = &check->repairs[i];
		ini_repair(ini, r->section, r->key, r->key != NULL ? placeholder(r->key) :
		    NULL);
	}
}

static void
print_place(const struct check *check, const struct conf_load *load, const char *section,
    const char *key)
{
	char *place = conf_place(load, section, key);

	fprintf(check->out, "%s: ", place);
	free(place);
}

static bool
is_mended(const struct check *check, const char *section, const char *key)
{
	for (size_t i = 0; i < check->count; i++)
		if (str_equal(check->repairs[i].section, section) &&
		    str_equal(check->repairs[i].key, key))
			return true;
	return false;
}

/* Mends what was wrong: the option, or once that did not help the whole section. False
 * when nothing can be done. */
static bool
repair(struct check *check, const struct conf_load *load, const char *key)
{
	const char *section = load->failed_section, *file;
	size_t line;
	bool whole;

	if (section == NULL || check->count == CHECK_MAX)
		return false;
	whole = key == NULL || is_mended(check, section, key) ||
	    (placeholder(key) == NULL && !ini_where(load->ini, section, key, &file, &line));
	if (whole && (strcmp(section, "supervisord") == 0 ||
	    is_mended(check, section, NULL)))
		return false;
	check->repairs[check->count++] = (struct repair){ .section = xstrdup(section),
		.key = whole ? NULL : xstrdup(key) };
	return true;
}

/* A group that misses a program is no problem of its own when it was left out here. */
static bool
is_consequence(const struct check *check, const char *error)
{
	if (strstr(error, "names unknown program") == NULL)
		return false;
	for (size_t i = 0; i < check->count; i++) {
		const struct repair *r = &check->repairs[i];
		const char *name = strchr(r->section, ':'), *last = strrchr(error, ' ');

		if (r->key == NULL && name != NULL && last != NULL &&
		    strcmp(name + 1, last + 1) == 0)
			return true;
	}
	return false;
}

/* --- what is no error but looks wrong --- */

/* Which options a kind of section has; "x" means any section whose name begins so. */
static const struct {
	const char *kind;	/* ends with ':' where a name follows */
	const struct conf_section *tables[3];
	bool any;		/* its options are not ours to know */
} kinds[] = {
	{ "supervisord", { &conf_supervisord }, false },
	{ "inet_http_server", { &conf_inet_server }, false },
	{ "unix_http_server", { &conf_unix_server }, false },
	{ "program:", { &conf_program }, false },
	{ "group:", { &conf_group }, false },
	{ "eventlistener:", { &conf_listener_pool, &conf_program }, false },
	{ "fcgi-program:", { &conf_fcgi, &conf_program }, false },
	{ "include", { NULL }, true },
	{ "supervisorctl", { NULL }, true },
	{ "rpcinterface:", { NULL }, true },
	{ "ctlplugin:", { NULL }, true },
};

static void
check_options(const struct check *check, const struct conf_load *load, const char *section,
    size_t kind)
{
	const char *key, *file;
	size_t cursor = 0, line;

	while (ini_next_value(load->ini, section, &cursor, &key) != NULL) {
		bool known = !ini_where(load->ini, section, key, &file, &line);

		for (size_t i = 0; kinds[kind].tables[i] != NULL && !known; i++)
			known = conf_find(kinds[kind].tables[i], key) != NULL;
		if (known)
			continue;
		print_place(check, load, section, key);
		fprintf(check->out, "warning: [%s] has no option %s\n", section, key);
	}
}

static void
check_section(const struct check *check, const struct conf_load *load, const char *section)
{
	for (size_t i = 0; i < nitems(kinds); i++)
		if (str_starts(section, kinds[i].kind)) {
			if (!kinds[i].any)
				check_options(check, load, section, i);
			return;
		}
	print_place(check, load, section, NULL);
	fprintf(check->out, "warning: [%s] is no section that means anything\n", section);
}

static void
print_warnings(const struct check *check, const struct conf_load *load)
{
	const struct config *config = load->config;
	const char *section;
	size_t cursor = 0;

	while ((section = ini_next(load->ini, &cursor)) != NULL)
		check_section(check, load, section);
	for (size_t i = 0; i < config->nmessages; i++)
		if (config->messages[i].level >= LEVEL_WARN)
			fprintf(check->out, "%s: warning: %s\n", config->file,
			    config->messages[i].text);
}

/* --- the whole --- */

/* One reading; true when another one is due. */
static bool
read_once(struct check *check, const struct options *options, int *problems)
{
	struct conf_load load;
	const char *key;
	bool again = false;

	conf_load_begin(&load, options);
	load.mend = mend;
	load.mend_ctx = check;
	if (conf_load_run(&load) == 0) {
		print_warnings(check, &load);
	} else {
		key = conf_place_blamed(&load);
		if (!is_consequence(check, load.error) &&
		    !(key != NULL && load.failed_section != NULL &&
		        is_mended(check, load.failed_section, key))) {
			if (conf_place_helps(&load))
				print_place(check, &load, load.failed_section, key);
			fprintf(check->out, "%s\n", load.error);
			++*problems;
		}
		again = repair(check, &load, key);
	}
	free(load.error);
	conf_load_end(&load);
	config_free(load.config);
	return again;
}

int
conf_check(const struct options *options, FILE *out)
{
	struct check check = { .out = out };
	int problems = 0;

	while (read_once(&check, options, &problems))
		;
	for (size_t i = 0; i < check.count; i++) {
		free(check.repairs[i].section);
		free(check.repairs[i].key);
	}
	return problems;
}
