/* Shell: reads and runs commands until the end of input. */
#ifndef CTL_SHELL_SHELL_H
#define CTL_SHELL_SHELL_H

struct session;

/* Runs `status` first, as supervisorctl does. prompt: NULL = the daemon's identifier.
 * history_file: NULL = none. */
void shell_run(struct session *, const char *prompt, const char *history_file);

#endif
