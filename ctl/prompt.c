#include "ctl/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

char *
prompt_line(const char *question)
{
	char *line = NULL;
	size_t room = 0;

	fputs(question, stdout);
	fflush(stdout);
	if (getline(&line, &room, stdin) == -1) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

char *
prompt_secret(const char *question)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	char *line;

	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	line = prompt_line(question);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stdout);
	}
	return line;
}

bool
prompt_yes(const char *question)
{
	char *line = prompt_line(question);
	bool yes = line != NULL && (*line == 'y' || *line == 'Y');

	free(line);
	return yes;
}
