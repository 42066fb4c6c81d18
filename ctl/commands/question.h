/* Prompt: a question that is asked on the terminal. */
#ifndef CTL_QUESTION_H
#define CTL_QUESTION_H

#include <stdbool.h>

/* New: the answer from standard input, without its newline; NULL at the end of input. */
char *prompt_line(const char *question);
/* The same without showing what is typed. */
char *prompt_secret(const char *question);
/* *yes: the answer begins with y. 0, or -1 at the end of input. */
int prompt_yes(const char *question, bool *yes);

#endif
