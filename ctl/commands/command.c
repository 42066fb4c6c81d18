#include "ctl/commands/command.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/exitcode.h"
#include "ctl/terminal/question.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/daemon/http_client.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
command_open(struct session *s, const char *args)
{
	int before = s->status;

	if (!http_client_supports(args)) {
		session_report(s, EXIT_GENERIC, "ERROR: url must be http:// or unix://");
		return;
	}
	if (!isatty(STDIN_FILENO)) {
		session_report(s, EXIT_GENERIC,
		    "ERROR: open needs a terminal; without one, use the option -s %s",
		    args);
		return;
	}
	server_move(s->server, args);
	status_run(s, "");
	if (!s->unauthorized)
		s->status = before;
}

static void
command_quit(struct session *s, const char *args UNUSED)
{
	fputc('\n', s->out);
	s->leave = true;
}

static void command_help(struct session *, const char *args);

static const struct command commands[] = {
	{ .name = "add", .run = reread_each, .takes = COMMAND_TAKES_NEW_GROUPS, .help =
	    "add <group>...\t\tAdd and start groups of the configuration last read" },
	{ .name = "avail", .run = reread_avail, .help =
	    "avail\t\t\tShow the processes of the configuration last read" },
	{ .name = "check", .run = check_run, .ours = true, .help =
	    "check [<file>]\t\tReport mistakes in a configuration file" },
	{ .name = "clear", .run = start_stop_run, .takes = COMMAND_TAKES_ONE_PROCESS,
	    .always = "all", .help =
	    "clear <name>...\t\tEmpty the logs of the named processes\n"
	    "clear all\t\tEmpty the logs of every running process" },
	{ .name = "events", .run = events_run, .ours = true,
	    .takes = COMMAND_TAKES_PROCESSES, .first = "--json", .help =
	    "events [--json]\t\tPrint each change of a process's state, until Ctrl-C\n"
	    "events <name>...\tPrint only those of the named processes" },
	{ .name = "exit", .run = command_quit, .help = "exit\t\t\tLeave the shell" },
	{ .name = "fg", .run = foreground_run, .takes = COMMAND_TAKES_ONE_PROCESS, .help =
	    "fg <name>\t\tShow a process's output and send it input, until Ctrl-C" },
	{ .name = "help", .run = command_help, .help =
	    "help\t\t\tList the commands\n"
	    "help <command>\t\tDescribe a command" },
	{ .name = "maintail", .run = tail_run, .first = "-f -n", .help =
	    "maintail\t\tShow the last 1600 bytes of the daemon's log\n"
	    "maintail -<bytes>\tShow the last <bytes> bytes\n"
	    "maintail -n <lines>\tShow the last <lines> lines\n"
	    "maintail -f\t\tShow new output as it is written, until Ctrl-C" },
	{ .name = "open", .run = command_open, .help =
	    "open <url>\t\tConnect to another server: http://HOST:PORT or unix://PATH" },
	{ .name = "passwd", .run = passwd_run, .ours = true, .first = "--method", .help =
	    "passwd [<user>]\t\tMake the hash of a password, for a [user:NAME] section\n"
	    "passwd --method <method> ...\t"
	    "Make it with yescrypt (default) or sha512crypt" },
	{ .name = "pid", .run = status_pid, .takes = COMMAND_TAKES_ONE_PROCESS,
	    .always = "all", .help =
	    "pid\t\t\tPrint the pid of the daemon\n"
	    "pid <name>...\t\tPrint the pid of each named process, 0 if it does not run\n"
	    "pid all\t\t\tPrint the pid of every process" },
	{ .name = "quit", .run = command_quit, .help = "quit\t\t\tLeave the shell" },
	{ .name = "reload", .run = shutdown_reload, .help =
	    "reload\t\t\tRestart the daemon and all processes with the new configuration" },
	{ .name = "remove", .run = reread_each, .takes = COMMAND_TAKES_GROUPS, .help =
	    "remove <group>...\tRemove groups whose processes are all stopped" },
	{ .name = "reread", .run = reread_run, .help =
	    "reread\t\t\tRead the configuration and show which groups have changed" },
	{ .name = "restart", .run = restart_run, .takes = COMMAND_TAKES_PROCESSES,
	    .always = "all", .help =
	    "restart <name>...\tStop the named processes, then start them\n"
	    "restart <group>:*\tRestart all processes of a group\n"
	    "restart all\t\tRestart every process\n"
	    "The configuration is not read again; see update" },
	{ .name = "shutdown", .run = shutdown_run, .help =
	    "shutdown\t\tStop every process, then the daemon" },
	{ .name = "signal", .run = start_stop_run, .takes = COMMAND_TAKES_SIGNAL,
	    .always = "all", .help =
	    "signal <signal> <name>...\tSend a signal to the named processes\n"
	    "signal <signal> <group>:*\tSend it to all processes of a group\n"
	    "signal <signal> all\t\tSend it to every process" },
	{ .name = "start", .run = start_stop_run, .takes = COMMAND_TAKES_PROCESSES,
	    .always = "all", .help =
	    "start <name>...\t\tStart the named processes\n"
	    "start <group>:*\t\tStart all processes of a group\n"
	    "start all\t\tStart every process" },
	{ .name = "status", .run = status_run, .takes = COMMAND_TAKES_PROCESSES,
	    .first = "--json --watch", .help =
	    "status\t\t\tShow every process\n"
	    "status <name>...\tShow the named processes\n"
	    "status <group>:*\tShow all processes of a group\n"
	    "status --json ...\tPrint an array of JSON objects\n"
	    "status --watch ...\tShow the list again at every change, with CPU time and\n"
	    "\t\t\tmemory on a terminal, until Ctrl-C" },
	{ .name = "stop", .run = start_stop_run, .takes = COMMAND_TAKES_PROCESSES,
	    .always = "all", .help =
	    "stop <name>...\t\tStop the named processes\n"
	    "stop <group>:*\t\tStop all processes of a group\n"
	    "stop all\t\tStop every process" },
	{ .name = "tail", .run = tail_run, .takes = COMMAND_TAKES_ONE_PROCESS,
	    .first = "-f -n", .always = "stdout stderr", .help =
	    "tail <name> [stdout|stderr]\t\tShow the last 1600 bytes of a log\n"
	    "tail -<bytes> <name> [stdout|stderr]\tShow the last <bytes> bytes\n"
	    "tail -n <lines> <name> [stdout|stderr]\tShow the last <lines> lines\n"
	    "tail -f <name> [stdout|stderr]\t\tShow new output as it is written, until "
	    "Ctrl-C\n"
	    "tail -f <group>:* [stdout|stderr]\tThe same for all processes of a group" },
	{ .name = "update", .run = update_run, .takes = COMMAND_TAKES_GROUPS,
	    .first = "--dry-run", .always = "all", .help =
	    "update\t\t\tRead the configuration; add, restart or remove changed groups\n"
	    "update all\t\tThe same as update without a name\n"
	    "update <group>...\tDo this for the named groups only\n"
	    "update --dry-run ...\tPrint what update would do, and why" },
	{ .name = "upgrade", .run = upgrade_run, .ours = true, .help =
	    "upgrade\t\t\tReplace the daemon by the installed version; programs run on" },
	{ .name = "version", .run = upgrade_version, .first = "all", .help =
	    "version\t\t\tPrint the version of supervisord that the daemon is compatible "
	    "with\n"
	    "version all\t\tPrint also the versions of reeve that run and are installed" },
	/* Runs at the end of input. */
	{ .name = "EOF", .run = command_quit, .help = "Ctrl-D leaves the shell" },
};

