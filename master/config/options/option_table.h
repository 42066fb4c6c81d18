/* Option table: a row for each option of each section with its name, type, default and
 * meaning. The rows are in the order in which supervisord validates the options, so that
 * the first of several errors is the same. */
#ifndef MASTER_CONFIG_OPTIONS_OPTION_TABLE_H
#define MASTER_CONFIG_OPTIONS_OPTION_TABLE_H

#include "common/compiler.h"
#include "master/config/config.h"
#include "master/config/options/option_types.h"

#include <stddef.h>

enum conf_flags {
	CONF_REQUIRED = 1 << 0,
	CONF_EACH = 1 << 1,	/* expanded for each process, with its process_num */
	CONF_RAW = 1 << 2,	/* read by the section's own code */
	CONF_SECTION = 1 << 3,	/* of the section, not of its processes */
	CONF_OURS = 1 << 4,	/* supervisord has no such option */
	CONF_LATE = 1 << 5,	/* validated after all other options */
	CONF_LIVE = 1 << 6,	/* a reread applies it */
	CONF_START = 1 << 7,	/* only a start of the daemon applies it, no restart */
	CONF_IMPLIED = 1 << 8,	/* follows from other options: no change of its own */
};

struct conf_option {
	const char *name;
	const struct conf_type *type;
	const char *fallback; /* the default as text; NULL = none */
	size_t offset;        /* of its slot in the section's struct */
	unsigned flags;
	const char *help;
};

struct conf_section {
	const char *name; /* "program", "inet_http_server" */
	const struct conf_option *options;
	size_t count;
};

/* The values of a program-like section. */
struct program_section {
	struct process_config process; /* first, so that offsets are the same in both */
	int64_t numprocs, numprocs_start;
};

/* The values that only an eventlistener or fcgi-program section has. */
struct pool_section {
	int64_t priority, buffer_size;
	bool counts_bytes;
	char *events, *result_handler;
	char *socket, *socket_backlog, *socket_owner, *socket_mode;
};

struct group_section {
	char *programs;
	int64_t priority;
};

extern const struct conf_section conf_supervisord;   /* struct config */
extern const struct conf_section conf_program;       /* struct program_section */
extern const struct conf_section conf_group;         /* struct group_section */
extern const struct conf_section conf_listener_pool; /* struct pool_section */
extern const struct conf_section conf_interface;     /* struct rpcinterface_config */
extern const struct conf_section conf_fcgi;          /* struct pool_section */
extern const struct conf_section conf_inet_server;   /* struct listener_config */
extern const struct conf_section conf_unix_server;   /* struct listener_config */
extern const struct conf_section conf_user_section;  /* struct user_config */

/* All of them. */
extern const struct conf_section *const conf_sections[];
extern const size_t conf_sections_count;

/* The row of an option, or NULL. */
const struct conf_option *conf_find(const struct conf_section *, const char *name);
/* Parses the text into the row's slot of base; 0, or -1 with *why new. */
NODISCARD int conf_put(
    const struct conf_option *, void *base, const char *text, char **why);
/* New: the slot's value as text. */
char *conf_print(const struct conf_option *, const void *base);
/* Whether a reread regards the fresh value as the live one. */
bool conf_equal(const struct conf_option *, const void *live, const void *fresh);
/* Whether both have the same value. */
bool conf_same(const struct conf_option *, const void *, const void *);
/* Frees the memory of all rows' slots. */
void conf_clear(const struct conf_section *, void *base);

#endif
