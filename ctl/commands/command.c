#include "ctl/commands/command.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/check.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/question.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"
#include "ctl/commands/start_stop.h"
#include "ctl/commands/status.h"
#include "ctl/commands/tail.h"
#include "ctl/commands/tail_stream.h"
#include "ctl/commands/update.h"
#include "ctl/commands/watch.h"
#include "ctl/daemon/http_client.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A call that ends or restarts the daemon; true when it was accepted. */
static bool
command_end_daemon(struct session *s, const char *method, int already_status)
{
	struct reply r;
	bool accepted = false;

	if (server_call(s->server, method, NULL, &r) == -1) {
		session_lost(s);
	} else if (r.fault == FAULT_SHUTDOWN_STATE) {
		fputs("ERROR: already shutting down\n", s->out);
		s->status = already_status;
	} else if (r.fault == FAULT_CANT_REREAD) {
		fprintf(s->out, "ERROR: %s\n", r.text);
		s->status = EXIT_GENERIC;
	} else if (r.fault != FAULT_NONE) {
		session_fault(s, r.fault, r.text);
	} else {
		accepted = true;
	}
	reply_clear(&r);
	return accepted;
}

static void
command_report_unanswered(struct session *s)
{
	fputs("error: the input has ended without an answer\n", s->out);
	s->status = EXIT_GENERIC;
}

/* A session that may ask asks; true when it is to be done. */
static bool
command_confirm(struct session *s, const char *question)
{
	bool yes = true;

	if (s->interactive && question_yes(question, &yes) == -1) {
		command_report_unanswered(s);
		yes = false;
	}
	return yes;
}

static void
command_shutdown(struct session *s, const char *args)
{
	char *why;
	enum reach reached;

	if (!session_no_arguments(s, args) ||
	    !command_confirm(s, "Really shut the remote supervisord process down y/N? "))
		return;
	reached = session_try(s, &why);
	if (reached == REACH_NO_FILE || reached == REACH_REFUSED) {
		fprintf(s->out, "ERROR: %s %s (already shut down?)\n",
		    server_url(s->server), reached == REACH_NO_FILE ? "no such file" :
		    "refused connection");
		s->status = EXIT_GENERIC;
	} else if (session_accept(s, reached, why) &&
	    command_end_daemon(s, "daemon.shutdown", EXIT_OK)) {
		fputs("Shut down\n", s->out);
	}
	free(why);
}

static void
command_reload(struct session *s, const char *args)
{
	if (!session_no_arguments(s, args) ||
	    !command_confirm(s, "Really restart the remote supervisord process y/N? "))
		return;
	if (session_reach(s) && command_end_daemon(s, "daemon.restart", EXIT_GENERIC))
		fputs("Restarted supervisord\n", s->out);
}

static void
command_open(struct session *s, const char *args)
{
	int before = s->status;

	if (!http_client_knows(args)) {
		fputs("ERROR: url must be http:// or unix://\n", s->out);
		s->status = EXIT_GENERIC;
		return;
	}
	if (!isatty(STDIN_FILENO)) {
		fprintf(s->out, "ERROR: open is for a terminal; elsewhere -s %s does it\n",
		    args);
		s->status = EXIT_GENERIC;
		return;
	}
	server_move(s->server, args);
	status_run(s, "");
	if (!s->unauthorized)
		s->status = before;
}

static void
command_quit(struct session *s, const char *args)
{
	(void)args;
	fputc('\n', s->out);
	s->leave = true;
}

static void command_help(struct session *, const char *args);

