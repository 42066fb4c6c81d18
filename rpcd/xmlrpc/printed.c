#include "rpcd/xmlrpc/printed.h"

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17 /* enough for any double */

/* Dates look different inside an array or a struct. */
static int printed_value(struct buf *, const json_t *, bool inside);

/* Writes the digits of a number with the point after the first `point` of them. */
static int
printed_plain(struct buf *out, const char *digits, int point)
{
	int n = (int)strlen(digits);

	if (point <= 0)
		return buf_printf(out, "0.%.*s%s", -point, "0000", digits);
	if (point >= n)
		return buf_printf(out, "%s%.*s.0", digits, point - n, "0000000000000000");
	return buf_printf(out, "%.*s.%s", point, digits, digits + point);
}

/* Writes the shortest digits that read back as the same number, as repr() does. */
static int
printed_real(struct buf *out, double number)
{
	char text[DIGITS_MAX + 16], digits[DIGITS_MAX + 1], *e;
	size_t n = 0;
	int exponent;

	for (int most = 0; most < DIGITS_MAX; most++) {
		snprintf(text, sizeof(text), "%.*e", most, fabs(number));
		if (strtod(text, NULL) == fabs(number))
			break;
	}
	e = strchr(text, 'e');
	exponent = (int)strtol(e + 1, NULL, 10);
	for (const char *c = text; c < e; c++)
		if (*c != '.')
			digits[n++] = *c;
	digits[n] = '\0';
	if (signbit(number) && buf_putc(out, '-') == -1)
		return -1;
	if (exponent >= -4 && exponent < 16)
		return printed_plain(out, digits, exponent + 1);
	return buf_printf(out, "%c%s%se%c%02d", digits[0], n > 1 ? "." : "", digits + 1,
	    exponent < 0 ? '-' : '+', abs(exponent));
}

static int
printed_date(struct buf *out, const char *text, bool inside)
{
	int year, month, day, hour, minute, second;

	if (sscanf(text, "%4d%2d%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute,
		&second) != 6)
		return buf_puts(out, text);
	if (!inside)
		return buf_printf(out, "%04d-%02d-%02d %02d:%02d:%02d", year, month, day,
		    hour, minute, second);
	if (second == 0)
		return buf_printf(out, "datetime.datetime(%d, %d, %d, %d, %d)", year, month,
		    day, hour, minute);
	return buf_printf(out, "datetime.datetime(%d, %d, %d, %d, %d, %d)", year, month,
	    day, hour, minute, second);
}

/* The text of a date, or of a double that JSON lacks (parse.h); NULL = an ordinary
 * value. */
static const char *
printed_special(const json_t *object, const char *kind)
{
	return json_object_size(object) == 1 ?
	    json_string_value(json_object_get(object, kind)) :
	    NULL;
}

static int
printed_quoted(struct buf *out, const char *text)
{
	char *quoted = str_repr(text);
	int r = quoted == NULL ? -1 : buf_puts(out, quoted);

	free(quoted);
	return r;
}

static int
printed_array(struct buf *out, const json_t *array)
{
	int failed = buf_putc(out, '[');

	for (size_t i = 0; i < json_array_size(array) && failed == 0; i++)
		failed = (i > 0 && buf_puts(out, ", ") == -1) ||
		    printed_value(out, json_array_get(array, i), true) == -1;
	return failed || buf_putc(out, ']') == -1 ? -1 : 0;
}

static int
printed_struct(struct buf *out, const json_t *object)
{
	json_t *unconst = (json_t *)(uintptr_t)object, *value; /* the iterator only reads */
	const char *key, *before = "{";

	json_object_foreach(unconst, key, value) {
		if (buf_puts(out, before) == -1 || printed_quoted(out, key) == -1 ||
		    buf_puts(out, ": ") == -1 || printed_value(out, value, true) == -1)
			return -1;
		before = ", ";
	}
	return buf_puts(out, json_object_size(object) == 0 ? "{}" : "}");
}

static int
printed_value(struct buf *out, const json_t *value, bool inside)
{
	const char *date = printed_special(value, "dateTime.iso8601");

	switch (json_typeof(value)) {
	case JSON_STRING:
		return printed_quoted(out, json_string_value(value));
	case JSON_INTEGER:
		return buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return printed_real(out, json_real_value(value));
	case JSON_TRUE:
		return buf_puts(out, "True");
	case JSON_FALSE:
		return buf_puts(out, "False");
	case JSON_ARRAY:
		return printed_array(out, value);
	case JSON_OBJECT:
		if (date != NULL)
			return printed_date(out, date, inside);
		if (printed_special(value, "double") != NULL)
			return buf_puts(out, printed_special(value, "double"));
		return printed_struct(out, value);
	case JSON_NULL:
		break;
	}
	return buf_puts(out, "None");
}

char *
printed_text(const json_t *value)
{
	struct buf out;

	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	buf_init(&out, 0);
	if (printed_value(&out, value, false) == 0)
		return buf_steal(&out);
	buf_clear(&out);
	return NULL;
}
