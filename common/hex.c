#include "common/hex.h"

#include <string.h>

const char hex_digits[16] = "0123456789abcdef";

int
hex_value(char digit)
{
	char lower = (char)(digit | 0x20);

	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

void
hex_encode(const void *bytes, size_t n, char *out)
{
	const unsigned char *from = bytes;

	for (size_t i = 0; i < n; i++) {
		*out++ = hex_digits[from[i] >> 4];
		*out++ = hex_digits[from[i] & 15];
	}
}

int
hex_decode(const char *text, size_t n, void *out)
{
	unsigned char *to = out;

	for (size_t i = 0; i + 1 < n; i += 2) {
		const char *high = memchr(hex_digits, text[i], sizeof(hex_digits));
		const char *low = memchr(hex_digits, text[i + 1], sizeof(hex_digits));

		if (high == NULL || low == NULL)
			return -1;
		*to++ = (unsigned char)((high - hex_digits) << 4 | (low - hex_digits));
	}
	return n % 2 == 0 ? 0 : -1;
}
