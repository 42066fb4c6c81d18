#include "rpcd/xmlrpc/write.h"

#include "common/log.h"
#include "common/utf8.h"

#include <stdio.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"
/* A constant text and its length. */
#define TEXT(text) text, sizeof(text) - 1

void
xmlwrite_raw(struct buf *out, const char *xml, size_t n)
{
	if (buf_append(out, xml, n) < 0)
		fatal("out of memory for a reply of %zu bytes", buf_len(out));
}

/* ---- character data ---- */

/* The escapes of ASCII characters; NULL = written unchanged. */
static const char *const ascii_escapes[128] = {
	[0x00 ... 0x08] = REPLACEMENT,
	[0x0b] = REPLACEMENT,
	[0x0c] = REPLACEMENT,
	[0x0e ... 0x1f] = REPLACEMENT,
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
};

size_t
xmlwrite_escape(struct buf *out, const char *text, size_t n, bool last)
{
	const unsigned char *bytes = (const unsigned char *)text;
	const char *escape;
	bool whole, cut;
	size_t i, run;

	for (i = 0; i < n; i += run) {
		for (run = 0; i + run < n && bytes[i + run] < 128; run++)
			if (ascii_escapes[bytes[i + run]] != NULL)
				break;
		if (run > 0) {
			xmlwrite_raw(out, text + i, run);
			continue;
		}
		escape = bytes[i] < 128 ? ascii_escapes[bytes[i]] : REPLACEMENT;
		run = utf8_sequence(text + i, n - i, &whole, &cut);
		if (!last && cut)
			break;
		/* U+FFFE and U+FFFF are UTF-8 but not allowed in XML. */
		if (whole && run > 1 &&
		    (run != 3 || memcmp(text + i, "\xef\xbf", 2) != 0 ||
			bytes[i + 2] < 0xbe))
			xmlwrite_raw(out, text + i, run);
		else
			xmlwrite_raw(out, escape, strlen(escape));
	}
	return i;
}

/* ---- parts ---- */

#define PROLOG "<?xml version='1.0'?>\n<methodResponse>\n"
#define STRING_OPEN "<value><string>"
#define STRING_CLOSE "</string></value>\n"
#define INT_OPEN "<value><int>"
#define INT_CLOSE "</int></value>\n"
#define MEMBER_OPEN "<member>\n<name>"
#define MEMBER_NAMED "</name>\n"
#define MEMBER_CLOSE "</member>\n"

static const struct {
	const char *open;
	size_t open_len;
	const char *close;
	size_t close_len;
} parts[] = {
	[XMLWRITE_REPLY] = {TEXT(PROLOG "<params>\n<param>\n"),
	    TEXT("</param>\n</params>\n</methodResponse>\n")},
	[XMLWRITE_FAULT] = {TEXT(PROLOG "<fault>\n"),
	    TEXT("</fault>\n</methodResponse>\n")},
	[XMLWRITE_STRING] = {TEXT(STRING_OPEN), TEXT(STRING_CLOSE)},
	[XMLWRITE_ARRAY] = {TEXT("<value><array><data>\n"),
	    TEXT("</data></array></value>\n")},
	[XMLWRITE_STRUCT] = {TEXT("<value><struct>\n"), TEXT("</struct></value>\n")},
	[XMLWRITE_MEMBER] = {TEXT(MEMBER_OPEN), TEXT(MEMBER_CLOSE)},
};

void
xmlwrite_open(struct buf *out, enum xmlwrite_part part)
{
	xmlwrite_raw(out, parts[part].open, parts[part].open_len);
}

void
xmlwrite_close(struct buf *out, enum xmlwrite_part part)
{
	xmlwrite_raw(out, parts[part].close, parts[part].close_len);
}

void
xmlwrite_member_open(struct buf *out, const char *name)
{
	xmlwrite_open(out, XMLWRITE_MEMBER);
	xmlwrite_escape(out, name, strlen(name), true);
	xmlwrite_raw(out, TEXT(MEMBER_NAMED));
}

/* ---- values ---- */

static void
xmlwrite_digits(struct buf *out, int64_t number)
{
	char digits[20], *first = digits + sizeof(digits);
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		*--first = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--first = '-';
	xmlwrite_raw(out, first, (size_t)(digits + sizeof(digits) - first));
}

