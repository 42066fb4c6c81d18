#include "rpcd/xmlrpc/value.h"

#include "common/base64.h"
#include "common/mem.h"
#include "common/str.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
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

/* Copies digits without the single underscores that Python allows between them. Returns the
 * end of the digits, or NULL when an underscore is elsewhere. */
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

json_t *
xmlvalue_datetime(const char *text, size_t len UNUSED)
{
	static const char pattern[] = "00000000T00:00:00";
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year, month, day, hour, minute, second;
	bool leap;
	size_t i;

	/* The pattern has 0 for a digit. sscanf alone would accept blanks and signs. */
	for (i = 0; pattern[i] != '\0'; i++)
		if (pattern[i] == '0' ? !isdigit((unsigned char)text[i]) :
					text[i] != pattern[i])
			return NULL;
	if (text[i] != '\0' ||
	    sscanf(text, "%4d%2d%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute,
		&second) != 6 ||
	    year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 ||
	    second > 59)
		return NULL;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day > days[month - 1] + (month == 2 && leap ? 1 : 0))
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
