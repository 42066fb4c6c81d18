#include "master/config/load/check.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/load/load_context.h"
#include "master/config/load/place.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHECK_MAX 100 /* repairs, and so problems that are reported */

/* A reading ends at its first error. The check then repairs that in memory and reads again,
 * until there is no error or one that cannot be repaired. */
struct repair {
	char *section, *key; /* key NULL = the section is removed */
};

struct check {
	FILE *out;
	struct repair repairs[CHECK_MAX];
	size_t count;
	int problems, warnings; /* printed */
};

/* The value that replaces a wrong or missing one; NULL = the option is removed. */
static const char *
check_placeholder(const char *key)
{
	for (size_t i = 0; i < conf_required_count; i++)
		if (str_equal(conf_required[i].key, key))
			return conf_required[i].value;
	return NULL;
}

static void
check_apply_repairs(void *ctx, struct ini *ini)
{
	const struct check *check = ctx;

	for (size_t i = 0; i < check->count; i++) {
		const struct repair *r = &check->repairs[i];
		ini_repair(ini, r->section, r->key, check_placeholder(r->key));
		/* The user is not without a password because the file is wrong. */
		if (str_equal(r->key, "password_file") &&
		    ini_get(ini, r->section, "password") == NULL)
			ini_repair(
			    ini, r->section, "password", check_placeholder("password"));
	}
}

static bool
check_is_repaired(const struct check *check, const char *section, const char *key)
{
	for (size_t i = 0; i < check->count; i++)
		if (str_equal(check->repairs[i].section, section) &&
		    str_equal(check->repairs[i].key, key))
			return true;
	return false;
}

/* Adds a repair of the error: of its option or, if there is one already, of the whole
 * section. False when the error cannot be repaired. */
static bool
check_repair(struct check *check, const struct conf_load *load, const char *key)
{
	const char *section = load->failed_section, *file;
	size_t line;
	bool whole;

	if (section == NULL || check->count == CHECK_MAX)
		return false;
	whole = key == NULL || check_is_repaired(check, section, key) ||
	    (check_placeholder(key) == NULL &&
		!ini_where(load->ini, section, key, &file, &line));
	if (whole &&
	    (strcmp(section, "supervisord") == 0 ||
		check_is_repaired(check, section, NULL)))
		return false;
	check->repairs[check->count++] = (struct repair){ .section = xstrdup(section),
		.key = whole ? NULL : xstrdup(key) };
	return true;
}

/* Prints the error as at a start, except for two texts of supervisord: an unknown or
 * ambiguous member of a group is reported for the group, not for the member before it, and
 * the list of all names that can be expanded is left out. */
static void
check_print_error(const struct check *check, const char *error, const char *section)
{
	static const char list[] = ". Available names: ";
	const char *names = strstr(error, list), *rest;
	const char *member = strstr(error, "] name");

	if (member != NULL && *error == '[' && section != NULL) {
		fprintf(check->out, "[%s%s\n", section, member);
		return;
	}
	if (names == NULL || !str_starts(error, "Format string ")) {
		fprintf(check->out, "%s\n", error);
		return;
	}
	rest = strstr(names, " in section '");
	fprintf(check->out, "%.*s%s%s\n", (int)(names - error), error,
	    strstr(error, " names ('ENV_") != NULL ?
		": the environment has no such variable" :
		"",
	    rest != NULL ? rest : "");
}

/* Whether the error follows from a repair: of the same option, or one that removed a
 * program of a group. */
static bool
check_is_consequence(
    const struct check *check, const struct conf_load *load, const char *key)
{
	const char *error = load->error;

	if (key != NULL && load->failed_section != NULL &&
	    check_is_repaired(check, load->failed_section, key))
		return true;
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

static void
check_print_problem(struct check *check, const struct conf_load *load, const char *key)
{
	char *place;

	if (check_is_consequence(check, load, key))
		return;
	check->problems++;
	if (conf_place_is_useful(load)) {
		place = conf_place(load, load->failed_section, key);
		fprintf(check->out, "%s: ", place);
		free(place);
	}
	check_print_error(check, load->error, load->failed_section);
}

/* Prints the warnings, one that several processes of a section have only once. */
static void
check_print_warnings(struct check *check, const struct config *config)
{
	struct map *printed = map_new();

	mem_must(printed == NULL);
	for (size_t i = 0; i < config->nmessages; i++) {
		const struct config_message *message = &config->messages[i];
		const char *place = message->place != NULL ? message->place : config->file;
		char *line = xasprintf("%s: warning: %s\n", place, message->text);

		if (message->level >= LEVEL_WARN && map_get(printed, line) == NULL) {
			mem_must(map_set(printed, line, printed));
			fputs(line, check->out);
			check->warnings++;
		}
		free(line);
	}
	map_free(printed);
}

/* Reads once; true when the error was repaired, so that another reading is due. */
static bool
check_read_once(struct check *check, const struct arguments *arguments)
{
	struct conf_load load;
	struct config *config;
	const char *key;
	char *error;
	bool again = false;

	conf_load_begin(&load, arguments);
	load.repair = check_apply_repairs;
	load.repair_ctx = check;
	load.checks = true;
	if (conf_load_run(&load) == -1) {
		key = conf_place_key(&load);
		check_print_problem(check, &load, key);
		again = check_repair(check, &load, key);
	} else if (config_pass(load.config, &config, &error) == 0) {
		check_print_warnings(check, config);
		config_free(config);
	} else {
		fprintf(check->out, "%s\n", error);
		free(error);
		check->problems++;
	}
	free(load.error);
	conf_load_end(&load);
	config_free(load.config);
	return again;
}

int
conf_check(const struct arguments *arguments, FILE *out, int *warnings)
{
	struct check check = { .out = out };

	while (check_read_once(&check, arguments))
		continue;
	for (size_t i = 0; i < check.count; i++) {
		free(check.repairs[i].section);
		free(check.repairs[i].key);
	}
	*warnings = check.warnings;
	return check.problems;
}
