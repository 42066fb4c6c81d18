#include "ctl/shell.h"

#include "common/mem.h"
#include "common/str.h"
#include "ctl/complete.h"
#include "ctl/editor.h"
#include "ctl/interrupt.h"
#include "ctl/session.h"
#include "ctl/verbs.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Ctrl-C leaves the shell, as it does supervisorctl's; history is written already, and the
 * editor has put the terminal back before it lets a signal through. */
static void
on_interrupt(int signo UNUSED)
{
	ssize_t ignored UNUSED = write(STDOUT_FILENO, "\n", 1);

	_exit(0);
}

void
shell_run(struct session *s, const char *prompt, const char *history_file)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	char *shown = xasprintf("%s> ", prompt), *line;
	struct editor *editor;

	if (!interrupt_is_ignored(SIGINT))
		sigaction(SIGINT, &action, NULL);
	editor = editor_new(shown, history_file, complete, s);
	verbs_run(s, "status");
	while (!s->leave && !ferror(s->out)) {
		line = editor_line(editor);
		verbs_run(s, line != NULL ? line : "EOF");
		free(line);
	}
	editor_free(editor);
	free(shown);
}
