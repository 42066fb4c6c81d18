#include "common/utf8.h"

struct range {
	uint32_t first;
	uint32_t last;
};

static const struct range spaces[] = {
	{ 0x9, 0xd }, { 0x1c, 0x20 }, { 0x85, 0x85 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 },
	{ 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f },
	{ 0x3000, 0x3000 },
};

/* Control, format, private and surrogate code points, and all blanks but U+0020. */
static const struct range hidden[] = {
	{ 0x0, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x600, 0x605 }, { 0x61c, 0x61c },
	{ 0x6dd, 0x6dd }, { 0x70f, 0x70f }, { 0x890, 0x891 }, { 0x8e2, 0x8e2 },
	{ 0x1680, 0x1680 }, { 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
	{ 0x205f, 0x2064 }, { 0x2066, 0x206f }, { 0x3000, 0x3000 }, { 0xd800, 0xf8ff },
	{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff }, { 0x110bd, 0x110bd },
	{ 0x110cd, 0x110cd }, { 0x13430, 0x13438 }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f },
	{ 0xf0000, 0x10ffff },
};

static bool
utf8_in(const struct range *ranges, size_t n, uint32_t code)
{
	size_t i;

	for (i = 0; i < n && ranges[i].first <= code; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

bool
utf8_is_space(uint32_t code)
{
	return utf8_in(spaces, nitems(spaces), code);
}

bool
utf8_is_printable(uint32_t code)
{
	return !utf8_in(hidden, nitems(hidden), code);
}

size_t
utf8_decode(const char *s, size_t n, uint32_t *code)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0x0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	const unsigned char *u = (const unsigned char *)s;
	size_t len, i;

	if (n == 0)
		return 0;
	for (len = 0; len < nitems(forms); len++)
		if ((u[0] & forms[len].mask) == forms[len].lead)
			break;
	if (len == nitems(forms) || ++len > n)
		return 0;
	*code = u[0] & (unsigned char)~forms[len - 1].mask;
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (u[i] & 0x3f);
	}
	if (*code < forms[len - 1].least || *code > 0x10ffff)
		return 0;
	return *code >= 0xd800 && *code <= 0xdfff ? 0 : len;
}

/* The well-formed sequences of Unicode's table 3-7, sorted: lead bytes, the bounds of the
 * second byte, and the length. */
static const struct sequence {
	unsigned char lead_low, lead_high, second_low, second_high;
	unsigned length;
} sequences[] = {
	{0x00, 0x7f, 0, 0, 1},
	{0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t
utf8_sequence(const char *s, size_t n, bool *whole, bool *cut)
{
	const unsigned char *bytes = (const unsigned char *)s;
	const struct sequence *seq = sequences;
	size_t i;

	*whole = *cut = false;
	while (seq < sequences + nitems(sequences) && bytes[0] > seq->lead_high)
		seq++;
	if (seq == sequences + nitems(sequences) || bytes[0] < seq->lead_low)
		return 1;
	for (i = 1; i < seq->length && i < n; i++) {
		unsigned char low = i == 1 ? seq->second_low : 0x80;
		unsigned char high = i == 1 ? seq->second_high : 0xbf;

		if (bytes[i] < low || bytes[i] > high)
			return i;
	}
	*cut = i < seq->length;
	*whole = !*cut;
	return i;
}

size_t
utf8_decode_last(const char *s, size_t n, uint32_t *code)
{
	size_t len = 1;

	while (len < n && len < UTF8_MAX && ((unsigned char)s[n - len] & 0xc0) == 0x80)
		len++;
	return n > 0 && utf8_decode(s + n - len, len, code) == len ? len : 0;
}

size_t
utf8_space_first(const char *s, size_t n)
{
	uint32_t code;
	size_t len = utf8_decode(s, n, &code);

	return len > 0 && utf8_is_space(code) ? len : 0;
}

size_t
utf8_space_last(const char *s, size_t n)
{
	uint32_t code;
	size_t len = utf8_decode_last(s, n, &code);

	return len > 0 && utf8_is_space(code) ? len : 0;
}
