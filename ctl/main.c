/* reevectl: supervisorctl's commands over the control socket, or as XML-RPC's client. */
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
	fputs("\nWithout a command a shell is started. `reevectl help COMMAND' tells how "
	      "one is\nused; reevectl(1) has the rest.\n",
	    stdout);
}

/* Prints why nothing is done (taken); the exit status. */
static int
main_refuse(const char *self, int status, char *why)
{
	fprintf(stderr, "Error: %s\n", why);
	if (status == EXIT_INVALID_ARGS)
		fprintf(stderr, "For help, use %s -h\n", self);
	free(why);
	return status;
}

/* "SCHEME:SOMETHING", as Python's urlparse sees it: two slashes alone are nothing. */
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

/* The user, besides root and this one, that may have the password on a Unix socket: the
 * daemon's, if the file belongs to root or this user; else the owner of the file that the
 * password is in. */
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

/* The addresses: -s alone, or those of the file. 0, or -1 with *why new. */
static int
main_find_server(const struct options *o, const struct conffile *conf,
    struct server_where *where, char **why)
{
	char *shown;

	*where = (struct server_where){ .username = o->username != NULL ? o->username :
									  conf->username,
		.password = o->password != NULL ? o->password : conf->password,
		.daemon_uid = main_daemon_user(o, conf) };
	if (o->server == NULL) {
		where->control = conf->control_socket;
		where->url = conf->serverurl;
		if (where->control == NULL && where->url == NULL)
			where->url = "http://localhost:9001";
	} else if (o->server[0] == '/') {
		where->control = o->server;
	} else if (main_is_url(o->server)) {
		where->url = o->server;
	} else {
		shown = str_repr(o->server);
		*why = xasprintf(
		    "invalid value for -s %s: value %s is not a URL", shown, shown);
		free(shown);
		return -1;
	}
	return 0;
}

/* Reads the file that is given or found; "" is none, and none is searched for. 0, or the
 * exit status with *why new. A server that is named needs no file, and `check`, which
 * reports what is wrong with it, has to be reached. */
static int
main_read_configuration(
    const struct options *o, char **argv, char **file, struct conffile *conf, char **why)
{
	bool checks = argv[optind] != NULL && strcmp(argv[optind], "check") == 0;
	enum conffile_status status = CONFFILE_READ;

	*conf = (struct conffile){ 0 };
	if (o->file == NULL)
		*file = conffile_find(argv[0]);
	else
		*file = *o->file != '\0' ? xstrdup(o->file) : NULL;
	if (*file != NULL)
		status = conffile_read(*file, conf, why);
	if (status != CONFFILE_READ && !checks && (o->file != NULL || o->server == NULL))
		return status == CONFFILE_MALFORMED ? EXIT_GENERIC : EXIT_INVALID_ARGS;
	mem_freep(why);
	return EXIT_OK;
}

/* A standard stream that was closed would be the next file or socket that is opened, and
 * what is printed would go there. Nothing can be written to what stands for it. */
static void
main_fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(fd);
}

/* New: the file that history is kept in when none is named, or NULL: where others can put
 * links, or own what we write, nothing is kept. */
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

/* Runs the shell, or the command that the words are; the exit status. */
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

/* With the options and the configuration in hand; the exit status. */
static int
main_serve(
    const struct options *o, const struct conffile *conf, const char *file, char **argv)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool terminal = isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
	struct session s = { .out = stdout, .err = stderr, .file = file,
		.interactive = o->interactive, .terminal = terminal,
		.colour = terminal && (no_color == NULL || *no_color == '\0') };
	struct server_where where;
	char *why = NULL;
	int status;

	if (main_find_server(o, conf, &where, &why) == -1)
		return main_refuse(argv[0], EXIT_INVALID_ARGS, why);
	s.server = server_new(&where);
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
	/* A command that has begun is finished also when the reader of its output goes. */
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
