/* Cells: text in columns of a terminal. Texts come from programs and users: bytes that are
 * no printable UTF-8 are shown as '?', and a text never takes more columns than it may. */
#ifndef CTL_TERMINAL_CELLS_H
#define CTL_TERMINAL_CELLS_H

#include "common/buf.h"

#include <stdbool.h>

/* The columns that a text takes, as cells_put shows it. */
int cells_width(const char *text);
/* Appends the text in exactly `width` columns. A longer one is cut and ends with '~'; a
 * shorter one is padded with blanks, after it, or before it when `right`. */
void cells_put(struct buf *, const char *text, int width, bool right);

#endif
