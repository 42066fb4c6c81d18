/* Str: converts text to values and back as Python and supervisord do, for configuration,
 * command line and XML-RPC. */
#ifndef COMMON_STR_H
#define COMMON_STR_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Python int(): blanks around, sign, single underscores between digits. 0, or -1 with
 * EINVAL (not a number) or ERANGE (past 64 bits). */
NODISCARD int str_to_int(const char *s, int64_t *value);
/* yes/true/on/1 and no/false/off/0 in upper or lower case, not stripped. 0 or -1. */
NODISCARD int str_to_bool(const char *s, bool *value);
/* Integer with optional KB, MB, GB (any case, blanks between). 0, or -1 with errno. */
NODISCARD int str_to_size(const char *s, int64_t *bytes);
/* int(s, 8): "022", "22", "0o22", sign allowed. 0 or -1. */
NODISCARD int str_to_octal(const char *s, int64_t *value);
/* Signal name (any case, SIG optional) or a number that supervisord accepts, 0 among them.
 * 0, or -1 with EINVAL (no such name) or ERANGE (no such number). */
NODISCARD int str_to_signal(const char *s, int *signo);
/* "SIGTERM", or "signal 44" for one without a name; written to buf, of 32 bytes. */
const char *str_signal_name(int signo, char *buf);
/* The nth signal's name, "TERM", in the order of their numbers; NULL after the last. */
const char *str_signal_listed(size_t nth);
/* "ENOENT" for ENOENT; "E?" for an unknown number. */
const char *str_errno_name(int errnum);
/* New: Python repr() of a str: '…', or "…" when it holds ' and no "; escapes \n, \t, \\,
 * \xNN. NULL with ENOMEM. */
char *str_repr(const char *s);
/* New: repr() of bytes without the b prefix, for "Undecodable: b'…'". NULL with ENOMEM. */
char *str_repr_bytes(const void *bytes, size_t n);
/* In place: strips Python whitespace at both ends; returns the first kept character. */
char *str_strip(char *s);
/* In place: ASCII letters become small ones. */
void str_lower(char *s);
/* In place: replaces by '?' each byte that is not part of a printable character in UTF-8,
 * except for the ASCII characters in `kept`. */
void str_make_plain(char *s, const char *kept);
/* True when the n bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool str_is_utf8(const char *s, size_t n);
/* New: the text with U+FFFD for each byte that is not UTF-8. NULL with ENOMEM. */
char *str_to_utf8(const char *s);
/* Largest n' <= n that does not cut a UTF-8 sequence of a valid text. */
size_t str_utf8_cut(const char *s, size_t n);
/* Index of the text among the n, or -1. */
int str_index(const char *s, const char *const texts[], size_t n);
bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);

#endif
