#include "ctl/options.h"

#include "common/mem.h"
#include "common/str.h"

#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct options, member)
#define HELP_WIDTH 25

/* One option: a flag fills a bool, any other a string. */
static const struct row {
	char letter;
	const char *name;
	const char *argument;	/* NULL = a flag */
	size_t offset;
	const char *help;
} rows[] = {
	{ 'c', "configuration", "FILE", AT(file),
	    "configuration file (default: search the usual places)" },
	{ 's', "serverurl", "SERVER", AT(server),
	    "http://HOST:PORT or unix://PATH: connect with XML-RPC;\n"
	    "/PATH: connect to this control socket" },
	{ 'u', "username", "NAME", AT(username),
	    "user name for the server" },
	{ 'p', "password", "WORD", AT(password), "password for the server" },
	{ 'r', "history_file", "FILE", AT(history_file),
	    "history file of the shell\n(default: ~/.reevectl_history)" },
	{ 'i', "interactive", NULL, AT(interactive),
	    "ask for confirmation, user name and password" },
	{ 'h', "help", NULL, AT(help), "print this and exit" },
	{ 'v', "version", NULL, AT(version), "print the version and exit" },
};

static const struct row *
options_row(int letter)
{
	for (size_t i = 0; i < nitems(rows); i++)
		if (rows[i].letter == letter)
			return &rows[i];
	return NULL;
}

/* The options in the form of getopt_long: '+' stops at the command, ':' distinguishes a
 * missing argument from an unknown option. */
struct spelling {
	char letters[2 + 2 * nitems(rows) + 1];
	struct option names[nitems(rows) + 1];
};

static void
options_spell(struct spelling *s)
{
	char *letter;

	*s = (struct spelling){ 0 };
	letter = stpcpy(s->letters, "+:");
	for (size_t i = 0; i < nitems(rows); i++) {
		bool argument = rows[i].argument != NULL;

		*letter++ = rows[i].letter;
		if (argument)
			*letter++ = ':';
		s->names[i] = (struct option){ .name = rows[i].name,
			.val = rows[i].letter,
			.has_arg = argument ? required_argument : no_argument };
	}
}

/* New: the error text of Python's getopt for the option at which getopt_long failed with
 * this return value. */
static char *
options_problem(const char *given, int kind)
{
	const struct row *known = optopt != 0 ? options_row(optopt) : NULL;
	size_t n = strcspn(given, "="), likely = 0;
	bool is_long = str_starts(given, "--");

	if (kind == ':' && is_long && known != NULL)
		return xasprintf("option --%s requires argument", known->name);
	if (kind == ':')
		return xasprintf("option -%c requires argument", optopt);
	if (known != NULL)
		return xasprintf("option --%s must not have an argument", known->name);
	if (optopt != 0)
		return xasprintf("option -%c not recognized", optopt);
	for (size_t i = 0; i < nitems(rows); i++)
		likely += strncmp(rows[i].name, given + 2, n - 2) == 0;
	return xasprintf("option %.*s not %s", (int)n, given,
	    likely > 1 ? "a unique prefix" : "recognized");
}

/* Stores an option; false if it was set before. */
static bool
options_take(struct options *o, const struct row *row)
{
	void *slot = (char *)o + row->offset;
	const char **value = slot;
	bool *flag = slot, fresh = row->argument == NULL ? !*flag : *value == NULL;

	if (row->argument == NULL)
		*flag = true;
	else
		*value = optarg;
	return fresh;
}

/* An invalid option is reported rather than one that is set twice. */
int
options_read(int argc, char **argv, struct options *o, char **why)
{
	struct spelling s;
	int c, index = -1;

	*o = (struct options){ 0 };
	*why = NULL;
	options_spell(&s);
	while ((c = getopt_long(argc, argv, s.letters, s.names, &index)) != -1) {
		if (c == '?' || c == ':') {
			free(*why);
			*why = options_problem(argv[optind - 1], c);
			return -1;
		}
		if (!options_take(o, options_row(c)) && *why == NULL && !o->help)
			*why = index == -1 ?
			    xasprintf("conflicting command line option '-%c'", c) :
			    xasprintf(
				"conflicting command line option '--%s'", rows[index].name);
		index = -1;
	}
	return *why != NULL ? -1 : 0;
}

void
options_help(FILE *out)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		const char *argument = rows[i].argument, *help = rows[i].help;
		int n = fprintf(out, "-%c/--%s%s%s", rows[i].letter, rows[i].name,
		    argument != NULL ? " " : "", argument != NULL ? argument : "");

		fprintf(out, "%*s", HELP_WIDTH - n, "");
		for (; *help != '\0'; help++) {
			fputc(*help, out);
			if (*help == '\n')
				fprintf(out, "%*s", HELP_WIDTH, "");
		}
		fputc('\n', out);
	}
}