const struct command *
command_get(size_t nth)
{
	return nth < nitems(commands) - 1 ? &commands[nth] : NULL;
}

const struct command *
command_find(const char *name)
{
	for (size_t i = 0; i < nitems(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void
command_list_names(FILE *out, const char *title, bool ours)
{
	const char *names[nitems(commands)];
	size_t count = 0;
	int length;

	for (size_t i = 0; i < nitems(commands); i++)
		if (commands[i].ours == ours && commands[i].run != command_help &&
		    strcmp(commands[i].name, "EOF") != 0)
			names[count++] = commands[i].name;
	length = fprintf(out, "\n%s commands (type help <topic>):\n", title) - 2;
	for (int i = 0; i < length; i++)
		fputc('=', out);
	fputc('\n', out);
	show_columns(out, names, count);
	fputc('\n', out);
}

void
command_list(FILE *out)
{
	const struct command *command;

	for (size_t i = 0; (command = command_get(i)) != NULL; i++) {
		const char *summary = strchr(command->help, '\t');

		summary += strspn(summary, "\t");
		fprintf(out, "  %-9s %.*s\n", command->name, (int)strcspn(summary, "\n"),
		    summary);
	}
}

/* Prints which command is most similar to the first word of a line. */
static void
command_advise(struct session *s, const char *line)
{
	char *word = xstrndup(line, strcspn(line, " \t")), *meant;
	struct words known = { 0 };
	const struct command *command;

	for (size_t i = 0; (command = command_get(i)) != NULL; i++)
		words_add(&known, command->name);
	meant = advice_nearest(word, &known);
	fflush(s->out);
	if (s->err != NULL && meant != NULL)
		fprintf(s->err, "did you mean %s?\n", meant);
	else if (s->err != NULL)
		fputs("help lists the commands\n", s->err);
	words_clear(&known);
	free(meant);
	free(word);
}

static void
command_help(struct session *s, const char *args)
{
	const struct command *command = command_find(args);

	if (*args == '\0') {
		/* If output is not a terminal, supervisorctl's list comes first. */
		if (!s->terminal) {
			command_list_names(s->out, "default", false);
			command_list_names(s->out, "reeve", true);
			fputs("\nWhat each command does:\n", s->out);
		}
		command_list(s->out);
	} else if (command != NULL) {
		fprintf(s->out, "%s\n", command->help);
	} else {
		fprintf(s->out, "*** No help on %s\n", args);
		command_advise(s, args);
	}
}

/* Runs the command word with the rest of the line, both stripped. A blank between them is
 * not necessary: "start*" is start with the name "*". */
static void
command_run_once(struct session *s, const char *line)
{
	char *copy = xstrdup(line), *stripped = str_strip(copy), *args = stripped, *word;

	while (isalnum((unsigned char)*args) || *args == '_')
		args++;
	word = *stripped == '?' ? xstrdup("help") :
				  xstrndup(stripped, (size_t)(args - stripped));
	line = args;
	args = str_strip(*stripped == '?' ? stripped + 1 : args);
	s->status = EXIT_OK;
	s->broken = s->unauthorized = s->unreached = false;
	s->attached = args == line;
	s->command = command_find(word);
	if (s->command != NULL) {
		s->about = s->command->takes >= COMMAND_TAKES_GROUPS ? ADVICE_GROUPS :
		    s->command->takes == COMMAND_TAKES_ONE_PROCESS   ? ADVICE_ONE_PROCESS :
								       ADVICE_PROCESSES;
		s->command->run(s, args);
	} else if (*stripped != '\0') {
		session_report(s, EXIT_GENERIC, "*** Unknown syntax: %s", stripped);
		command_advise(s, stripped);
	}
	free(word);
	free(copy);
}

/* Prompts for the user name and the password; false at the end of input. */
static bool
command_login(struct session *s)
{
	char *username = question_line(stdout, "Username:", NULL);
	char *password =
	    username != NULL ? question_secret(stdout, "Password:", NULL) : NULL;
	bool answered = password != NULL;

	if (answered) {
		fputc('\n', s->out);
		server_login(s->server, username, password);
	} else {
		session_report(s, EXIT_GENERIC, "error: the input ended without an answer");
	}
	free(username);
	mem_wiping_free(password);
	return answered;
}

int
command_run(struct session *s, const char *line)
{
	command_run_once(s, line);
	while (s->unauthorized && s->interactive && command_login(s))
		command_run_once(s, line);
	session_advise(s);
	fflush(s->out);
	return s->status;
}
