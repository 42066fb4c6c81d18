/* Question: a question on the terminal, and its answer. */
#ifndef CTL_QUESTION_H
#define CTL_QUESTION_H

/* New: the answer from standard input, without its newline; NULL at the end of input. */
char *question_line(const char *question);
/* The same without showing what is typed. */
char *question_secret(const char *question);

#endif