static const struct command commands[] = {
	{ .name = "add", .run = update_add, .about = ADVICE_GROUPS, .help =
	    "add <group>...\t\tActivate groups that the configuration read last has" },
	{ .name = "avail", .run = update_avail, .help =
	    "avail\t\t\tShow every process of the configuration read last" },
	{ .name = "check", .run = check_file, .ours = true, .help =
	    "check [<file>]\t\tTell what is wrong with a configuration file" },
	{ .name = "clear", .run = start_stop_clear, .about = ADVICE_ONE_PROCESS, .help =
	    "clear <name>...\t\tEmpty the logs of the named processes\n"
	    "clear all\t\tEmpty the logs of every process" },
	{ .name = "events", .run = watch_events, .ours = true, .help =
	    "events [--json]\t\tTell of each process that changes its state, until Ctrl-C\n"
	    "events <name>...\tTell of the named processes alone" },
	{ .name = "exit", .run = command_quit, .help = "exit\t\t\tLeave the shell" },
	{ .name = "fg", .run = tail_stream_foreground, .about = ADVICE_ONE_PROCESS, .help =
	    "fg <name>\t\tShow a process's output and type its input; Ctrl-C leaves it" },
	{ .name = "help", .run = command_help, .help =
	    "help\t\t\tList the commands\n"
	    "help <command>\t\tTell how a command is used" },
	{ .name = "maintail", .run = tail_main, .help =
	    "maintail\t\tShow the last 1600 bytes of the daemon's log\n"
	    "maintail -<bytes>\tShow that many\n"
	    "maintail -n <lines>\tShow the last lines\n"
	    "maintail -f\t\tShow it as it grows; Ctrl-C ends it" },
	{ .name = "open", .run = command_open, .help =
	    "open <url>\t\tTurn to another server: http://HOST:PORT or unix://PATH" },
	{ .name = "pid", .run = status_pid, .about = ADVICE_ONE_PROCESS, .help =
	    "pid\t\t\tPrint the pid of the daemon\n"
	    "pid <name>...\t\tPrint the pid of each named process, 0 if it is down\n"
	    "pid all\t\t\tPrint the pid of every process" },
	{ .name = "quit", .run = command_quit, .help = "quit\t\t\tLeave the shell" },
	{ .name = "reload", .run = command_reload, .help =
	    "reload\t\t\tStop everything, read the configuration and start again" },
	{ .name = "remove", .run = update_remove, .about = ADVICE_GROUPS, .help =
	    "remove <group>...\tDeactivate groups whose processes are down" },
	{ .name = "reread", .run = update_reread, .help =
	    "reread\t\t\tRead the configuration and tell what differs" },
	{ .name = "restart", .run = restart_run, .help =
	    "restart <name>...\tStop the named processes, then start them\n"
	    "restart <group>:*\tThe same for all processes of a group\n"
	    "restart all\t\tThe same for every process\n"
	    "The configuration is not read again" },
	{ .name = "shutdown", .run = command_shutdown, .help =
	    "shutdown\t\tStop every process, then the daemon" },
	{ .name = "signal", .run = start_stop_signal, .help =
	    "signal <signal> <name>...\tSend a signal to the named processes\n"
	    "signal <signal> <group>:*\tSend it to all processes of a group\n"
	    "signal <signal> all\t\tSend it to every process" },
	{ .name = "start", .run = start_stop_start, .help =
	    "start <name>...\t\tStart the named processes\n"
	    "start <group>:*\t\tStart all processes of a group\n"
	    "start all\t\tStart every process" },
	{ .name = "status", .run = status_run, .help =
	    "status\t\t\tShow every process\n"
	    "status <name>...\tShow the named processes\n"
	    "status <group>:*\tShow all processes of a group\n"
	    "status --json ...\tShow them as JSON\n"
	    "status --watch ...\tShow them until Ctrl-C" },
	{ .name = "stop", .run = start_stop_stop, .help =
	    "stop <name>...\t\tStop the named processes\n"
	    "stop <group>:*\t\tStop all processes of a group\n"
	    "stop all\t\tStop every process" },
	{ .name = "tail", .run = tail_run, .about = ADVICE_ONE_PROCESS, .help =
	    "tail <name> [stdout|stderr]\t\tShow the last 1600 bytes of a log\n"
	    "tail -<bytes> <name> [stdout|stderr]\tShow that many\n"
	    "tail -n <lines> <name> [stdout|stderr]\tShow the last lines\n"
	    "tail -f <name> [stdout|stderr]\t\tShow it as it grows; Ctrl-C ends it\n"
	    "tail -f <group>:* [stdout|stderr]\tThe same for all processes of a group" },
	{ .name = "update", .run = update_run, .about = ADVICE_GROUPS, .help =
	    "update\t\t\tRead the configuration; add, restart and remove what differs\n"
	    "update all\t\tThe same\n"
	    "update <group>...\tThe same for the named groups\n"
	    "update --dry-run ...\tTell what would be done, and why" },
	{ .name = "version", .run = status_version, .help =
	    "version\t\t\tPrint the version of supervisord that the daemon matches" },
	/* What the end of input stands for. */
	{ .name = "EOF", .run = command_quit, .help = "Ctrl-D leaves the shell" },
};

