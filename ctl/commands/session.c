#include "ctl/commands/session.h"

#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ADVICE_MAX 10 /* unknown names of a command that get advice */

static void
session_break(struct session *s)
{
	s->status = EXIT_GENERIC;
	s->broken = true;
}

void
session_error(struct session *s, const char *why)
{
	fprintf(s->out, "error: %s: %s\n", server_url(s->server), why);
	session_break(s);
}

void
session_fault(struct session *s, enum fault fault, const char *text)
{
	char *shown = reply_meaning(fault, text);

	fprintf(s->out, "error: %s\n", shown);
	free(shown);
	s->unreadable = fault == FAULT_CANT_REREAD;
	session_break(s);
}

/* Ends the command because of an outcome other than a result. */
static void
session_fail(struct session *s, enum reach reached, const char *why)
{
	if (reached == REACH_FAULT || reached == REACH_DENIED) {
		fprintf(s->out, "error: %s\n", why);
		session_break(s);
	} else if (reached != REACH_UNAUTHORIZED) {
		session_error(s, why != NULL ? why : "cannot be reached");
	} else {
		/* An interactive session asks for the password after this. */
		fputs("Server requires authentication\n", s->out);
		s->unauthorized = true;
		session_break(s);
		if (s->interactive)
			return;
		session_error(s, why);
		if (s->err != NULL)
			fputs("the user name or the password is missing or wrong: set "
			      "them with -u and -p, or with username= and password= in "
			      "[supervisorctl]\n",
			    s->err);
	}
}

void
session_lost(struct session *s)
{
	const char *why;
	bool denied = server_lost(s->server, &why) == REACH_UNAUTHORIZED;

	session_fail(s, denied ? REACH_UNAUTHORIZED : REACH_FAILED, why);
}

/* The texts of supervisorctl for faults of commands on the daemon and on groups. */
static const struct {
	const char *command;
	enum fault fault;
	const char *text;	/* NULL: the fault's own */
	bool named;		/* the name follows */
	bool is_fine;		/* the exit status does not change */
} wordings[] = {
	{ "add", FAULT_SHUTDOWN_STATE, "shutting down", false, false },
	{ "add", FAULT_ALREADY_ADDED, "process group already active", false, true },
	{ "add", FAULT_BAD_NAME, "no such process/group: ", true, false },
	{ "avail", FAULT_SHUTDOWN_STATE, "supervisor shutting down", false, false },
	{ "reload", FAULT_SHUTDOWN_STATE, "already shutting down", false, false },
	{ "reload", FAULT_CANT_REREAD, NULL, false, false },
	{ "remove", FAULT_STILL_RUNNING, "process/group still running: ", true, false },
	{ "remove", FAULT_BAD_NAME, "no such process/group: ", true, false },
	{ "reread", FAULT_SHUTDOWN_STATE, "supervisor shutting down", false, false },
	{ "reread", FAULT_CANT_REREAD, NULL, false, false },
	{ "shutdown", FAULT_SHUTDOWN_STATE, "already shutting down", false, true },
	{ "update", FAULT_SHUTDOWN_STATE, "already shutting down", false, false },
};

/* Reports a fault with supervisorctl's text; without one, ends the command. */
static void
session_report_fault(struct session *s, const struct reply *r, const char *name)
{
	size_t i = 0;

	while (i < nitems(wordings) &&
	    (wordings[i].fault != r->fault ||
		strcmp(wordings[i].command, s->command->name) != 0))
		i++;
	if (i == nitems(wordings)) {
		session_fault(s, r->fault, r->text);
		return;
	}
	session_report(s, wordings[i].is_fine ? s->status : EXIT_GENERIC, "ERROR: %s%s",
	    wordings[i].text != NULL ? wordings[i].text : r->text,
	    wordings[i].named ? name : "");
	if (r->fault == FAULT_BAD_NAME)
		session_unknown(s, name);
}

bool
session_replied(struct session *s, int rc, const struct reply *r, const char *name)
{
	if (rc == -1)
		session_lost(s);
	else if (r->fault != FAULT_NONE && name != NULL)
		session_report_fault(s, r, name);
	else if (r->fault != FAULT_NONE)
		session_fault(s, r->fault, r->text);
	return rc == 0 && r->fault == FAULT_NONE;
}

bool
session_accept(struct session *s, enum reach reached, const char *why)
{
	bool fine = reached == REACH_OK || reached == REACH_FAULT ||
	    reached == REACH_OTHER_API || reached == REACH_NO_INTERFACE;

	if (!fine)
		session_fail(s, reached, why);
	return fine;
}

enum reach
session_try(struct session *s, char **why)
{
	enum reach reached = server_reach(s->server, why);

	s->unreached = reply_is_absent(reached);
	if (s->err != NULL && !s->unreached && reached != REACH_DENIED &&
	    !s->fallback_shown) {
		server_print_fallback(s->server, s->err);
		s->fallback_shown = true;
	}
	return reached;
}

