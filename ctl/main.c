/* reevectl: supervisorctl's commands over the control socket or XML-RPC. */
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/daemon/conffile.h"
#include "ctl/options.h"
#include "ctl/shell/shell.h"

#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
main_print_help(void)
{
	fputs("usage: reevectl [options] [command [argument ...]]\n\n", stdout);
	options_help(stdout);
	fputs("\ncommands:\n", stdout);
	command_list(stdout);
	fputs("\nWithout a command, reevectl starts a shell. `reevectl help COMMAND' "
	      "describes a\ncommand; see also reevectl(1).\n",
	    stdout);
}

/* Prints the reason (taken) and returns the exit status. */
static int
main_refuse(const char *self, int status, char *why)
{
	fprintf(stderr, "Error: %s\n", why);
	if (status == EXIT_INVALID_ARGS)
		fprintf(stderr, "For help, use %s -h\n", self);
	free(why);
	return status;
}

/* Whether the text is "SCHEME:REST" for Python's urlparse, to which "//" is no rest. */
static bool
main_is_url(const char *text)
{
	size_t n = 0;
	const char *rest;

	while (isalnum((unsigned char)text[n]) ||
	    strchr("+-.", text[n] != '\0' ? text[n] : ' ') != NULL)
		n++;
	if (n == 0 || !isalpha((unsigned char)text[0]) || text[n] != ':')
		return false;
	rest = text + n + 1;
	return *(str_starts(rest, "//") ? rest + 2 : rest) != '\0';
}

/* The user, besides root and this user, to whose server the password may be sent on a Unix
 * socket: the configured user of the daemon, if the file belongs to root or this user; else
 * the owner of the file, if the password is from the file. */
static uid_t
main_daemon_user(const struct options *o, const struct conffile *conf)
{
	const struct passwd *entry;
	int64_t number;

	if (conf->owner != 0 && conf->owner != geteuid())
		return o->password == NULL ? conf->owner : 0;
	if (conf->user == NULL)
		return 0;
	if (str_to_int(conf->user, &number) == 0)
		return (uid_t)number;
	entry = getpwnam(conf->user);
	return entry != NULL ? entry->pw_uid : 0;
}

/* Fills in the addresses: that of -s, or those of the file. 0, or -1 with *why new. */
static int
main_find_server(const struct options *o, const struct conffile *conf,
    struct server_address *address, char **why)
{
	char *shown;

	*address =
	    (struct server_address){ .username =
					 o->username != NULL ? o->username : conf->username,
		    .password = o->password != NULL ? o->password : conf->password,
		    .daemon_uid = main_daemon_user(o, conf) };
	if (o->server == NULL) {
		address->control = conf->control_socket;
		address->url = conf->serverurl;
		if (address->control == NULL && address->url == NULL)
			address->url = "http://localhost:9001";
	} else if (o->server[0] == '/') {
		address->control = o->server;
	} else if (main_is_url(o->server)) {
		address->url = o->server;
	} else {
		shown = str_repr(o->server);
		*why = xasprintf(
		    "invalid value for -s %s: value %s is not a URL", shown, shown);
		free(shown);
		return -1;
	}
	return 0;
}

/* Reads the file of -c ("" = none) or searches for one. 0, or the exit status with *why
 * new. A file that cannot be read is an error unless -s names the server, or the command is
 * `check`, which reports what is wrong with the file, or `passwd`, which needs none. */
static int
main_read_configuration(
    const struct options *o, char **argv, char **file, struct conffile *conf, char **why)
{
	const char *command = argv[optind] != NULL ? argv[optind] : "";
	bool needs = strcmp(command, "check") != 0 && strcmp(command, "passwd") != 0;
	enum conffile_status status = CONFFILE_READ;

	*conf = (struct conffile){ 0 };
	if (o->file == NULL)
		*file = conffile_find(argv[0]);
	else
		*file = *o->file != '\0' ? xstrdup(o->file) : NULL;
	if (*file != NULL)
		status = conffile_read(*file, conf, why);
	if (status != CONFFILE_READ && needs && (o->file != NULL || o->server == NULL))
		return status == CONFFILE_MALFORMED ? EXIT_GENERIC : EXIT_INVALID_ARGS;
	mem_freep(why);
	return EXIT_OK;
}

/* Opens /dev/null for closed standard streams: else the next file or socket would get the
 * number of such a stream, and with it the output. */
static void
main_fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(fd);
}

/* New: the default file of the history, or NULL if the home directory belongs to another
 * user or others can write it. */
static char *
main_default_history(void)
{
	const char *home = getenv("HOME");
	struct stat st;

	if (home == NULL || *home != '/' || stat(home, &st) == -1 ||
	    st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return NULL;
	return xasprintf("%s/.reevectl_history", home);
}

/* Runs the shell, or the command in the words; returns the exit status. */
static int
main_run(struct session *s, char **words, const char *prompt, const char *history_file)
{
	struct words all = { 0 };
	char *text;
	int status = 0;

	if (words[0] == NULL) {
		text =
		    history_file != NULL ? xstrdup(history_file) : main_default_history();
		s->interactive = true;
		shell_run(s, prompt, text);
	} else {
		for (; *words != NULL; words++)
			words_add(&all, *words);
		text = words_join(&all, 0, all.count, " ");
		status = command_run(s, text);
		if (fflush(stdout) == EOF || ferror(stdout))
			status = 1;
	}
	words_clear(&all);
	free(text);
	return status;
}

/* Runs a session with these options and this configuration; returns the exit status. */
static int
main_serve(
    const struct options *o, const struct conffile *conf, const char *file, char **argv)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool terminal = isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
	struct session s = { .out = stdout, .err = stderr, .file = file,
		.interactive = o->interactive, .terminal = terminal,
		.colour = terminal && (no_color == NULL || *no_color == '\0') };
	struct server_address address;
	char *why = NULL;
	int status;

	if (main_find_server(o, conf, &address, &why) == -1)
		return main_refuse(argv[0], EXIT_INVALID_ARGS, why);
	s.server = server_new(&address);
	status = main_run(&s, argv + optind, conf->prompt,
	    o->history_file != NULL ? o->history_file : conf->history_file);
	server_free(s.server);
	return status;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct conffile conf;
	char *file = NULL, *why = NULL;
	int status;

	main_fill_standard_streams();
	/* A command is completed even if the reader of its output is gone. */
	signal(SIGPIPE, SIG_IGN);
	if (options_read(argc, argv, &o, &why) == -1)
		return main_refuse(argv[0], EXIT_INVALID_ARGS, why);
	if (o.help || o.version) {
		if (o.help)
			main_print_help();
		else
			puts(REEVE_VERSION);
		return 0;
	}
	status = main_read_configuration(&o, argv, &file, &conf, &why);
	if (status != EXIT_OK)
		status = main_refuse(argv[0], status, why);
	else
		status = main_serve(&o, &conf, file, argv);
	conffile_clear(&conf);
	free(file);
	return status;
}
