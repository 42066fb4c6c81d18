/* Base64: RFC 4648's alphabet, read as leniently as Python's binascii does. */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include "common/compiler.h"

#include <stddef.h>
#include <sys/types.h>

#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1) /* bytes of text for n bytes, with a NUL */

/* Writes BASE64_SIZE(n) bytes: the text, padded, with a NUL. */
void base64_encode(const void *bytes, size_t n, char *out);
/* Decodes n characters to `out`, which has n bytes; the length, or -1 when the last group
 * is incomplete. Other characters are skipped; padding that completes a group ends the
 * text. */
NODISCARD ssize_t base64_decode(const char *text, size_t n, char *out);

#endif