void
session_unknown(struct session *s, const char *name)
{
	if (s->unknown.count < ADVICE_MAX && !words_have(&s->unknown, name))
		words_add(&s->unknown, name);
}

static void
session_advise_names(struct session *s)
{
	struct words groups = { 0 };
	struct server_rows rows;
	struct reply r;
	json_t *row;
	size_t i;

	/* Groups that can be added are only in the configuration. */
	if (s->about == ADVICE_GROUPS) {
		if (server_get(s->server, SERVER_CONFIG, &r) == 0)
			json_array_foreach(r.result, i, row) {
				words_add(&groups, reply_member(row, "group"));
			}
		reply_clear(&r);
	}
	if (server_rows(s->server, &rows, &r) == 0 && r.fault == FAULT_NONE) {
		for (i = 0; i < s->unknown.count; i++) {
			char *meant =
			    advice_name(s->unknown.list[i], s->about, &rows, &groups);

			if (meant != NULL)
				fprintf(s->err, "did you mean %s?\n", meant);
			free(meant);
		}
	}
	reply_clear(&r);
	words_clear(&groups);
}

void
session_advise(struct session *s)
{
	fflush(s->out);
	if (s->err != NULL && s->unreached)
		server_print_attempts(s->server, s->err, s->file);
	else if (s->err != NULL && s->unknown.count > 0)
		session_advise_names(s);
	else if (s->err != NULL && s->unreadable && server_control(s->server) != NULL)
		fprintf(s->err, "reevectl check%s%s prints the line of each error\n",
		    s->file != NULL ? " " : "", s->file != NULL ? s->file : "");
	s->unreadable = false;
	words_clear(&s->unknown);
}

bool
session_reach(struct session *s)
{
	char *why;
	enum reach reached = session_try(s, &why);
	bool fine = session_accept(s, reached, why);

	free(why);
	return fine;
}

/* The outcomes for which supervisorctl has a text of its own. */
static const struct {
	enum reach reached;
	int status;
	const char *text;	/* after the URL */
} refusals[] = {
	{ REACH_NO_FILE, EXIT_NOT_RUNNING, " no such file" },
	{ REACH_REFUSED, EXIT_NO_PRIVILEGE, " refused connection" },
	{ REACH_NO_INTERFACE, EXIT_UNIMPLEMENTED, " does not know the methods of "
	    "supervisor; is [rpcinterface:supervisor] in its configuration file?" },
};

bool
session_connect(struct session *s)
{
	char *why;
	enum reach reached = session_try(s, &why);
	size_t i = 0;

	while (i < nitems(refusals) && refusals[i].reached != reached)
		i++;
	if (i < nitems(refusals))
		session_report(
		    s, refusals[i].status, "%s%s", server_url(s->server), refusals[i].text);
	else if (reached == REACH_OTHER_API)
		session_report(s, EXIT_OTHER_API,
		    "Sorry, this version of supervisorctl "
		    "expects to talk to a server with API version 3.0, but the remote "
		    "version is %s.",
		    why);
	else if (reached != REACH_OK)
		session_fail(s, reached, why);
	s->broken = s->broken || reached != REACH_OK;
	free(why);
	return reached == REACH_OK;
}

static void PRINTF_LIKE(3, 0)
session_vreport(struct session *s, int status, const char *fmt, va_list ap)
{
	vfprintf(s->out, fmt, ap);
	fputc('\n', s->out);
	s->status = status;
}

void
session_report(struct session *s, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	session_vreport(s, status, fmt, ap);
	va_end(ap);
}

void
session_usage(struct session *s, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	session_vreport(s, status, fmt, ap);
	va_end(ap);
	fprintf(s->out, "%s\n", s->command->help);
}

void
session_no_such(struct session *s, FILE *out, const char *spec)
{
	bool group = namespec_is_group(spec);

	fprintf(out, "%.*s: ERROR (no such %s)\n",
	    (int)(group ? strcspn(spec, ":") : strlen(spec)), spec,
	    group ? "group" : "process");
	session_unknown(s, spec);
}

bool
session_no_arguments(struct session *s, const char *args)
{
	if (*args != '\0')
		session_usage(
		    s, EXIT_GENERIC, "Error: %s accepts no arguments", s->command->name);
	return *args == '\0';
}

bool
session_rows(struct session *s, struct server_rows *rows)
{
	struct reply r;
	int rc = server_rows(s->server, rows, &r);
	bool fine = session_replied(s, rc, &r, NULL);

	reply_clear(&r);
	return fine;
}

bool
session_expand(struct session *s, struct words *words, size_t first)
{
	struct server_rows rows;

	if (first == 0 && s->attached)
		first = 1;
	if (!namespec_has_pattern(words, first))
		return true;
	if (!session_rows(s, &rows))
		return false;
	namespec_expand(words, first, &rows);
	return true;
}
