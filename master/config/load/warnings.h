/* Warnings: findings about valid settings that cannot work as intended. */
#ifndef MASTER_CONFIG_LOAD_WARNINGS_H
#define MASTER_CONFIG_LOAD_WARNINGS_H

#include "master/config/config.h"

#include <stdbool.h>

struct conf_load;
struct map;

/* The state of one reading. */
struct conf_warnings {
	struct map *known;   /* place and text of each finding */
	struct map *logs;    /* by path: the struct log_use that named it first */
	struct map *checked; /* by command or directory: new, its fault or "" */
};

void conf_warn_begin(struct conf_warnings *);
void conf_warn_end(struct conf_warnings *);
/* Remembers this place (NULL = none) and text. Whether they are new. */
bool conf_warn_is_new(struct conf_warnings *, const char *place, const char *text);

/* Warns of the names in an environment=. */
void conf_warn_variables(
    struct conf_load *, const char *section, const struct environment *);
/* Warns of a process's command, directory and logs. */
void conf_warn_process(
    struct conf_load *, const char *section, const struct process_config *);
/* Warns of a Unix socket whose directory does not exist. */
void conf_warn_socket(
    struct conf_load *, const char *section, const char *key, const char *path);
/* Warns, when all is read, of duplicates, unknown sections and options, servers, and
 * [supervisord]. */
void conf_warn_config(struct conf_load *);

#endif
