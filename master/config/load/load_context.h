/* Load context: what the modules behind config_load share while one configuration is
 * read: the sections' text, the names that expand, the error, the messages. */
#ifndef MASTER_CONFIG_LOAD_LOAD_CONTEXT_H
#define MASTER_CONFIG_LOAD_LOAD_CONTEXT_H

#include "common/compiler.h"
#include "common/ini.h"
#include "master/config/arguments.h"
#include "master/config/config.h"
#include "master/config/load/warnings.h"
#include "master/config/options/option_table.h"
#include "master/config/values/expand.h"

struct conf_load {
	const struct arguments *arguments; /* borrowed */
	struct config *config;             /* being filled */
	struct ini *ini;
	struct expand_names *env;  /* ENV_x, later also [supervisord] environment= */
	struct expand_names *here; /* that, and %(here)s */
	char *node;                /* host_node_name */
	char *user;                /* text of user=, judged last; NULL = none */
	char *error;               /* new: the first error */
	/* What is being read, borrowed, and what was at the error; NULL = nothing. */
	const char *section, *key;
	char *failed_section, *failed_key;
	void (*mend)(void *ctx, struct ini *); /* what the files say is changed; or NULL */
	void *mend_ctx;
	struct map *members; /* sections that some [group:x] has taken */
	struct conf_warnings warnings;
};

/* Reads what the options say, all of it: 0, or -1 with `error`. In between mend is called
 * once the files are read. */
void conf_load_begin(struct conf_load *, const struct arguments *);
NODISCARD int conf_load_run(struct conf_load *);
/* Leaves config and error to the caller. */
void conf_load_end(struct conf_load *);

/* From now on this is being read; key NULL = the section as a whole. */
void conf_load_at(struct conf_load *, const char *section, const char *key);

/* Keep the first error, return -1. */
int conf_load_fail(struct conf_load *, const char *fmt, ...) PRINTF_LIKE(2, 3);
int conf_load_fail_take(struct conf_load *, char *error_take);
/* Queues a message for the log, behind others of its level or above; its place is what is
 * being read. */
void conf_load_say(struct conf_load *, enum log_level, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Queues a WARN about a section's option (key NULL: about its header; section NULL: about
 * the whole file), once for each place and text. */
void conf_load_warn(struct conf_load *, const char *section, const char *key,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The same about a line of a file. */
void conf_load_warn_at(struct conf_load *, const char *file, size_t line, const char *fmt,
    ...) PRINTF_LIKE(4, 5);

/* A text with its names expanded and found to be UTF-8; NULL = failed. */
char *conf_load_expand(
    struct conf_load *, const char *text, const struct expand_names *, const char *where);
/* A section's option the same way: 1 with *text new, 0 when absent, -1 = failed. */
NODISCARD int conf_load_text(struct conf_load *, const char *section, const char *key,
    const struct expand_names *, char **text);
/* Reads an environment= or its default into base; the variables then expand in `into`, as
 * ENV_x. 0, or -1 = failed. */
NODISCARD int conf_load_environment(struct conf_load *, const char *section,
    const struct conf_option *, const struct expand_names *, void *base,
    struct expand_names *into);
/* Reads one option, or its default, into base: 1, 0 when absent, -1 = failed. */
NODISCARD int conf_load_row(struct conf_load *, const char *section,
    const struct conf_option *, const struct expand_names *, void *base);
/* All options of the table but those that are CONF_RAW, into base, which is zero. 0, or
 * -1. */
NODISCARD int conf_load_rows(
    struct conf_load *, const char *section, const struct conf_section *, void *base);
/* Reads [include]: what it names goes into the same ini. 0 or -1. */
NODISCARD int conf_include_read(struct conf_load *);
/* Puts a text there as conf_load_row would. 0, or -1 = failed. */
NODISCARD int conf_load_put(
    struct conf_load *, const struct conf_option *, const char *text, void *base);
/* The name behind "KIND:" of a section, or NULL when the section is of another kind. */
const char *conf_load_named(const char *section, const char *kind);
/* New: the name, stripped, or NULL = failed: it holds a blank, ':' or '/'. */
char *conf_load_name(struct conf_load *, const char *name);

/* The sections, in the order in which supervisord reads. 0 or -1. */
NODISCARD int conf_daemon_read(struct conf_load *);   /* [supervisord] */
NODISCARD int conf_rpc_read(struct conf_load *);      /* [rpcinterface:x] */
NODISCARD int conf_group_read(struct conf_load *);    /* all that makes groups */
NODISCARD int conf_server_read(struct conf_load *);   /* HTTP servers */
NODISCARD int conf_daemon_finish(struct conf_load *); /* command line, users, paths */

/* Adds the processes of a program-like section to the group. */
NODISCARD int conf_program_read(
    struct conf_load *, const char *section, struct group_config *);
/* Makes the group of an [eventlistener:x], the pool, or of a [fcgi-program:x]. */
NODISCARD int conf_pool_read_listener(
    struct conf_load *, const char *section, const char *name);
NODISCARD int conf_fcgi_read(struct conf_load *, const char *section, const char *name);
/* Adds a group to the configuration. */
void conf_group_add(struct conf_load *, struct group_config *take);

/* Whether a text names this Python object, "module:attribute"; it may hold blanks. */
bool conf_load_is_python(const char *text, const char *name);

#endif
