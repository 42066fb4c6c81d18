/* Ini line: splits a configuration file into lines, and a line into its content and
 * comment, a section name, or a key and value. */
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
	size_t indent;       /* characters before the first that is not blank */
	const char *content; /* without the comment and outer blanks */
	size_t length;       /* 0: blank or only a comment */
};

/* Reads the line at *offset and advances it; false at the end. LF, CRLF, CR end a line. */
bool ini_line_next(const char *text, size_t n, size_t *offset, struct ini_line *);
char *ini_line_header(const struct ini_line *); /* new: name between [ and ], or NULL */
/* Splits "key = value" or "key: value" into new strings, the key in lower case; both may be
 * empty. False without a delimiter. */
bool ini_line_option(const struct ini_line *, char **key, char **value);
char *ini_line_repr(const struct ini_line *); /* new: as Python shows it, with its \n */
/* Length without the Python whitespace at the end. */
size_t ini_line_trimmed(const char *text, size_t n);
/* NULL if the text is UTF-8 without NUL, else a new error that names the line. */
char *ini_line_check(const char *path, const char *text, size_t n);

#endif
