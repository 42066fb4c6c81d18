#include "ctl/commands/unfinished.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int ending[UNFINISHED_SIGNALS] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };

/* A signal handler has no context: the line of the one command under way. */
static const char *volatile unfinished_line;

static void
unfinished_signal(int signo)
{
	const char *line = unfinished_line;

	ssize_t n = line != NULL ? write(STDERR_FILENO, line, strlen(line)) : 0;

	(void)n;
	(void)raise(signo);
}

void
unfinished_begin(struct unfinished *u, char *text, bool alone)
{
	struct sigaction report = { .sa_handler = unfinished_signal,
		.sa_flags = (int)SA_RESETHAND | SA_NODEFER };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	u->text = xasprintf("\n%s\n", text);
	free(text);
	unfinished_line = u->text;
	for (size_t i = 0; i < nitems(ending); i++) {
		(void)sigaction(ending[i], NULL, &u->before[i]);
		if (u->before[i].sa_handler == SIG_IGN)
			continue;
		(void)sigaction(ending[i],
		    alone && ending[i] == SIGHUP ? &ignore : &report, NULL);
	}
}

void
unfinished_end(struct unfinished *u)
{
	for (size_t i = 0; i < nitems(ending); i++)
		(void)sigaction(ending[i], &u->before[i], NULL);
	unfinished_line = NULL;
	free(u->text);
}
