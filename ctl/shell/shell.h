/* Shell: commands typed one after another, until the end of input. */
#ifndef CTL_SHELL_H
#define CTL_SHELL_H

struct session;

/* Begins with `status`, as supervisorctl does. prompt: NULL = the daemon's name.
 * history_file: NULL = keep none. */
void shell_run(struct session *, const char *prompt, const char *history_file);

#endif
