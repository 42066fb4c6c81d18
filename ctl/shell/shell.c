#include "ctl/shell/shell.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/commands/command.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/session.h"
#include "ctl/shell/completion.h"
#include "ctl/shell/editor.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define PROMPT "supervisor"

/* Ctrl-C ends the shell, as supervisorctl's. The history is already written, and libedit
 * restores the terminal before this handler runs. */
static void
shell_on_interrupt(int signo UNUSED)
{
	ssize_t ignored UNUSED = write(STDOUT_FILENO, "\n", 1);

	_exit(0);
}

/* New: the configured prompt; else at a terminal the daemon's identifier, so that the
 * shells of several daemons differ; else supervisorctl's prompt. */
static char *
shell_prompt(struct session *s, const char *configured)
{
	bool typed = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	struct reply r = REPLY_NONE;
	const char *name = configured;
	char *prompt;

	if (name == NULL && typed && server_get(s->server, SERVER_IDENTIFIER, &r) == 0)
		name = json_string_value(r.result);
	if (configured == NULL && (name == NULL || *name == '\0'))
		name = PROMPT;
	prompt = xasprintf("%s> ", name);
	if (configured == NULL)
		str_make_plain(prompt, "");
	reply_clear(&r);
	return prompt;
}

void
shell_run(struct session *s, const char *prompt, const char *history_file)
{
	struct sigaction action = { .sa_handler = shell_on_interrupt };
	char *shown, *line;
	struct editor *editor;

	sigaction(SIGINT, &action, NULL);
	editor = editor_new(history_file, completion_offer_line, s);
	command_run(s, "status");
	while (!s->leave && !ferror(s->out)) {
		shown = shell_prompt(s, prompt);
		line = editor_line(editor, shown);
		command_run(s, line != NULL ? line : "EOF");
		free(line);
		free(shown);
	}
	editor_free(editor);
}
