/* Shell words: finds shell syntax in a command, which reeved, like supervisord, executes
 * without a shell. */
#ifndef MASTER_CONFIG_COMMAND_SHELL_WORDS_H
#define MASTER_CONFIG_COMMAND_SHELL_WORDS_H

/* New text: the first shell syntax in the command and the remedy, or why the command
 * cannot be split; NULL = none. Quoted words, and those after an option such as -c of sh,
 * may have any syntax. */
char *conf_shell_find(const char *command);

#endif
