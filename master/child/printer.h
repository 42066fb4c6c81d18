/* Printer: the results of a listener that uses supervisor_stdout, as lines: a result has
 * an event's tokens, a newline, and text, whose lines are printed behind "NAME CHANNEL | ".
 * It makes no system call. */
#ifndef MASTER_CHILD_PRINTER_H
#define MASTER_CHILD_PRINTER_H

#include "common/buf.h"
#include "common/loglimit.h"

#include <stdbool.h>
#include <stddef.h>

#define PRINTER_LINE_MAX 8192	/* a longer line is printed as several */

/* statedoc_pipes.c asserts this struct's size: a field added here must be added there. */
struct printer {
	char *prefix;		/* owned; NULL = the tokens are not whole yet */
	struct buf line;	/* not yet whole */
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
