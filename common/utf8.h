/* Utf8: one code point at a time, with what Python knows about it. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* bytes of a sequence */

/* Decodes the first sequence of the n bytes; its length, or 0 when there is none or it is
 * malformed (overlong, a surrogate, past U+10FFFF, cut short). */
size_t utf8_decode(const char *s, size_t n, uint32_t *code);
/* The same for the last sequence of the n bytes. */
size_t utf8_decode_last(const char *s, size_t n, uint32_t *code);
/* str.isspace() */
bool utf8_is_space(uint32_t code);
/* Bytes of the space with which the n bytes begin or end, or 0. */
size_t utf8_space_first(const char *s, size_t n);
size_t utf8_space_last(const char *s, size_t n);
/* str.isprintable(), but that a code point not assigned yet counts as printable. */
bool utf8_is_printable(uint32_t code);

#endif
