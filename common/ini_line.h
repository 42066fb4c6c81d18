/* Ini line: one line of a configuration file: where it begins, what of it is
 * comment, whether it is a header or an option. */
#ifndef COMMON_INI_LINE_H
#define COMMON_INI_LINE_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct ini_line {
	size_t number;     /* from 1 */
	const char *start; /* borrowed: the whole line without its end */
	size_t whole;
	bool ended;          /* a line end followed */
	bool comment;        /* some of it was a comment */
	size_t indent;       /* characters before the first that is no blank */
	const char *content; /* without comment and outer blanks */
	size_t length;       /* 0: blank or only a comment */
};

/* Takes the next line out of the text; false at the end. LF, CRLF and CR end a line. */
bool ini_line_next(const char *text, size_t n, size_t *offset, struct ini_line *);
char *ini_line_header(const struct ini_line *); /* new: name between [ and ], or NULL */
/* "key = value" or "key: value" as new strings, the key in lower case, either maybe empty.
 * False when there is no delimiter. */
bool ini_line_option(const struct ini_line *, char **key, char **value);
char *ini_line_repr(const struct ini_line *); /* new: as Python shows it, with its \n */
/* Length without the Python whitespace at the end. */
size_t ini_line_trimmed(const char *text, size_t n);
/* NULL when the text is UTF-8 without NUL, else a new error that names the line. */
char *ini_line_check(const char *path, const char *text, size_t n);

#endif
