/* The commands shutdown and reload. */
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/terminal/question.h"
#include "ctl/commands/session.h"

#include <stdlib.h>

/* Asks the question in an interactive session; true if the command may run. */
static bool
shutdown_confirm(struct session *s, const char *question)
{
	char *line = s->interactive ? question_line(stdout, question, NULL) : NULL;
	bool yes = !s->interactive || (line != NULL && (*line == 'y' || *line == 'Y'));

	if (s->interactive && line == NULL)
		session_report(s, EXIT_GENERIC, "error: the input ended without an answer");
	free(line);
	return yes;
}

static void
shutdown_call(struct session *s, const char *method, const char *done)
{
	struct reply r;

	if (session_replied(s, server_call(s->server, method, NULL, &r), &r, ""))
		fprintf(s->out, "%s\n", done);
	reply_clear(&r);
}

void
shutdown_run(struct session *s, const char *args)
{
	char *why;
	enum reach reached;

	if (!session_no_arguments(s, args) ||
	    !shutdown_confirm(s, "Really shut the remote supervisord process down y/N? "))
		return;
	reached = session_try(s, &why);
	if (reached == REACH_NO_FILE || reached == REACH_REFUSED)
		session_report(s, EXIT_GENERIC, "ERROR: %s %s (already shut down?)",
		    server_url(s->server),
		    reached == REACH_NO_FILE ? "no such file" : "refused connection");
	else if (session_accept(s, reached, why))
		shutdown_call(s, "daemon.shutdown", "Shut down");
	free(why);
}

void
shutdown_reload(struct session *s, const char *args)
{
	if (session_no_arguments(s, args) &&
	    shutdown_confirm(s, "Really restart the remote supervisord process y/N? ") &&
	    session_reach(s))
		shutdown_call(s, "daemon.restart", "Restarted supervisord");
}
