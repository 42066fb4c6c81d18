/* Expand format: the part of a %-directive after its name: flags, width, precision and
 * conversion letter, with Python's meaning. */
#ifndef MASTER_CONFIG_VALUES_EXPAND_FORMAT_H
#define MASTER_CONFIG_VALUES_EXPAND_FORMAT_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#define EXPAND_WIDTH_MAX 65536 /* greatest width and precision, in characters */

struct expand_value {
	char *text; /* for %s */
	bool is_number;
	int64_t number;
};

struct expand_format {
	bool left, plus, space, alternate, zero;
	int width, precision; /* -1 = none */
	char letter;
};

/* Reads what follows "%" or "%(name)" at *at, a position in `text`, and moves *at past it.
 * NULL, or a new text: the error. */
NODISCARD char *expand_format_parse(
    const char *text, const char **at, struct expand_format *);
/* Appends the value (NULL = the directive has no name). NULL, or a new text: the error. */
NODISCARD char *expand_format_apply(
    const struct expand_format *, const struct expand_value *, struct buf *out);

#endif
