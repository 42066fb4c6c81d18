#include "common/hex.h"

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
		int high = hex_value(text[i]), low = hex_value(text[i + 1]);

		if (high == -1 || low == -1)
			return -1;
		*to++ = (unsigned char)(high << 4 | low);
	}
	return n % 2 == 0 ? 0 : -1;
}
