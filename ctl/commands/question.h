/* Question: asks a question on the terminal and reads the answer. */
#ifndef CTL_COMMANDS_QUESTION_H
#define CTL_COMMANDS_QUESTION_H

/* New: the answer from standard input, without its newline; NULL at the end of input. */
char *question_line(const char *question);
/* The same without echo. */
char *question_secret(const char *question);

#endif
