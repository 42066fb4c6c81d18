/* Statefield: a struct's members as rows of one table, which both writes them
 * to a JSON object and reads them back. Byte strings are hex, for jansson takes
 * only UTF-8 (statedoc.c). */
#ifndef MASTER_UPGRADE_STATEFIELD_H
#define MASTER_UPGRADE_STATEFIELD_H

#include "common/compiler.h"

#include <jansson.h>
#include <stddef.h>

enum statefield_type {
	STATEFIELD_U64,		/* uint64_t, up to 2^63 - 1 */
	STATEFIELD_I64,		/* int64_t */
	STATEFIELD_INT,		/* int */
	STATEFIELD_BOOL,
	STATEFIELD_STATE,	/* enum process_state, by name */
	STATEFIELD_VERDICT,	/* enum verdict, by name */
	STATEFIELD_DAEMON,	/* enum daemon_state, by name */
	STATEFIELD_EVENT,	/* enum event_type, by name */
	STATEFIELD_LISTENER,	/* enum listener_state, by name */
	STATEFIELD_TEXT,	/* char *, owned, NULL = null */
	STATEFIELD_MAX
};

struct statefield {
	const char *name;
	enum statefield_type type;
	size_t offset;
};

/* New object; NULL with ENOMEM. */
json_t *statefield_write(const struct statefield *table, size_t rows, const void *from);
/* Fills `into`, whose texts are NULL or owned and are freed first. NULL when all is well,
 * else the name of the first member that is missing or of a wrong type. */
const char *statefield_read(const struct statefield *table, size_t rows, const json_t *,
    void *into);

/* New string of n bytes as hex; NULL with ENOMEM. */
json_t *statefield_hex(const void *bytes, size_t n);
/* New bytes with a NUL after them and *n their number; NULL when it is no hex or ENOMEM. */
char *statefield_unhex(const json_t *, size_t *n);

#endif
