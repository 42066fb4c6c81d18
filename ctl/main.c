/* reevectl: supervisorctl's commands over the control socket, or as XML-RPC's client. */
#include "common/mem.h"
#include "common/str.h"
#include "ctl/conffile.h"
#include "ctl/session.h"
#include "ctl/shell.h"
#include "ctl/verbs.h"

#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option long_options[] = {
	{ "configuration", required_argument, NULL, 'c' },
	{ "interactive", no_argument, NULL, 'i' },
	{ "serverurl", required_argument, NULL, 's' },
	{ "username", required_argument, NULL, 'u' },
	{ "password", required_argument, NULL, 'p' },
	{ "history_file", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ 0 },
};

static const char help_text[] =
    "usage: reevectl [options] [command [argument ...]]\n"
    "\n"
    "-c/--configuration FILE  supervisord.conf; one is searched for without it\n"
    "-s/--serverurl SERVER    http://HOST:PORT or unix://PATH: speak XML-RPC there;\n"
    "                         /PATH: the control socket there\n"
    "-u/--username NAME       who to be there, when the server wants to know\n"
    "-p/--password WORD       and the password\n"
    "-r/--history_file FILE   keep the shell's history there\n"
    "-i/--interactive         questions may be asked\n"
    "-h/--help                print this and exit\n"
    "-v/--version             print the version and exit\n"
    "\n"
    "Without a command a shell is started. `reevectl help' lists the commands;\n"
    "reevectl(1) has the rest.\n";

struct options { /* borrowed from argv */
	const char *file, *server, *username, *password, *history_file;
	bool interactive, help, version;
};

static int
usage_error(const char *self, const char *why)
{
	fprintf(stderr, "Error: %s\nFor help, use %s -h\n", why, self);
	return 2;
}

static const struct option *
long_of(int letter)
{
	const struct option *o = long_options;

	while (o->name != NULL && o->val != letter)
		o++;
	return o->name != NULL ? o : NULL;
}

/* New: what Python's getopt has against the option that stopped the system's, which said
 * `kind`. */
static char *
option_problem(const char *given, int kind)
{
	const struct option *known = optopt != 0 ? long_of(optopt) : NULL;
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
	for (const struct option *o = long_options; o->name != NULL; o++)
		likely += strncmp(o->name, given + 2, n - 2) == 0;
	return xasprintf("option %.*s not %s", (int)n, given,
	    likely > 1 ? "a unique prefix" : "recognized");
}

/* Where an option's value belongs, or NULL. */
static const char **
value_of(struct options *o, int letter)
{
	return letter == 'c' ? &o->file : letter == 's' ? &o->server :
	    letter == 'u' ? &o->username : letter == 'p' ? &o->password :
	    letter == 'r' ? &o->history_file : NULL;
}

/* False when it had been given before. */
static bool
take_option(struct options *o, int letter)
{
	const char **value = value_of(o, letter);
	bool *flag = letter == 'i' ? &o->interactive : letter == 'h' ? &o->help :
	    &o->version;
	bool fresh = value != NULL ? *value == NULL : !*flag;

	if (value != NULL)
		*value = optarg;
	else
		*flag = true;
	return fresh;
}

/* 0, or -1 with *why new. What cannot be read is told of before what is there twice. */
static int
read_options(int argc, char **argv, struct options *o, char **why)
{
	static const char letters[] = "+:c:is:u:p:r:hv";
	int c, index = -1;

	while ((c = getopt_long(argc, argv, letters, long_options, &index)) != -1) {
		if (c == '?' || c == ':') {
			free(*why);
			*why = option_problem(argv[optind - 1], c);
			return -1;
		}
		if (!take_option(o, c) && *why == NULL && !o->help)
			*why = index == -1 ?
			    xasprintf("conflicting command line option '-%c'", c) :
			    xasprintf("conflicting command line option '--%s'",
			    long_options[index].name);
		index = -1;
	}
	return *why != NULL ? -1 : 0;
}

