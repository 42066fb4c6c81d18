/* Printer: the results of a listener that uses supervisor_stdout, as lines: a result has
 * an event's tokens, a newline, and text, whose lines are printed behind "NAME CHANNEL | ".
 * It makes no system call. */
#ifndef MASTER_CHILD_PRINTER_H
#define MASTER_CHILD_PRINTER_H

#include "common/fields.h"
#include "common/loglimit.h"

#include <stdbool.h>
#include <stddef.h>

#define PRINTER_LINE_MAX 8192 /* a longer line is printed as several */

/* What the state document has of it. */
#define PRINTER_FIELDS(ROW, S)								\
	ROW(S, TEXT, prefix)	/* NULL = the tokens are not whole yet */		\
	ROW(S, BUF, line)	/* not yet whole */

struct printer {
	struct FIELDS(PRINTER_FIELDS);
	struct log_limit losses;
};

/* Prints bytes. */
typedef void printer_fn(void *ctx, const char *bytes, size_t n);

void printer_init(struct printer *);
void printer_clear(struct printer *);
/* More of a result. Without memory some is lost. */
void printer_feed(struct printer *, const char *bytes, size_t n, printer_fn *, void *ctx);
/* The result is whole: the next one begins. */
void printer_end(struct printer *, printer_fn *, void *ctx);
/* For the state document: whether a printer can be so. */
bool printer_is_sound(const struct printer *);

#endif
