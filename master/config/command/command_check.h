/* Command check: whether the file of a command= can be executed, as far as that is known
 * before the start. */
#ifndef MASTER_CONFIG_COMMAND_COMMAND_CHECK_H
#define MASTER_CONFIG_COMMAND_COMMAND_CHECK_H

/* New text: why a command that conf_shell_find accepts cannot be executed; "" = no reason
 * is known. `path` is the PATH to search (NULL = the default), `directory` is directory=
 * (NULL = none). A relative file is searched from the current working directory. */
char *conf_command_find(const char *text, const char *path, const char *directory);
/* New: the first word, which names the file; "" = none. */
char *conf_command_word(const char *text);

#endif
