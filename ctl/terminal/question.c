#include "ctl/terminal/question.h"

#include "common/compiler.h"
#include "common/fd.h"
#include "common/mem.h"
#include "ctl/terminal/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES 1048576 /* what is longer is read as the next line */

char *
question_line(FILE *out, const char *question, size_t *n)
{
	char *line = xmalloc(LINE_BYTES + 1);
	size_t length = 0;
	int c = EOF;

	fputs(question, out);
	fflush(out);
	while (length < LINE_BYTES && (c = getc(stdin)) != EOF && c != '\n')
		line[length++] = (char)c;
	if (length == 0 && c == EOF) {
		free(line);
		return NULL;
	}
	line[length] = '\0';
	if (n != NULL)
		*n = length;
	return line;
}

/* Blocks the signals that end the program until the terminal's settings are restored. */
char *
question_secret(FILE *out, const char *question, size_t *n)
{
	struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	struct termios before, silent;
	sigset_t ends, mask;
	char *line = NULL;

	if (tcgetattr(STDIN_FILENO, &before) == -1)
		return question_line(out, question, n);
	sigemptyset(&ends);
	for (size_t i = 0; i < INTERRUPT_SIGNALS; i++)
		if (!interrupt_is_ignored(interrupt_signals[i]))
			sigaddset(&ends, interrupt_signals[i]);
	sigprocmask(SIG_BLOCK, &ends, &mask);
	fds[1].fd = signalfd(-1, &ends, SFD_CLOEXEC);
	fds[1].events = POLLIN;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fputs(question, out);
	fflush(out);
	while (poll(fds, nitems(fds), -1) == -1 && errno == EINTR)
		;
	fd_close(fds[1].fd);
	if (fds[1].revents == 0)
		line = question_line(out, "", n);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', out);
	fflush(out);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return line;
}