/* "SCHEME:SOMETHING", as Python's urlparse sees it: two slashes alone are nothing. */
static bool
is_url(const char *text)
{
	size_t n = 0;
	const char *rest;

	while (isalnum((unsigned char)text[n]) || strchr("+-.", text[n] != '\0' ? text[n] :
	    ' ') != NULL)
		n++;
	if (n == 0 || !isalpha((unsigned char)text[0]) || text[n] != ':')
		return false;
	rest = text + n + 1;
	return *(str_starts(rest, "//") ? rest + 2 : rest) != '\0';
}

/* Where to look: -s alone, or what the file says. 0, or -1 with *why new. */
static int
find_server(const struct options *o, const struct conffile *conf,
    struct server_where *where, char **why)
{
	char *shown;

	*where = (struct server_where){ .username = o->username != NULL ? o->username :
	    conf->username, .password = o->password != NULL ? o->password :
	    conf->password };
	if (o->server == NULL) {
		where->control = conf->control_socket;
		where->url = conf->serverurl;
		if (where->control == NULL && where->url == NULL)
			where->url = "http://localhost:9001";
	} else if (o->server[0] == '/') {
		where->control = o->server;
	} else if (is_url(o->server)) {
		where->url = o->server;
	} else {
		shown = str_repr(o->server);
		*why = xasprintf("invalid value for -s %s: value %s is not a URL", shown,
		    shown);
		free(shown);
		return -1;
	}
	return 0;
}

static bool
is_check(const char *command)
{
	return command != NULL && strcmp(command, "check") == 0;
}

/* The file that is given or found; -1 with *why new. A server that is named needs none, and
 * a command that says what is wrong with it has to be reached. */
static int
read_configuration(const struct options *o, char **argv, char **file,
    struct conffile *conf, char **why)
{
	const char *command = argv[optind];

	*conf = (struct conffile){ 0 };
	*file = o->file != NULL ? xstrdup(o->file) : conffile_find(argv[0]);
	if (*file == NULL || conffile_read(*file, conf, why) == 0)
		return 0;
	if (!is_check(command) && (o->file != NULL || o->server == NULL))
		return -1;
	mem_freep(why);
	return 0;
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

static bool
has_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

/* Colours are for terminals that have them and for people who want them. */
static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return has_terminal() && (no == NULL || *no == '\0');
}

/* A standard stream that was closed would be the next file or socket that is opened, and
 * what is printed would go there. Nothing can be written to what stands for it. */
static void
fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int
run(struct session *s, char **words, const char *prompt, const char *history_file)
{
	char *line;
	int status;

	if (words[0] == NULL) {
		s->interactive = true;
		shell_run(s, prompt, history_file);
		return 0;
	}
	line = join(words);
	status = verbs_run(s, line);
	free(line);
	if (fflush(stdout) == EOF || ferror(stdout))
		return 1;
	return status;
}

/* With the options and the configuration in hand; the exit status. */
static int
serve(const struct options *o, const struct conffile *conf, const char *file, char **argv)
{
	struct server_where where;
	struct session s = { .out = stdout, .self = argv[0], .file = file,
		.interactive = o->interactive, .terminal = has_terminal(),
		.colour = wants_colour() };
	char *why = NULL;
	int status;

	if (find_server(o, conf, &where, &why) == -1) {
		status = usage_error(argv[0], why);
		free(why);
		return status;
	}
	s.server = server_new(&where);
	status = run(&s, argv + optind, conf->prompt != NULL ? conf->prompt : "supervisor",
	    o->history_file != NULL ? o->history_file : conf->history_file);
	server_free(s.server);
	return status;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct conffile conf;
	char *file = NULL, *why = NULL;
	int status;

	fill_standard_streams();
	/* What was begun is finished when nobody reads any more what is said of it. */
	signal(SIGPIPE, SIG_IGN);
	if (read_options(argc, argv, &o, &why) == -1) {
		status = usage_error(argv[0], why);
		free(why);
		return status;
	}
	if (o.help || o.version) {
		fputs(o.help ? help_text : REEVE_VERSION "\n", stdout);
		return 0;
	}
	if (read_configuration(&o, argv, &file, &conf, &why) == -1)
		status = usage_error(argv[0], why);
	else
		status = serve(&o, &conf, file, argv);
	conffile_clear(&conf);
	free(file);
	free(why);
	return status;
}