void
xmlwrite_string(struct buf *out, const char *s)
{
	xmlwrite_raw(out, TEXT(STRING_OPEN));
	xmlwrite_escape(out, s, strlen(s), true);
	xmlwrite_raw(out, TEXT(STRING_CLOSE));
}

void
xmlwrite_int(struct buf *out, int64_t number)
{
	xmlwrite_raw(out, TEXT(INT_OPEN));
	xmlwrite_digits(out, number);
	xmlwrite_raw(out, TEXT(INT_CLOSE));
}

void
xmlwrite_bool(struct buf *out, bool truth)
{
	xmlwrite_raw(out, TEXT("<value><boolean>"));
	xmlwrite_raw(out, truth ? "1" : "0", 1);
	xmlwrite_raw(out, TEXT("</boolean></value>\n"));
}

static void
xmlwrite_double(struct buf *out, double number)
{
	char text[400];
	int n =
	    snprintf(text, sizeof(text), "<value><double>%.17g</double></value>\n", number);

	xmlwrite_raw(out, text, (size_t)n);
}

/* The next functions write most of every reply, therefore in few pieces. */

/* Opens a member whose name needs no escapes, and what follows the name. */
static void
xmlwrite_named(struct buf *out, const char *name, const char *after, size_t n)
{
	size_t len = strlen(name), open = sizeof(MEMBER_OPEN) - 1;
	char *at = buf_reserve(out, open + len + n);

	if (at == NULL)
		fatal("out of memory for a reply of %zu bytes", buf_len(out));
	memcpy(mempcpy(mempcpy(at, MEMBER_OPEN, open), name, len), after, n);
	buf_commit(out, open + len + n);
}

void
xmlwrite_member_string(struct buf *out, const char *name, const char *value)
{
	xmlwrite_named(out, name, TEXT(MEMBER_NAMED STRING_OPEN));
	xmlwrite_escape(out, value, strlen(value), true);
	xmlwrite_raw(out, TEXT(STRING_CLOSE MEMBER_CLOSE));
}

void
xmlwrite_member_int(struct buf *out, const char *name, int64_t value)
{
	xmlwrite_named(out, name, TEXT(MEMBER_NAMED INT_OPEN));
	xmlwrite_digits(out, value);
	xmlwrite_raw(out, TEXT(INT_CLOSE MEMBER_CLOSE));
}

void
xmlwrite_member_number(struct buf *out, const char *name, int64_t value)
{
	if (value >= INT32_MIN && value <= INT32_MAX) {
		xmlwrite_member_int(out, name, value);
		return;
	}
	xmlwrite_member_open(out, name);
	xmlwrite_double(out, (double)value);
	xmlwrite_close(out, XMLWRITE_MEMBER);
}

void
xmlwrite_fault(struct buf *out, enum fault fault, const char *text)
{
	xmlwrite_open(out, XMLWRITE_STRUCT);
	xmlwrite_member_int(out, "faultCode", fault);
	xmlwrite_member_string(out, "faultString", text);
	xmlwrite_close(out, XMLWRITE_STRUCT);
}

void
xmlwrite_json(struct buf *out, const json_t *value)
{
	json_t *unconst = (json_t *)(uintptr_t)value, *inner; /* the iterators only read */
	const char *name;
	size_t i;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		xmlwrite_open(out, XMLWRITE_STRUCT);
		json_object_foreach(unconst, name, inner) {
			xmlwrite_member_open(out, name);
			xmlwrite_json(out, inner);
			xmlwrite_close(out, XMLWRITE_MEMBER);
		}
		xmlwrite_close(out, XMLWRITE_STRUCT);
		break;
	case JSON_ARRAY:
		xmlwrite_open(out, XMLWRITE_ARRAY);
		json_array_foreach(unconst, i, inner) {
			xmlwrite_json(out, inner);
		}
		xmlwrite_close(out, XMLWRITE_ARRAY);
		break;
	case JSON_STRING:
		xmlwrite_open(out, XMLWRITE_STRING);
		xmlwrite_escape(
		    out, json_string_value(value), json_string_length(value), true);
		xmlwrite_close(out, XMLWRITE_STRING);
		break;
	case JSON_INTEGER:
		xmlwrite_int(out, json_integer_value(value));
		break;
	case JSON_REAL:
		xmlwrite_double(out, json_real_value(value));
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
