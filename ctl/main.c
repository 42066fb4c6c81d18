/* reevectl: supervisorctl's commands over the control socket. */
#include "common/mem.h"
#include "common/str.h"
#include "ctl/conffile.h"
#include "ctl/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option long_options[] = {
	{ "configuration", required_argument, NULL, 'c' },
	{ "serverurl", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ 0 },
};

static const char help_text[] =
    "usage: reevectl [-c FILE | -s SOCKET] command [argument ...]\n"
    "\n"
    "-c/--configuration FILE  find the control socket as this supervisord.conf says\n"
    "-s/--serverurl SOCKET    the control socket itself, a path or unix://PATH\n"
    "-h/--help                print this and exit\n"
    "-v/--version             print the version and exit\n"
    "\n"
    "`reevectl help' lists the commands. reevectl(1) has the rest.\n";

static int
usage_error(const char *self, const char *why)
{
	fprintf(stderr, "Error: %s\nFor help, use %s -h\n", why, self);
	return 2;
}

static int
bad_option(char **argv, int kind)
{
	const char *given = argv[optind - 1];
	char *why;
	int status;

	if (optopt != 0 && !str_starts(given, "--"))
		why = xasprintf("option -%c %s", optopt,
		    kind == ':' ? "requires argument" : "not recognized");
	else
		why = xasprintf("option %.*s %s", (int)strcspn(given, "="), given,
		    kind == ':' ? "requires argument" : "not recognized");
	status = usage_error(argv[0], why);
	free(why);
	return status;
}

/* New: the path that -s names, or NULL with *why new. */
static char *
socket_named(const char *given, char **why)
{
	if (str_starts(given, "unix://"))
		return xstrdup(given + strlen("unix://"));
	if (strstr(given, "://") == NULL)
		return xstrdup(given);
	*why = xasprintf("invalid value for -s '%s': not a control socket; "
	    "use supervisorctl for other servers", given);
	return NULL;
}

static char *
socket_configured(const char *file, const char *self, char **why)
{
	char *found = file != NULL ? xstrdup(file) : conffile_find(self, why);
	char *path = found != NULL ? conffile_socket(found, why) : NULL;

	free(found);
	return path;
}

static char *
join(char **words)
{
	char *line = xstrdup(""), *longer;

	for (char **w = words; *w != NULL; w++) {
		longer = xasprintf("%s%s%s", line, w > words ? " " : "", *w);
		free(line);
		line = longer;
	}
	return line;
}

static int
run(const char *path, char **words)
{
	char *line = join(words);
	int status = verbs_run(stdout, path, line);

	free(line);
	if (fflush(stdout) == EOF || ferror(stdout))
		return 1;
	return status;
}

int
main(int argc, char **argv)
{
	const char *file = NULL, *server = NULL;
	char *path, *why = NULL;
	int c, status;

	while ((c = getopt_long(argc, argv, "+:c:s:hv", long_options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help_text, stdout);
			return 0;
		} else if (c == 'v') {
			puts(REEVE_VERSION);
			return 0;
		} else if (c == 'c') {
			file = optarg;
		} else if (c == 's') {
			server = optarg;
		} else {
			return bad_option(argv, c);
		}
	}
	if (optind == argc)
		return usage_error(argv[0], "no command given; try status");
	path = server != NULL ? socket_named(server, &why) :
	    socket_configured(file, argv[0], &why);
	status = path != NULL ? run(path, argv + optind) : usage_error(argv[0], why);
	free(path);
	free(why);
	return status;
}
