/* Option types: the types of options' values. A type parses, prints and compares values and
 * encodes them for a document (document.h), so that all code handles an option by its row.
 * Strings are new. The running daemon uses decode only: the others may look up users and
 * files, and end the program when memory is short. */
#ifndef MASTER_CONFIG_OPTIONS_OPTION_TYPES_H
#define MASTER_CONFIG_OPTIONS_OPTION_TYPES_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_type {
	const char *name; /* in the manual: "integer" */
	size_t size;      /* of the slot */
	/* Fills a zeroed slot. 0, or -1 with *why new: supervisord's text. NULL: decode
	 * parses; its error is the text between those of refusal, or made by refuse. */
	int (*parse)(const char *text, void *slot, char **why);
	const char *refusal[2];
	int (*refuse)(const char *text, char **why); /* -1; errno is that of decode */
	const char *words[4]; /* of a bool or an enum, by its value */
	/* Of a number: reads it; and its bounds, which fit into the slot. */
	int (*number)(const char *text, int64_t *value);
	int64_t low, high;
	char *(*print)(const void *slot); /* new; NULL: the word or number */
	/* Whether a reread regards both as equal; NULL: compares the bytes. */
	bool (*equal)(const void *live, const void *fresh);
	/* Whether both are the same value; NULL: as equal. */
	bool (*same)(const void *, const void *);
	void (*clear)(void *slot); /* NULL: the slot owns no memory */
	/* Appends the value and the results of lookups as text; NULL: as print. */
	void (*encode)(const void *slot, struct buf *out);
	/* Fills a zeroed slot from a default or encode's text, n bytes and a NUL. 0, or -1;
	 * errno is ENOMEM when memory is short. NULL: a word or number. */
	int (*decode)(const char *text, size_t n, void *slot);
};

extern const struct conf_type conf_integer;      /* int64_t */
extern const struct conf_type conf_unsigned;     /* uint32_t; in documents only */
extern const struct conf_type conf_events;       /* uint32_t; in documents only */
extern const struct conf_type conf_lookup_error; /* char *; in documents only */
extern const struct conf_type conf_size;         /* int64_t: "50MB" */
extern const struct conf_type conf_octal;        /* int */
extern const struct conf_type conf_boolean;      /* bool */
extern const struct conf_type conf_level;        /* enum log_level */
extern const struct conf_type conf_signal;       /* int */
extern const struct conf_type conf_autorestart;  /* enum autorestart */
extern const struct conf_type conf_killmode;     /* enum killmode */
extern const struct conf_type conf_exitcodes;    /* in process_config */

extern const struct conf_type conf_memory;  /* int64_t: size of at least 64KB */
extern const struct conf_type conf_weight;  /* int64_t */
extern const struct conf_type conf_pids;    /* int64_t */
extern const struct conf_type conf_cpu_max; /* struct cpu_max */

extern const struct conf_type conf_string;          /* char * */
extern const struct conf_type conf_serverurl;       /* char *, NULL = AUTO */
extern const struct conf_type conf_directory;       /* char *: exists */
extern const struct conf_type conf_state_directory; /* char *: exists, absolute */
extern const struct conf_type conf_path;            /* char *: its directory exists */
extern const struct conf_type conf_file;            /* char *: unchecked, absolute */
extern const struct conf_type conf_logfile;         /* struct output_config */
extern const struct conf_type conf_environment;     /* struct environment */
extern const struct conf_type conf_user;            /* struct user * */

extern const struct conf_type conf_event_length;  /* bool: bytes */
extern const struct conf_type conf_confinement;   /* bool: strict */
extern const struct conf_type conf_unclean_start; /* enum unclean_start */
extern const struct conf_type conf_command_role;  /* enum role */
extern const struct conf_type conf_role;          /* has_role, … of listener_config */
extern const struct conf_type conf_server_names;  /* char *: "a b.example" */
extern const struct conf_type conf_port;          /* host, port of listener_config */
extern const struct conf_type conf_owner;         /* uid, gid of listener_config */
extern const struct conf_type conf_mode;          /* int: chmod */

extern const struct conf_type conf_any_role; /* enum role */
extern const struct conf_type conf_secret;   /* char *, wiped when it is freed */
extern const struct conf_type conf_patterns; /* char **, NULL after the last */
extern const struct conf_type conf_peers;    /* struct peer_list */

/* Call these members, or do what a NULL means. */
NODISCARD int conf_type_parse(
    const struct conf_type *, const char *text, void *slot, char **why);
NODISCARD int conf_type_decode(
    const struct conf_type *, const char *text, size_t n, void *slot);
char *conf_type_print(const struct conf_type *, const void *slot);
bool conf_type_equal(const struct conf_type *, const void *live, const void *fresh);
void conf_type_encode(const struct conf_type *, const void *slot, struct buf *out);
/* -1 with *why new: the text, quoted as by Python, between two others. */
int conf_type_refuse(char **why, const char *before, const char *text, const char *after);
/* The decode of types whose slot is a char *. */
int conf_type_decode_string(const char *text, size_t n, void *slot);
/* Validates a text. For types whose slot does not depend on its neighbours. 0, or -1 with
 * *why new. */
NODISCARD int conf_type_check(const struct conf_type *, const char *text, char **why);

#endif
