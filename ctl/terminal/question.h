/* Question: asks a question on the terminal and reads the answer. */
#ifndef CTL_TERMINAL_QUESTION_H
#define CTL_TERMINAL_QUESTION_H

#include <stddef.h>
#include <stdio.h>

/* Prints the question to `out`. New: the answer from standard input, without its newline,
 * and *n its length (n may be NULL); NULL at the end of input. */
char *question_line(FILE *out, const char *question, size_t *n);
/* The same without echo. */
char *question_secret(FILE *out, const char *question, size_t *n);

#endif
