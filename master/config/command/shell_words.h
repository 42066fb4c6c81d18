/* Shell words: what in a command line only a shell would understand: reeve, as supervisord,
 * splits a command into words and executes it without one. */
#ifndef MASTER_CONFIG_COMMAND_SHELL_WORDS_H
#define MASTER_CONFIG_COMMAND_SHELL_WORDS_H

/* New: a text that names the first such thing and the remedy, or says why the command
 * cannot be split into words; NULL when there is nothing. Words that are quoted, or given
 * to an option such as sh's -c, are for the program to understand. */
char *conf_shell_find(const char *command);

#endif
