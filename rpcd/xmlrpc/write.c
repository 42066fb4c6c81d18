#include "rpcd/xmlrpc/write.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static void
put(struct buf *out, const char *bytes, size_t n)
{
	if (buf_append(out, bytes, n) < 0)
		fatal("out of memory for a reply of %zu bytes", buf_len(out));
}

static void
puts_to(struct buf *out, const char *s)
{
	put(out, s, strlen(s));
}

void
xmlwrite_raw(struct buf *out, const char *xml, size_t n)
{
	put(out, xml, n);
}

/* ---- character data ---- */

/* What a byte of ASCII is written as; NULL = as itself. */
static const char *const ascii_escapes[128] = {
	[0x00 ... 0x08] = REPLACEMENT,
	[0x0b] = REPLACEMENT,
	[0x0c] = REPLACEMENT,
	[0x0e ... 0x1f] = REPLACEMENT,
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
};

static const char *
escape_of(unsigned char c)
{
	return c < 128 ? ascii_escapes[c] : REPLACEMENT;
}

/* The well-formed sequences of Unicode's table 3-7: lead bytes, the bounds of the second
 * byte, and the length. */
static const struct sequence {
	unsigned char lead_low, lead_high, second_low, second_high;
	unsigned length;
} sequences[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3},
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct sequence *
sequence_find(unsigned char lead)
{
	for (size_t i = 0; i < nitems(sequences); i++)
		if (lead >= sequences[i].lead_low && lead <= sequences[i].lead_high)
			return &sequences[i];
	return NULL;
}

/* How many of the n bytes are the beginning of one sequence; *whole: all of it is there. */
static size_t
sequence_length(const unsigned char *bytes, size_t n, bool *whole)
{
	const struct sequence *seq = sequence_find(bytes[0]);
	size_t i;

	*whole = false;
	if (seq == NULL)
		return 1;
	for (i = 1; i < seq->length && i < n; i++) {
		unsigned char low = i == 1 ? seq->second_low : 0x80;
		unsigned char high = i == 1 ? seq->second_high : 0xbf;

		if (bytes[i] < low || bytes[i] > high)
			return i;
	}
	*whole = i == seq->length;
	return i;
}

/* True when the sequence ran out of bytes rather than broke. */
static bool
sequence_is_cut(const unsigned char *bytes, size_t length, size_t n)
{
	const struct sequence *seq = sequence_find(bytes[0]);

	return seq != NULL && length == n && length < seq->length;
}

/* U+FFFE and U+FFFF are UTF-8 but no XML. */
static bool
is_noncharacter(const unsigned char *bytes, size_t length)
{
	return length == 3 && bytes[0] == 0xef && bytes[1] == 0xbf && bytes[2] >= 0xbe;
}

static size_t
plain_run(const unsigned char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && bytes[i] < 128 && ascii_escapes[bytes[i]] == NULL)
		i++;
	return i;
}

size_t
xmlwrite_escape(struct buf *out, const char *text, size_t n, bool last)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t i = 0;

	while (i < n) {
		size_t run = plain_run(bytes + i, n - i);
		bool whole = false;

		if (run > 0)
			put(out, text + i, run);
		i += run;
		if (i == n)
			break;
		run = sequence_length(bytes + i, n - i, &whole);
		if (!last && !whole && sequence_is_cut(bytes + i, run, n - i))
			break;
		if (whole && !is_noncharacter(bytes + i, run))
			put(out, text + i, run);
		else
			puts_to(out, escape_of(bytes[i]));
		i += run;
	}
	return i;
}

/* ---- documents ---- */

#define PROLOG "<?xml version='1.0'?>\n<methodResponse>\n"

void
xmlwrite_head(struct buf *out)
{
	puts_to(out, PROLOG "<params>\n<param>\n");
}

void
xmlwrite_tail(struct buf *out)
{
	puts_to(out, "</param>\n</params>\n</methodResponse>\n");
}

void
xmlwrite_fault(struct buf *out, enum fault fault, const char *text)
{
	puts_to(out, PROLOG "<fault>\n");
	xmlwrite_fault_value(out, fault, text);
	puts_to(out, "</fault>\n</methodResponse>\n");
}

/* ---- values ---- */

#define STRING_OPEN "<value><string>"
#define STRING_CLOSE "</string></value>\n"
#define INT_OPEN "<value><int>"
#define INT_CLOSE "</int></value>\n"
#define MEMBER_OPEN "<member>\n<name>"
#define MEMBER_NAMED "</name>\n"
#define MEMBER_CLOSE "</member>\n"

static void
put_escaped(struct buf *out, const char *s)
{
	xmlwrite_escape(out, s, strlen(s), true);
}

