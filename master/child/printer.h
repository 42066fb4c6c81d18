/* Printer: prints the results of an event listener that uses supervisor_stdout. A result is
 * the tokens of an event, a newline and text; each line of the text is printed after
 * "NAME CHANNEL | ". Makes no system call. */
#ifndef MASTER_CHILD_PRINTER_H
#define MASTER_CHILD_PRINTER_H

#include "common/fields.h"
#include "common/loglimit.h"

#include <stdbool.h>
#include <stddef.h>

#define PRINTER_LINE_MAX 8192 /* bytes; a longer line is printed as several */

/* Its fields in the state document. */
#define PRINTER_FIELDS(ROW, S)								\
	ROW(S, TEXT, prefix)	/* NULL = the line of tokens is still incomplete */	\
	ROW(S, BUF, line)	/* incomplete */

struct printer {
	struct FIELDS(PRINTER_FIELDS);
	struct log_limit losses; /* log lines about output lost for lack of memory */
};

/* Prints bytes. */
typedef void printer_fn(void *ctx, const char *bytes, size_t n);

void printer_init(struct printer *);
void printer_clear(struct printer *);
/* Reads the next part of a result. If memory runs out, output is lost, which is logged. */
void printer_feed(struct printer *, const char *bytes, size_t n, printer_fn *, void *ctx);
/* The result is complete; the next bytes begin another one. */
void printer_end(struct printer *, printer_fn *, void *ctx);
/* For the state document: whether the fields are consistent. */
bool printer_is_sound(const struct printer *);

#endif
