/* Command check: whether the file that a command= names can be executed, as far as it
 * can be known before the program starts. */
#ifndef MASTER_CONFIG_COMMAND_COMMAND_CHECK_H
#define MASTER_CONFIG_COMMAND_COMMAND_CHECK_H

/* New: what is wrong with a command that conf_shell_find accepts, in that PATH (NULL = none
 * given) and directory= (NULL = none); "" = nothing. A relative file is looked for in the
 * present working directory. */
char *conf_command_find(const char *text, const char *path, const char *directory);
/* New: the word that names the file; "" = none. */
char *conf_command_word(const char *text);

#endif
