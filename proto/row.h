/* Row: a process of the state stream as JSON, from one table of columns
 * (reeve-protocol(7)). It is written without a tree of values: whenever a process changes,
 * and for thousands of them when somebody asks for a snapshot. */
#ifndef PROTO_ROW_H
#define PROTO_ROW_H

#include "common/buf.h"
#include "common/compiler.h"
#include "proto/state.h"

#include <jansson.h>

enum row_form {
	ROW_MEMBERS,	/* an object, without members whose value goes without saying */
	ROW_WHOLE,	/* an object with all members */
	ROW_VALUES,	/* an array of the values in the columns' order, without such at its
			 * end */
};

/* Appends the row; 0, or -1 with errno and nothing added: ENOMEM, ENOBUFS, EINVAL (a text
 * is no UTF-8). */
NODISCARD int row_write(struct buf *, const struct process_info *, enum row_form);
/* Fills *info (strings new) from an object or an array; 0, or -1 when a value is missing or
 * not what it may be. A state or verdict that we do not know is UNKNOWN. */
NODISCARD int row_read(const json_t *, struct process_info *info);

#endif
