#include "ctl/commands/session.h"

#include "common/mem.h"
#include "ctl/commands/exitcode.h"

#include <stdlib.h>
#include <string.h>

#define ADVICE_MAX 10	/* names of a command that advice is given on */

void
session_error(struct session *s, const char *why)
{
	fprintf(s->out, "error: %s: %s\n", server_url(s->server), why);
	s->status = EXIT_GENERIC;
	s->broken = true;
}

void
session_fault(struct session *s, enum fault fault, const char *text)
{
	char *shown = reply_meaning(fault, text);

	fprintf(s->out, "error: %s\n", shown);
	free(shown);
	s->unreadable = fault == FAULT_CANT_REREAD;
	s->status = EXIT_GENERIC;
	s->broken = true;
}

/* It wants a password, which an interactive session then asks for. */
static void
session_deny(struct session *s, const char *why)
{
	fputs("Server requires authentication\n", s->out);
	s->unauthorized = true;
	s->status = EXIT_GENERIC;
	s->broken = true;
	if (s->interactive)
		return;
	session_error(s, why);
	if (s->err != NULL)
		fputs("the user name or the password is missing or wrong: give them with "
		    "-u and -p, or as username= and password= of [supervisorctl]\n",
		    s->err);
}

void
session_lost(struct session *s)
{
	const char *why;

	if (server_lost(s->server, &why) == REACH_UNAUTHORIZED)
		session_deny(s, why);
	else
		session_error(s, why);
}

/* What goes wrong whatever the command. */
static void
session_fail(struct session *s, enum reach reached, const char *why)
{
	if (reached == REACH_UNAUTHORIZED) {
		session_deny(s, why);
	} else if (reached == REACH_FAULT) {
		fprintf(s->out, "error: %s\n", why);
		s->status = EXIT_GENERIC;
		s->broken = true;
	} else {
		session_error(s, why != NULL ? why : "cannot be reached");
	}
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

	s->unreached = reached == REACH_NO_FILE || reached == REACH_REFUSED ||
	    reached == REACH_FAILED;
	if (s->err != NULL && !s->unreached && !s->fallback_told) {
		attempts_print_fallback(server_attempts(s->server), s->err,
		    server_url(s->server));
		s->fallback_told = true;
	}
	return reached;
}

void
session_unknown(struct session *s, const char *name)
{
	for (size_t i = 0; i < s->unknown.count; i++)
		if (strcmp(s->unknown.list[i], name) == 0)
			return;
	if (s->unknown.count < ADVICE_MAX)
		words_add(&s->unknown, name);
}

/* Groups that could be added are known to the configuration alone. */
static void
session_add_configured(struct session *s, struct words *groups)
{
	struct reply r;
	json_t *row;
	size_t i;

	if (server_config(s->server, &r) == 0) {
		json_array_foreach(r.result, i, row) {
			json_t *group = json_object_get(row, "group");

			if (json_is_string(group))
				words_add(groups, json_string_value(group));
		}
	}
	reply_clear(&r);
}

static void
session_advise_names(struct session *s)
{
	struct words groups = { 0 };
	struct server_rows rows;
	struct reply r;

	if (s->about == ADVICE_GROUPS)
		session_add_configured(s, &groups);
	if (server_rows(s->server, &rows, &r) == 0 && r.fault == FAULT_NONE) {
		for (size_t i = 0; i < s->unknown.count; i++) {
			char *meant = advice_name(s->unknown.list[i], s->about, &rows,
			    &groups);

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
		attempts_print(server_attempts(s->server), s->err, s->file);
	else if (s->err != NULL && s->unknown.count > 0)
		session_advise_names(s);
	else if (s->err != NULL && s->unreadable && server_is_control(s->server))
		fprintf(s->err, "reevectl check%s%s names the line of each mistake\n",
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

/* The answers to supervisorctl's first question that have words of their own. */
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
	bool told = reached == REACH_OK;

	for (size_t i = 0; i < nitems(refusals) && !told; i++)
		if (refusals[i].reached == reached) {
			fprintf(s->out, "%s%s\n", server_url(s->server), refusals[i].text);
			s->status = refusals[i].status;
			s->broken = told = true;
		}
	if (reached == REACH_OTHER_API) {
		fprintf(s->out, "Sorry, this version of supervisorctl expects to talk to a "
		    "server with API version 3.0, but the remote version is %s.\n", why);
		s->status = EXIT_OTHER_API;
		s->broken = told = true;
	}
	if (!told)
		session_fail(s, reached, why);
	free(why);
	return reached == REACH_OK;
}

void
session_usage(struct session *s, const char *problem, int status)
{
	fprintf(s->out, "%s\n%s\n", problem, s->command->help);
	s->status = status;
}

bool
session_no_arguments(struct session *s, const char *args)
{
	char *problem;

	if (*args == '\0')
		return true;
	problem = xasprintf("Error: %s accepts no arguments", s->command->name);
	session_usage(s, problem, EXIT_GENERIC);
	free(problem);
	return false;
}

bool
session_rows(struct session *s, struct server_rows *rows)
{
	struct reply r;
	int rc = server_rows(s->server, rows, &r);

	if (rc == -1)
		session_lost(s);
	else if (r.fault != FAULT_NONE)
		session_fault(s, r.fault, r.text);
	reply_clear(&r);
	return !s->broken;
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
