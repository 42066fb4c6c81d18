#include "master/config/arguments.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/options/option_table.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct arguments, member)

/* One option: a flag fills a bool, any other a string. */
struct row {
	char letter;          /* 0 = none */
	const char *name;     /* NULL = none */
	const char *argument; /* NULL = a flag */
	size_t offset;
	const char *help;
};

static const struct row rows[] = {
	{ 'h', "help", NULL, AT(help), "print this text" },
	{ '?', NULL, NULL, AT(help), NULL },
	{ 'c', "configuration", "FILE", AT(configuration),
	    "configuration file; for the default, see reeved(8)" },
	{ 0, "check", "FILE", AT(check),
	    "report mistakes in a configuration file, and exit" },
	{ 'v', "version", NULL, AT(version), "print the version" },
	{ 0, "sample", NULL, AT(sample), "print a sample configuration" },
	/* Used by an upgrade. */
	{ 0, "resume-check", NULL, AT(resume_check), NULL },
	{ 'n', "nodaemon", NULL, AT(nodaemon), "stay in the foreground" },
	{ 'u', "user", "USER", AT(user), "user name or uid to switch to" },
	{ 'm', "umask", "OCTAL", AT(umask), "file creation mask of the daemon (022)" },
	{ 'd', "directory", "DIR", AT(directory), "working directory of the daemon" },
	{ 'l', "logfile", "FILE", AT(logfile), "main log" },
	{ 'y', "logfile_maxbytes", "SIZE", AT(logfile_maxbytes),
	    "size at which the main log is rotated" },
	{ 'z', "logfile_backups", "N", AT(logfile_backups),
	    "rotated main logs that are kept" },
	{ 'e', "loglevel", "LEVEL", AT(loglevel),
	    "critical, error, warn, info, debug, trace or blather" },
	{ 'j', "pidfile", "FILE", AT(pidfile), "file that receives the process id" },
	{ 'i', "identifier", "NAME", AT(identifier), "name of this daemon" },
	{ 'q', "childlogdir", "DIR", AT(childlogdir), "directory of AUTO logs" },
	{ 'a', "minfds", "N", AT(minfds),
	    "limit of open files that the daemon requires" },
	{ 0, "minprocs", "N", AT(minprocs),
	    "limit of processes that the daemon requires" },
	{ 'k', "nocleanup", NULL, AT(nocleanup), "keep AUTO logs of earlier runs" },
	{ 't', "strip_ansi", NULL, AT(strip_ansi),
	    "remove ANSI escape sequences from logs" },
	{ 0, "profile_options", "LIST", AT(profile_options), "accepted and ignored" },
	{ 's', "silent", NULL, AT(silent),
	    "with -n, do not copy the main log to standard output" },
};

/* An option as typed, for errors. */
struct spelled {
	const struct row *row;
	char text[32]; /* "-e", "--loglevel" */
};

/* A pass over the command line. The first pass checks the syntax, the second validates and
 * stores the values, so that an error of syntax is reported before any other. */
struct pass {
	char **argv;
	int argc, at;
	struct arguments *arguments; /* NULL = the first pass */
	char **error;
};

/* -1 with the error. */
static int PRINTF_LIKE(2, 3)
arguments_fail(struct pass *pass, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	*pass->error = xvasprintf(fmt, ap);
	va_end(ap);
	return -1;
}

/* Validates a value by the type of the option of that name in [supervisord]. */
static int
arguments_store(struct pass *pass, const struct spelled *spelled, const char *value)
{
	struct arguments *arguments = pass->arguments;
	const struct row *row = spelled->row;
	const struct conf_option *option = conf_find(&conf_supervisord, row->name);
	char *why = NULL, *shown;
	bool *flag, conflict;
	const char **given;

	if (arguments == NULL || arguments->help || arguments->version)
		return 0;
	flag = (void *)((char *)arguments + row->offset);
	given = (void *)flag;
	if (row->argument == NULL) {
		conflict = *flag && row->offset != offsetof(struct arguments, help);
		*flag = true;
	} else {
		if (option != NULL && (option->flags & CONF_LATE) == 0 &&
		    conf_type_check(option->type, value, &why) == -1) {
			shown = str_repr(value);
			arguments_fail(
			    pass, "invalid value for %s %s: %s", spelled->text, shown, why);
			free(shown);
			free(why);
			return -1;
		}
		conflict = *given != NULL;
		*given = value;
	}
	return !conflict ?
	    0 :
	    arguments_fail(pass, "conflicting command line option '%s'", spelled->text);
}

/* Counts the rows whose names begin with the n bytes; *exact = one name is these bytes. */
static size_t
arguments_find_long(const char *name, size_t n, const struct row **row, bool *exact)
{
	size_t hits = 0;

	*exact = false;
	for (size_t i = 0; i < nitems(rows) && !*exact; i++) {
		if (rows[i].name == NULL || strncmp(rows[i].name, name, n) != 0)
			continue;
		*row = &rows[i];
		hits++;
		*exact = rows[i].name[n] == '\0';
	}
	return hits;
}

