/* Hex: bytes as hexadecimal digits. */
#ifndef COMMON_HEX_H
#define COMMON_HEX_H

#include "common/compiler.h"

#include <stddef.h>

extern const char hex_digits[16]; /* in lower case */

/* The digit's value in either case, or -1. */
int hex_value(char digit);
/* Writes 2 * n digits in lower case, without a NUL. */
void hex_encode(const void *bytes, size_t n, char *out);
/* Decodes what hex_encode writes, n characters; 0, or -1 for anything else. */
NODISCARD int hex_decode(const char *text, size_t n, void *out);

#endif
