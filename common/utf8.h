/* Utf8: decodes one code point at a time, and classifies it as Python does. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* bytes of a sequence */

/* Decodes the first sequence of the n bytes; its length, or 0 if there is none or it is
 * malformed (overlong, a surrogate, beyond U+10FFFF, incomplete). */
size_t utf8_decode(const char *s, size_t n, uint32_t *code);
/* The number of the n > 0 bytes that begin one sequence, at least 1: all of it, or the
 * part that one U+FFFD replaces. *whole: it is complete; *cut: it is incomplete because the
 * bytes end. */
size_t utf8_sequence(const char *s, size_t n, bool *whole, bool *cut);
/* The same as utf8_decode for the last sequence of the n bytes. */
size_t utf8_decode_last(const char *s, size_t n, uint32_t *code);
/* str.isspace() */
bool utf8_is_space(uint32_t code);
/* The length of the space character at the beginning or end of the n bytes, or 0. */
size_t utf8_space_first(const char *s, size_t n);
size_t utf8_space_last(const char *s, size_t n);
/* str.isprintable(), except that unassigned code points count as printable. */
bool utf8_is_printable(uint32_t code);

#endif
