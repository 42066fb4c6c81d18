/* Warnings: settings that are valid but cannot work as they are meant, one WARN for each
 * cause, with its file and line. Nothing here makes a configuration an error. */
#ifndef MASTER_CONFIG_LOAD_WARNINGS_H
#define MASTER_CONFIG_LOAD_WARNINGS_H

#include "master/config/config.h"

#include <stdbool.h>

struct conf_load;
struct map;
struct program_section;

/* The memory of one reading of a configuration. */
struct conf_warnings {
	struct map *given; /* place and text of each warning */
	struct map *logs;  /* path of a log → the struct log_use that named it first */
	/* What was looked at, a command or directory → its fault: new. */
	struct map *looked;
};

void conf_warn_begin(struct conf_warnings *);
void conf_warn_end(struct conf_warnings *);
/* False when this place (NULL = none) and text were given before. */
bool conf_warn_is_new(struct conf_warnings *, const char *place, const char *text);

/* What the values of a program-like section say. */
void conf_warn_section(
    struct conf_load *, const char *section, const struct program_section *);
/* The names in a section's environment=. */
void conf_warn_variables(
    struct conf_load *, const char *section, const struct environment *);
/* One process of it, with all options read: its command, directory and logs. */
void conf_warn_process(
    struct conf_load *, const char *section, const struct process_config *);
/* A Unix socket that the option names: whether its directory is usable. */
void conf_warn_socket(
    struct conf_load *, const char *section, const char *key, const char *path);
/* The whole, once all is read: what stands twice, unknown sections and options, servers,
 * [supervisord]. */
void conf_warn_config(struct conf_load *);

#endif
