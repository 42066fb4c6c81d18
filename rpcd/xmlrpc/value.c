#include "rpcd/xmlrpc/value.h"

#include "common/base64.h"
#include "common/mem.h"
#include "common/str.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

json_t *
xmlvalue_int(const char *text, size_t len)
{
	int64_t number;

	if (len > XMLVALUE_NUMBER_MAX || str_to_int(text, &number) < 0)
		return NULL;
	return json_integer(number);
}

json_t *
xmlvalue_boolean(const char *text, size_t len UNUSED)
{
	return json_boolean(strcmp(text, "1") == 0);
}

json_t *
xmlvalue_string(const char *text, size_t len)
{
	return json_stringn(text, len);
}

/* ---- double ---- */

/* Copies digits without the single underscores that Python lets stand between them. Returns
 * the end of what was read, or NULL when an underscore stands elsewhere. */
static const char *
xmlvalue_copy_digits(const char *s, char **out)
{
	const char *first = s;

	for (; isdigit((unsigned char)*s) || *s == '_'; s++) {
		if (*s != '_')
			*(*out)++ = *s;
		else if (s == first || s[-1] == '_' || !isdigit((unsigned char)s[1]))
			return NULL;
	}
	return s;
}

/* [digits][.digits][e[sign]digits], with a digit before the exponent. */
static const char *
xmlvalue_copy_number(const char *s, char **out)
{
	char *start = *out;
	const char *exponent;

	if ((s = xmlvalue_copy_digits(s, out)) == NULL)
		return NULL;
	if (*s == '.') {
		bool had_digits = *out > start;

		*(*out)++ = *s++;
		if (*s == '_' || (s = xmlvalue_copy_digits(s, out)) == NULL)
			return NULL;
		if (!had_digits && *out == start + 1)
			return NULL;
	}
	if (*out == start)
		return NULL;
	if (*s != 'e' && *s != 'E')
		return s;
	*(*out)++ = *s++;
	if (*s == '+' || *s == '-')
		*(*out)++ = *s++;
	exponent = s;
	s = xmlvalue_copy_digits(s, out);
	return s == exponent ? NULL : s;
}

json_t *
xmlvalue_double(const char *text, size_t len)
{
	char digits[XMLVALUE_NUMBER_MAX + 1], *out = digits;
	const char *s = text, *end = text + len;
	bool negative;
	size_t left;
	double number;

	if (len > XMLVALUE_NUMBER_MAX)
		return NULL;
	while (isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	negative = *s == '-';
	if (*s == '-' || *s == '+')
		*out++ = *s++;
	left = (size_t)(end - s);
	if (left == 3 && strncasecmp(s, "nan", left) == 0)
		return json_pack("{ss}", "double", "nan");
	if ((left == 3 && strncasecmp(s, "inf", left) == 0) ||
	    (left == 8 && strncasecmp(s, "infinity", left) == 0))
		return json_pack("{ss}", "double", negative ? "-inf" : "inf");
	if (xmlvalue_copy_number(s, &out) != end)
		return NULL;
	*out = '\0';
	number = strtod(digits, NULL);
	if (isinf(number))
		return json_pack("{ss}", "double", negative ? "-inf" : "inf");
	return json_real(number);
}

/* ---- dateTime.iso8601 ---- */

static int
xmlvalue_two_digits(const char *s)
{
	return (s[0] - '0') * 10 + (s[1] - '0');
}

static int
xmlvalue_days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* True when the text has digits where the pattern has 0 and is like it elsewhere. */
static bool
xmlvalue_looks_like(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; text++, pattern++)
		if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern)
			return false;
	return *text == '\0';
}

json_t *
xmlvalue_datetime(const char *text, size_t len UNUSED)
{
	int year, month, day;

	if (!xmlvalue_looks_like(text, "00000000T00:00:00"))
		return NULL;
	year = xmlvalue_two_digits(text) * 100 + xmlvalue_two_digits(text + 2);
	month = xmlvalue_two_digits(text + 4);
	day = xmlvalue_two_digits(text + 6);
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > xmlvalue_days_of(year, month))
		return NULL;
	if (xmlvalue_two_digits(text + 9) > 23 || xmlvalue_two_digits(text + 12) > 59 ||
	    xmlvalue_two_digits(text + 15) > 59)
		return NULL;
	return json_pack("{ss}", "dateTime.iso8601", text);
}

/* ---- base64 ---- */

json_t *
xmlvalue_base64(const char *text, size_t len)
{
	char *bytes = xmalloc(len);
	ssize_t n = base64_decode(text, len, bytes);
	json_t *value = NULL;

	if (n >= 0 && memchr(bytes, '\0', (size_t)n) == NULL)
		value = json_stringn(bytes, (size_t)n); /* NULL when not UTF-8 */
	free(bytes);
	return value;
}
