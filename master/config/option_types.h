/* Conf types: the kinds of value an option can have. Each reads its text, prints
 * it back and compares, so that whatever looks at an option can do so by its row
 * (design 9). Used at load only: strings are new, memory is never short. */
#ifndef MASTER_CONFIG_OPTION_TYPES_H
#define MASTER_CONFIG_OPTION_TYPES_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct conf_type {
	const char *name;	/* for the manual: "integer" */
	size_t size;		/* of the slot */
	/* Fills the slot, which holds zeros. 0, or -1 with *why new: supervisord's text. */
	int (*parse)(const char *text, void *slot, char **why);
	char *(*print)(const void *slot);	/* new */
	/* Whether a fresh value would change the live one. */
	bool (*equal)(const void *live, const void *fresh);
	void (*clear)(void *slot);	/* NULL: the slot owns nothing */
};

extern const struct conf_type conf_integer;	/* int64_t */
extern const struct conf_type conf_size;	/* int64_t: "50MB" */
extern const struct conf_type conf_octal;	/* int */
extern const struct conf_type conf_boolean;	/* bool */
extern const struct conf_type conf_level;	/* enum log_level */
extern const struct conf_type conf_signal;	/* int */
extern const struct conf_type conf_autorestart;	/* enum autorestart */
extern const struct conf_type conf_exitcodes;	/* in process_config */

extern const struct conf_type conf_string;	/* char * */
extern const struct conf_type conf_serverurl;	/* char *, NULL = AUTO */
extern const struct conf_type conf_directory;	/* char *: exists */
extern const struct conf_type conf_path;	/* char *: its directory exists */
extern const struct conf_type conf_file;	/* char *: unchecked, absolute */
extern const struct conf_type conf_logfile;	/* struct output_config */
extern const struct conf_type conf_environment;	/* struct environment */
extern const struct conf_type conf_user;	/* struct user * */

extern const struct conf_type conf_event_length;	/* bool: bytes */
extern const struct conf_type conf_confinement;	/* bool: strict */
extern const struct conf_type conf_command_role;	/* enum role */
extern const struct conf_type conf_role;	/* has_role, … of listener_config */
extern const struct conf_type conf_server_names;	/* char *: "a b.example" */
extern const struct conf_type conf_port;	/* host, port of listener_config */
extern const struct conf_type conf_owner;	/* uid, gid of listener_config */
extern const struct conf_type conf_mode;	/* int: chmod */

/* Parses into a slot of its own and throws the result away; for types whose slot stands
 * alone. 0, or -1 with *why new. */
NODISCARD int conf_type_check(const struct conf_type *, const char *text, char **why);

#endif
