#include "ctl/verbs.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/operate.h"
#include "ctl/query.h"
#include "ctl/session.h"
#include "ctl/show.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The server version that supervisorctl's users know: the one that reeve matches. */
#define VERBS_MATCHED_VERSION "4.2.5"

static const struct verb *verb_find(const char *name);

static bool
no_arguments(struct session *s, const char *args)
{
	if (*args == '\0')
		return true;
	session_misused(s, "accepts no arguments", EXIT_GENERIC);
	return false;
}

/* A call that ends or restarts the daemon; true when it was accepted. */
static bool
end_daemon(struct session *s, const char *method, int already_status)
{
	struct answer a = { 0 };
	bool accepted = false;

	if (client_call(s->client, method, NULL, &a) == -1) {
		session_lost(s);
	} else if (a.fault == FAULT_SHUTDOWN_STATE) {
		fputs("ERROR: already shutting down\n", s->out);
		s->status = already_status;
	} else if (a.fault != FAULT_NONE) {
		session_fault(s, a.fault, a.text);
	} else {
		accepted = true;
	}
	answer_clear(&a);
	return accepted;
}

static void
verb_shutdown(struct session *s, const char *args)
{
	char *why = NULL;
	enum client_status status;

	if (!no_arguments(s, args))
		return;
	status = session_try(s, &why);
	if (status == CLIENT_FAILED) {
		session_error(s, why);
	} else if (status != CLIENT_OK) {
		fprintf(s->out, "ERROR: unix://%s %s (already shut down?)\n", s->path,
		    status == CLIENT_NO_FILE ? "no such file" : "refused connection");
		s->status = EXIT_GENERIC;
	} else if (end_daemon(s, "daemon.shutdown", EXIT_OK)) {
		fputs("Shut down\n", s->out);
	}
	free(why);
}

static void
verb_reload(struct session *s, const char *args)
{
	char *why = NULL;

	if (!no_arguments(s, args))
		return;
	if (session_try(s, &why) != CLIENT_OK)
		session_error(s, why);
	else if (end_daemon(s, "daemon.restart", EXIT_GENERIC))
		fputs("Restarted supervisord\n", s->out);
	free(why);
}

static void
verb_version(struct session *s, const char *args)
{
	if (no_arguments(s, args) && session_connect(s))
		fputs(VERBS_MATCHED_VERSION "\n", s->out);
}

static void verb_help(struct session *, const char *args);

static const struct verb verbs[] = {
	{ "help", verb_help,
	    "help\t\t\tList the commands\n"
	    "help <command>\t\tTell how a command is used" },
	{ "pid", query_pid,
	    "pid\t\t\tPrint the pid of the daemon\n"
	    "pid <name>...\t\tPrint the pid of each named process, 0 if it is down\n"
	    "pid all\t\t\tPrint the pid of every process" },
	{ "reload", verb_reload,
	    "reload\t\t\tStop everything, read the configuration and start again" },
	{ "restart", operate_restart,
	    "restart <name>...\tStop the named processes, then start them\n"
	    "restart <group>:*\tThe same for all processes of a group\n"
	    "restart all\t\tThe same for every process\n"
	    "The configuration is not read again" },
	{ "shutdown", verb_shutdown, "shutdown\t\tStop every process, then the daemon" },
	{ "signal", operate_signal,
	    "signal <signal> <name>...\tSend a signal to the named processes\n"
	    "signal <signal> <group>:*\tSend it to all processes of a group\n"
	    "signal <signal> all\t\tSend it to every process" },
	{ "start", operate_start,
	    "start <name>...\t\tStart the named processes\n"
	    "start <group>:*\t\tStart all processes of a group\n"
	    "start all\t\tStart every process" },
	{ "status", query_status,
	    "status\t\t\tShow every process\n"
	    "status <name>...\tShow the named processes\n"
	    "status <group>:*\tShow all processes of a group" },
	{ "stop", operate_stop,
	    "stop <name>...\t\tStop the named processes\n"
	    "stop <group>:*\t\tStop all processes of a group\n"
	    "stop all\t\tStop every process" },
	{ "version", verb_version,
	    "version\t\t\tPrint the version of supervisord that the daemon matches" },
};

static const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < nitems(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void
verb_help(struct session *s, const char *args)
{
	static const char title[] = "default commands (type help <topic>):";
	const struct verb *verb;

	if (*args != '\0') {
		verb = verb_find(args);
		if (verb != NULL)
			fprintf(s->out, "%s\n", verb->help);
		else
			fprintf(s->out, "*** No help on %s\n", args);
		return;
	}
	fprintf(s->out, "\n%s\n", title);
	for (size_t i = 0; i < sizeof(title) - 1; i++)
		fputc('=', s->out);
	fputc('\n', s->out);
	for (size_t i = 1; i < nitems(verbs); i++)
		fprintf(s->out, "%s%s", i > 1 ? "  " : "", verbs[i].name);
	fputs("\n\n", s->out);
}

/* Splits into the command word and the rest, both stripped, in place. */
static char *
split_command(char *line, char **args)
{
	size_t n = 0;
	char *word;

	while (isalnum((unsigned char)line[n]) || line[n] == '_')
		n++;
	word = xstrndup(line, n);
	*args = str_strip(line + n);
	return word;
}

int
verbs_run(FILE *out, const char *path, const char *line)
{
	struct session s = { .out = out, .path = path };
	char *copy = xstrdup(line), *stripped = str_strip(copy), *args, *word;

	if (*stripped == '?') {
		word = xstrdup("help");
		args = str_strip(stripped + 1);
	} else {
		word = split_command(stripped, &args);
	}
	s.verb = verb_find(word);
	if (s.verb != NULL) {
		s.verb->run(&s, args);
	} else if (*stripped != '\0') {
		fprintf(out, "*** Unknown syntax: %s\n", line);
		s.status = EXIT_GENERIC;
	}
	client_free(s.client);
	free(word);
	free(copy);
	return s.status;
}
