/* Statefield: writes the fields of a struct (common/fields.h) to a JSON object by a table,
 * and reads them back. Byte strings are hex, because jansson accepts only UTF-8. */
#ifndef MASTER_UPGRADE_STATEFIELD_H
#define MASTER_UPGRADE_STATEFIELD_H

#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum statefield_kind {
	STATEFIELD_U64,		/* up to 2^63 - 1 */
	STATEFIELD_I64,
	STATEFIELD_INT,
	STATEFIELD_BOOL,
	STATEFIELD_TEXT,	/* hex */
	STATEFIELD_BUF,		/* hex; must be initialised before it is read */
	STATEFIELD_FD,		/* {"fd": number}, or null */
	STATEFIELD_RLIMIT,
	STATEFIELD_INODE,
	STATEFIELD_IDS,		/* must be empty before it is read */
	STATEFIELD_STATE,	/* this and the next four: the name of the value */
	STATEFIELD_VERDICT,
	STATEFIELD_DAEMON,
	STATEFIELD_EVENT,
	STATEFIELD_LISTENER,
	STATEFIELD_LINE,	/* of a listener: hex */
	STATEFIELD_RESULT,
	STATEFIELD_POOL_EVENT,	/* null without an event */
	STATEFIELD_MAX
};

struct statefield {
	const char *name;
	enum statefield_kind kind;
	size_t offset;
	int since; /* the first format of the document that has it; 1 = all have */
};

/* The table for a list of fields of the struct TYPE. */
#define STATEFIELDS(LIST, TYPE) {LIST(STATEFIELD_ROW, TYPE)}
#define STATEFIELD_ROW(...) STATEFIELD_ROW_AS(__VA_ARGS__, 1, )
#define STATEFIELD_ROW_AS(S, kind, name, since, ...) \
	{ #name, STATEFIELD_##kind, offsetof(S, name), since },
#define STATEFIELD_WRITE(rows, from) statefield_write(rows, nitems(rows), from)
#define STATEFIELD_READ(rows, json, into, format) \
	statefield_read(rows, nitems(rows), json, into, format)

/* New object, or null for from = NULL; NULL with ENOMEM. */
json_t *statefield_write(const struct statefield *table, size_t rows, const void *from);
/* Fills `into` from a document of this format; frees its old texts. A member that the
 * format does not have keeps its value. into = NULL requires a null. NULL, or the name of
 * the first member that is missing or has a wrong type. */
const char *statefield_read(
    const struct statefield *table, size_t rows, const json_t *, void *into, int format);

/* Single values of three kinds: new, NULL with ENOMEM; and back: false if it has a wrong
 * type. */
json_t *statefield_write_text(const void *from);
json_t *statefield_write_fd(const void *from);
json_t *statefield_write_pool_event(const void *from);
bool statefield_read_text(const json_t *, void *into);
bool statefield_read_fd(const json_t *, void *into);
bool statefield_read_pool_event(const json_t *, void *into);

/* New string of n bytes as hex; NULL with ENOMEM. */
json_t *statefield_hex(const void *bytes, size_t n);
/* New bytes, followed by a NUL, and their number; NULL if it is not hex, or ENOMEM. */
char *statefield_unhex(const json_t *, size_t *n);

#endif
