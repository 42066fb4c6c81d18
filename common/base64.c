#include "common/base64.h"

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

/* Not a search in the digits: XML-RPC clients send megabytes. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

ssize_t
base64_decode(const char *text, size_t n, char *out)
{
	size_t len = 0, have = 0, pads = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		int value = base64_value(text[i]);

		if (text[i] == '=' && have >= 2 && have + ++pads >= 4)
			return (ssize_t)len;
		if (value == -1)
			continue;
		pads = 0;
		bits = bits << 6 | (unsigned)value;
		if (have > 0)
			out[len++] = (char)(bits >> (6 - 2 * have));
		have = (have + 1) % 4;
	}
	return have == 0 ? (ssize_t)len : -1;
}
