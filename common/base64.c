#include "common/base64.h"

#include <string.h>

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(const void *bytes, size_t n, char *out)
{
	const unsigned char *from = bytes;

	for (size_t i = 0; i < n; i += 3) {
		size_t have = n - i < 3 ? n - i : 3;
		unsigned bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < have ? from[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			*out++ = k <= have ? base64_digits[bits >> (18 - 6 * k) & 63] : '=';
	}
	*out = '\0';
}

ssize_t
base64_decode(const char *text, size_t n, char *out)
{
	size_t len = 0, have = 0, pads = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		const char *digit = memchr(base64_digits, text[i], sizeof(base64_digits) - 1);

		if (text[i] == '=' && have >= 2 && have + ++pads >= 4)
			return (ssize_t)len;
		if (digit == NULL)
			continue;
		pads = 0;
		bits = bits << 6 | (unsigned)(digit - base64_digits);
		if (have > 0)
			out[len++] = (char)(bits >> (6 - 2 * have));
		have = (have + 1) % 4;
	}
	return have == 0 ? (ssize_t)len : -1;
}
