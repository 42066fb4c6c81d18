/* Load context: what the files of this folder share while a configuration is read: the text
 * of the sections, the names that expand, the error, the messages. */
#ifndef MASTER_CONFIG_LOAD_LOAD_CONTEXT_H
#define MASTER_CONFIG_LOAD_LOAD_CONTEXT_H

#include "common/compiler.h"
#include "common/ini.h"
#include "master/config/arguments.h"
#include "master/config/config.h"
#include "master/config/load/user_warnings.h"
#include "master/config/load/warnings.h"
#include "master/config/options/option_table.h"
#include "master/config/values/expand.h"

struct conf_load {
	const struct arguments *arguments; /* borrowed */
	struct config *config;             /* new; filled step by step */
	struct ini *ini;
	struct expand_names *env;  /* ENV_x, also of environment= in [supervisord] */
	struct expand_names *here; /* env and %(here)s */
	char *node;                /* host_node_name */
	char *user;                /* user=, which is looked up last; NULL = none */
	char *error;               /* new: the first error */
	bool is_ours;              /* that supervisord does not have */
	/* The option being read, borrowed, and that of the error; NULL = none. */
	const char *section, *key;
	char *failed_section, *failed_key;
	/* Called when the files are read, to change their options; NULL = none. */
	void (*repair)(void *ctx, struct ini *);
	void *repair_ctx;
	bool checks;         /* for --check: also what only a start finds, or takes time */
	struct map *members; /* sections that a [group:x] has */
	struct conf_warnings warnings;
};

void conf_load_begin(struct conf_load *, const struct arguments *);
/* Reads the whole configuration: 0, or -1 with `error`. */
NODISCARD int conf_load_run(struct conf_load *);
/* Frees all but config and error, which the caller owns. */
void conf_load_end(struct conf_load *);

/* Sets the place of the next errors and messages; key NULL = the section as a whole. */
void conf_load_at(struct conf_load *, const char *section, const char *key);

/* Keep the first error and return -1. */
int conf_load_fail(struct conf_load *, const char *fmt, ...) PRINTF_LIKE(2, 3);
int conf_load_fail_take(struct conf_load *, char *error_take);
/* The same with an error that supervisord does not have, so that it is reported with its
 * place. */
int conf_load_reject(struct conf_load *, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Queues a message for the log, after those of its level or a worse one. Its place is that
 * of the option being read. */
void conf_load_message(struct conf_load *, enum log_level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Queues a finding about an option (key NULL = the section, section NULL = the file), once
 * for each place and text. */
void conf_load_warn(struct conf_load *, const char *section, const char *key,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Queues a finding about a line of a file. */
void conf_load_warn_at(struct conf_load *, const char *file, size_t line, const char *fmt,
    ...) PRINTF_LIKE(4, 5);

/* New: the text with its names expanded; NULL = failed, as when it is not UTF-8. */
char *conf_load_expand(
    struct conf_load *, const char *text, const struct expand_names *, const char *where);
/* Expands an option: 1 with *text new, 0 when it is absent, -1 = failed. */
NODISCARD int conf_load_text(struct conf_load *, const char *section, const char *key,
    const struct expand_names *, char **text);
/* Reads an environment= or its default into base, and adds its variables as ENV_x to
 * `into`. 0, or -1 = failed. */
NODISCARD int conf_load_environment(struct conf_load *, const char *section,
    const struct conf_option *, const struct expand_names *, void *base,
    struct expand_names *into);
/* Reads an option or its default into base: 1, 0 when it is absent, -1 = failed. */
NODISCARD int conf_load_row(struct conf_load *, const char *section,
    const struct conf_option *, const struct expand_names *, void *base);
/* Reads all options of the table that are not CONF_RAW into a zeroed base. 0, or -1. */
NODISCARD int conf_load_rows(
    struct conf_load *, const char *section, const struct conf_section *, void *base);
/* Reads the files of [include] into the same ini. 0 or -1. */
NODISCARD int conf_include_read(struct conf_load *);
/* Parses a text into base. 0, or -1 = failed. */
NODISCARD int conf_load_put(
    struct conf_load *, const struct conf_option *, const char *text, void *base);
/* The name after "KIND:" of a section; NULL = it is of another kind. */
const char *conf_load_named(const char *section, const char *kind);
/* New: the name without blanks around it; NULL = failed: it has a blank, ':' or '/'. */
char *conf_load_name(struct conf_load *, const char *name);

/* The sections, in the order in which supervisord reads. 0 or -1. */
NODISCARD int conf_daemon_read(struct conf_load *);   /* [supervisord] */
NODISCARD int conf_rpc_read(struct conf_load *);      /* [rpcinterface:x] */
NODISCARD int conf_group_read(struct conf_load *);    /* groups and programs */
NODISCARD int conf_server_read(struct conf_load *);   /* HTTP servers */
NODISCARD int conf_user_read(struct conf_load *);     /* users and peer_users= */
NODISCARD int conf_daemon_finish(struct conf_load *); /* command line, users, paths */

/* Adds the processes of a program-like section to the group. */
NODISCARD int conf_program_read(
    struct conf_load *, const char *section, struct group_config *);
/* Reads an [eventlistener:x] or [fcgi-program:x], which is a group of its own. */
NODISCARD int conf_pool_read_listener(
    struct conf_load *, const char *section, const char *name);
NODISCARD int conf_fcgi_read(struct conf_load *, const char *section, const char *name);
/* Appends a group to the configuration. */
void conf_group_add(struct conf_load *, struct group_config *take);

/* Whether a text is this name of a Python object, "module:attribute", but for blanks. */
bool conf_load_is_python(const char *text, const char *name);

#endif
