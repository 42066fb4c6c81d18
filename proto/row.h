/* Row: a process of the state stream as JSON, from one table of columns
 * (reeve-protocol(7)). Rows are written directly as text, without a tree of JSON values,
 * because a snapshot has thousands. */
#ifndef PROTO_ROW_H
#define PROTO_ROW_H

#include "common/buf.h"
#include "common/compiler.h"
#include "proto/state.h"

#include <jansson.h>

enum row_form {
	ROW_MEMBERS,	/* an object without the members that have their usual values */
	ROW_WHOLE,	/* an object with all members */
	ROW_VALUES,	/* an array of the values in the columns' order, without the usual
			 * values at its end */
};

/* Appends the row, with texts cut to STATE_TEXT_MAX. 0, or -1 with errno and nothing added:
 * ENOMEM, ENOBUFS, EINVAL (a text is not UTF-8). */
NODISCARD int row_write(struct buf *, const struct process_info *, enum row_form);
/* Fills *info (texts new) from an object or an array; 0, or -1 with errno: EINVAL (a value
 * is missing or wrong) or ENOMEM. Unknown states, verdicts and healths become UNKNOWN. */
NODISCARD int row_read(const json_t *, struct process_info *info);

#endif