static bool
command_is_listed(const struct command *command)
{
	return command->run != command_help && strcmp(command->name, "EOF") != 0;
}

const struct command *
command_get(size_t nth)
{
	return nth < nitems(commands) - 1 ? &commands[nth] : NULL;
}

static const struct command *
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
		if (command_is_listed(&commands[i]) && commands[i].ours == ours)
			names[count++] = commands[i].name;
	if (count == 0)
		return;
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

/* Where output is no terminal, supervisorctl's list comes first. */
static void
command_list_all(const struct session *s)
{
	if (!s->terminal) {
		command_list_names(s->out, "default", false);
		command_list_names(s->out, "reeve", true);
		fputs("\nIn one line each:\n", s->out);
	}
	command_list(s->out);
}

/* Says which command the first word of a line is near. */
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
	const struct command *command;

	if (*args == '\0') {
		command_list_all(s);
		return;
	}
	command = command_find(args);
	if (command != NULL) {
		fprintf(s->out, "%s\n", command->help);
		return;
	}
	fprintf(s->out, "*** No help on %s\n", args);
	command_advise(s, args);
}

/* Splits into the command word and the rest, both stripped, in place. No blank need stand
 * between the two: "start*" is start with the name "*". */
static char *
command_split(char *line, char **args, bool *attached)
{
	size_t n = 0;
	char *word;

	while (isalnum((unsigned char)line[n]) || line[n] == '_')
		n++;
	word = xstrndup(line, n);
	*args = str_strip(line + n);
	*attached = *args == line + n;
	return word;
}

static void
command_run_once(struct session *s, const char *line)
{
	char *copy = xstrdup(line), *stripped = str_strip(copy), *args, *word;

	s->status = EXIT_OK;
	s->broken = s->unauthorized = s->attached = s->unreached = false;
	if (*stripped == '?') {
		word = xstrdup("help");
		args = str_strip(stripped + 1);
	} else {
		word = command_split(stripped, &args, &s->attached);
	}
	s->command = command_find(word);
	if (s->command != NULL) {
		s->about = s->command->about;
		s->command->run(s, args);
	} else if (*stripped != '\0') {
		fprintf(s->out, "*** Unknown syntax: %s\n", stripped);
		s->status = EXIT_GENERIC;
		command_advise(s, stripped);
	}
	free(word);
	free(copy);
}

/* Asks as whom to speak to the server; false at the end of input. */
static bool
command_login(struct session *s)
{
	char *username = question_line("Username:"), *password = NULL;
	bool asked;

	if (username != NULL)
		password = question_secret("Password:");
	if (password != NULL) {
		fputc('\n', s->out);
		server_login(s->server, username, password);
		mem_wipe(password, strlen(password));
	} else {
		command_report_unanswered(s);
	}
	asked = password != NULL;
	free(username);
	free(password);
	return asked;
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