static int
arguments_parse_long(struct pass *pass, const char *word)
{
	const char *equals = strchr(word, '='), *value = NULL;
	int n = equals != NULL ? (int)(equals - word) : (int)strlen(word);
	struct spelled spelled = { .row = NULL };
	bool exact;
	size_t hits = arguments_find_long(word, (size_t)n, &spelled.row, &exact);

	if (hits == 0)
		return arguments_fail(pass, "option --%.*s not recognized", n, word);
	if (hits > 1 && !exact)
		return arguments_fail(pass, "option --%.*s not a unique prefix", n, word);
	snprintf(spelled.text, sizeof(spelled.text), "--%s", spelled.row->name);
	if (spelled.row->argument == NULL && equals != NULL)
		return arguments_fail(
		    pass, "option %s must not have an argument", spelled.text);
	if (spelled.row->argument != NULL)
		value = equals != NULL ? equals + 1 : pass->argv[pass->at++];
	if (spelled.row->argument != NULL && value == NULL)
		return arguments_fail(pass, "option %s requires argument", spelled.text);
	return arguments_store(pass, &spelled, value);
}

/* Parses a cluster such as "-nc"; an argument is the rest of it or the next word. */
static int
arguments_parse_short(struct pass *pass, const char *word)
{
	while (*word != '\0') {
		struct spelled spelled = { .row = NULL, .text = { '-', *word } };
		const char *value = NULL;

		for (size_t i = 0; i < nitems(rows); i++)
			if (rows[i].letter == *word)
				spelled.row = &rows[i];
		if (spelled.row == NULL)
			return arguments_fail(pass, "option -%c not recognized", *word);
		word++;
		if (spelled.row->argument != NULL) {
			value = *word != '\0' ? word : pass->argv[pass->at++];
			word = "";
			if (value == NULL)
				return arguments_fail(
				    pass, "option %s requires argument", spelled.text);
		}
		if (arguments_store(pass, &spelled, value) == -1)
			return -1;
	}
	return 0;
}

static int
arguments_positional(struct pass *pass)
{
	char *list = xstrdup(""), *shown;

	for (int i = pass->at; i < pass->argc; i++) {
		shown = str_repr(pass->argv[i]);
		xappendf(&list, "%s%s", i > pass->at ? ", " : "", shown);
		free(shown);
	}
	arguments_fail(pass, "positional arguments are not supported: [%s]", list);
	free(list);
	return -1;
}

static int
arguments_run_pass(struct pass *pass)
{
	int status = 0;

	while (status == 0 && pass->at < pass->argc && pass->argv[pass->at][0] == '-' &&
	    pass->argv[pass->at][1] != '\0') {
		const char *word = pass->argv[pass->at++];

		if (str_equal(word, "--"))
			break;
		status = word[1] == '-' ? arguments_parse_long(pass, word + 2) :
					  arguments_parse_short(pass, word + 1);
	}
	if (status == 0 && pass->at < pass->argc)
		status = arguments_positional(pass);
	return status;
}

const char *
arguments_program(const char *typed, const char *executed)
{
	return strchr(typed, '/') == NULL && executed != NULL &&
		strchr(executed, '/') != NULL ?
	    executed :
	    typed;
}

int
arguments_parse(int argc, char **argv, struct arguments *arguments, char **error)
{
	struct pass words = { .argv = argv, .argc = argc, .at = 1, .error = error };
	struct pass values = { .argv = argv, .argc = argc, .at = 1, .error = error,
		.arguments = arguments };

	*arguments = (struct arguments){ .program = argc > 0 ? argv[0] : "reeved" };
	if (arguments_run_pass(&words) == -1)
		return -1;
	return arguments_run_pass(&values);
}

void
arguments_usage(const struct arguments *arguments)
{
	printf("%s: run programs and keep them running\n\nUsage: %s [options]\n\n",
	    arguments->program, arguments->program);
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct row *row = &rows[i];
		char spelled[64];

		if (row->help == NULL)
			continue;
		snprintf(spelled, sizeof(spelled), "%c%c%s--%s%s%s",
		    row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
		    row->letter ? ", " : "  ", row->name, row->argument != NULL ? " " : "",
		    row->argument != NULL ? row->argument : "");
		printf("  %-28s  %s\n", spelled, row->help);
	}
	printf("\nOptions override the configuration file; see reeve.conf(5).\n");
}

const char *
arguments_value(const struct arguments *arguments, const char *name)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		const char *at = (const char *)arguments + rows[i].offset;

		if (!str_equal(rows[i].name, name))
			continue;
		if (rows[i].argument == NULL)
			return *(const bool *)(const void *)at ? "true" : NULL;
		return *(const char *const *)(const void *)at;
	}
	return NULL;
}