static void
put_int(struct buf *out, int64_t number)
{
	char digits[20], *first = digits + sizeof(digits);
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		*--first = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--first = '-';
	put(out, first, (size_t)(digits + sizeof(digits) - first));
}

void
xmlwrite_string_open(struct buf *out)
{
	puts_to(out, STRING_OPEN);
}

void
xmlwrite_string_close(struct buf *out)
{
	puts_to(out, STRING_CLOSE);
}

void
xmlwrite_string(struct buf *out, const char *s)
{
	puts_to(out, STRING_OPEN);
	put_escaped(out, s);
	puts_to(out, STRING_CLOSE);
}

void
xmlwrite_int(struct buf *out, int64_t number)
{
	puts_to(out, INT_OPEN);
	put_int(out, number);
	puts_to(out, INT_CLOSE);
}

void
xmlwrite_bool(struct buf *out, bool truth)
{
	puts_to(out, truth ? "<value><boolean>1</boolean></value>\n" :
	    "<value><boolean>0</boolean></value>\n");
}

static void
put_double(struct buf *out, double number)
{
	char text[400];

	snprintf(text, sizeof(text), "<value><double>%.17g</double></value>\n", number);
	puts_to(out, text);
}

void
xmlwrite_array_open(struct buf *out)
{
	puts_to(out, "<value><array><data>\n");
}

void
xmlwrite_array_close(struct buf *out)
{
	puts_to(out, "</data></array></value>\n");
}

void
xmlwrite_struct_open(struct buf *out)
{
	puts_to(out, "<value><struct>\n");
}

void
xmlwrite_struct_close(struct buf *out)
{
	puts_to(out, "</struct></value>\n");
}

void
xmlwrite_member_open(struct buf *out, const char *name)
{
	puts_to(out, MEMBER_OPEN);
	put_escaped(out, name);
	puts_to(out, MEMBER_NAMED);
}

void
xmlwrite_member_close(struct buf *out)
{
	puts_to(out, MEMBER_CLOSE);
}

/* The two below are most of every reply: few pieces, and names that need no escape. */

void
xmlwrite_member_string(struct buf *out, const char *name, const char *value)
{
	puts_to(out, MEMBER_OPEN);
	puts_to(out, name);
	puts_to(out, MEMBER_NAMED STRING_OPEN);
	put_escaped(out, value);
	puts_to(out, STRING_CLOSE MEMBER_CLOSE);
}

void
xmlwrite_member_int(struct buf *out, const char *name, int64_t value)
{
	puts_to(out, MEMBER_OPEN);
	puts_to(out, name);
	puts_to(out, MEMBER_NAMED INT_OPEN);
	put_int(out, value);
	puts_to(out, INT_CLOSE MEMBER_CLOSE);
}

void
xmlwrite_member_number(struct buf *out, const char *name, int64_t value)
{
	if (value >= INT32_MIN && value <= INT32_MAX) {
		xmlwrite_member_int(out, name, value);
		return;
	}
	xmlwrite_member_open(out, name);
	put_double(out, (double)value);
	xmlwrite_member_close(out);
}

void
xmlwrite_fault_value(struct buf *out, enum fault fault, const char *text)
{
	xmlwrite_struct_open(out);
	xmlwrite_member_int(out, "faultCode", fault);
	xmlwrite_member_string(out, "faultString", text);
	xmlwrite_struct_close(out);
}

static void
put_array(struct buf *out, const json_t *array)
{
	xmlwrite_array_open(out);
	for (size_t i = 0; i < json_array_size(array); i++)
		xmlwrite_json(out, json_array_get(array, i));
	xmlwrite_array_close(out);
}

static void
put_struct(struct buf *out, const json_t *object)
{
	json_t *unconst = (json_t *)(uintptr_t)object; /* the iterator only reads */
	const char *name;
	json_t *value;

	xmlwrite_struct_open(out);
	json_object_foreach(unconst, name, value) {
		xmlwrite_member_open(out, name);
		xmlwrite_json(out, value);
		xmlwrite_member_close(out);
	}
	xmlwrite_struct_close(out);
}

static void
put_string_json(struct buf *out, const json_t *string)
{
	xmlwrite_string_open(out);
	xmlwrite_escape(out, json_string_value(string), json_string_length(string), true);
	xmlwrite_string_close(out);
}

void
xmlwrite_json(struct buf *out, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_struct(out, value);
		break;
	case JSON_ARRAY:
		put_array(out, value);
		break;
	case JSON_STRING:
		put_string_json(out, value);
		break;
	case JSON_INTEGER:
		xmlwrite_int(out, json_integer_value(value));
		break;
	case JSON_REAL:
		put_double(out, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		xmlwrite_bool(out, json_is_true(value));
		break;
	case JSON_NULL:
		xmlwrite_string(out, "");
		break;
	}
}
