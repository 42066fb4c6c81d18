#include "master/config/values/expand_format.h"

#include "common/mem.h"
#include "common/str.h"
#include "common/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
expand_format_take_flag(char c, struct expand_format *format)
{
	bool *const flags[] = {
		['-'] = &format->left,
		['+'] = &format->plus,
		[' '] = &format->space,
		['#'] = &format->alternate,
		['0'] = &format->zero,
	};
	size_t i = (unsigned char)c;

	if (i >= nitems(flags) || flags[i] == NULL)
		return false;
	*flags[i] = true;
	return true;
}

/* Reads the number at *at; -1 when it is above EXPAND_WIDTH_MAX. */
static int
expand_format_take_number(const char **at)
{
	int value = 0;

	for (; isdigit((unsigned char)**at); ++*at)
		if (value <= EXPAND_WIDTH_MAX)
			value = value * 10 + (**at - '0');
	return value <= EXPAND_WIDTH_MAX ? value : -1;
}

static size_t
expand_format_characters(const char *s, size_t bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static char *
expand_format_bad_letter(const char *text, const char *at)
{
	uint32_t code = (unsigned char)*at;

	utf8_decode(at, strlen(at), &code);
	return xasprintf("unsupported format character '%c' (0x%x) at index %zu",
	    code > 30 && code < 127 ? (int)code : '?', code,
	    expand_format_characters(text, (size_t)(at - text)));
}

char *
expand_format_parse(const char *text, const char **at, struct expand_format *format)
{
	*format = (struct expand_format){ .width = -1, .precision = -1 };
	if (**at == '%' && (*at)[-1] == '%') {
		format->letter = *(*at)++;
		return NULL;
	}
	while (expand_format_take_flag(**at, format))
		++*at;
	if (isdigit((unsigned char)**at) &&
	    (format->width = expand_format_take_number(at)) == -1)
		return xstrdup("width too big");
	if (**at == '.') {
		++*at;
		if ((format->precision = expand_format_take_number(at)) == -1)
			return xstrdup("precision too big");
	}
	if (**at == '*')
		return xstrdup((*at)[1] == '\0' ? "incomplete format" :
						  "not enough arguments for format string");
	if (**at != '\0' && strchr("hlL", **at) != NULL)
		++*at;
	if (**at == '\0')
		return xstrdup("incomplete format");
	if (strchr("diouxXeEfFgGcrsa", **at) == NULL)
		return expand_format_bad_letter(text, *at);
	format->letter = *(*at)++;
	return NULL;
}

/* The number of bytes of the first `count` characters. */
static size_t
expand_format_prefix(const char *s, size_t count)
{
	const char *p = s;

	for (; *p != '\0'; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && count-- == 0)
			break;
	return (size_t)(p - s);
}

/* Appends a value as Python does: blanks, sign, mark such as 0x, zeros, and so many bytes
 * of digits or text. */
static void
expand_format_put_parts(const struct expand_format *format, const char *sign,
    const char *mark, size_t zeros, const char *text, size_t bytes, struct buf *out)
{
	size_t used =
	    strlen(sign) + strlen(mark) + zeros + expand_format_characters(text, bytes);
	size_t width = format->width > 0 ? (size_t)format->width : 0;

	for (size_t i = used; !format->left && i < width; i++)
		mem_must(buf_putc(out, ' '));
	mem_must(buf_puts(out, sign));
	mem_must(buf_puts(out, mark));
	for (size_t i = 0; i < zeros; i++)
		mem_must(buf_putc(out, '0'));
	mem_must(buf_append(out, text, bytes));
	for (size_t i = used; format->left && i < width; i++)
		mem_must(buf_putc(out, ' '));
}

static void
expand_format_put_text(
    const struct expand_format *format, const struct expand_value *value, struct buf *out)
{
	char *shown = NULL;
	const char *s = value->text;
	size_t bytes;

	if (format->letter != 's' && !value->is_number)
		s = shown = str_repr(value->text);
	bytes = strlen(s);
	if (format->precision >= 0)
		bytes = expand_format_prefix(s, (size_t)format->precision);
	expand_format_put_parts(format, "", "", 0, s, bytes, out);
	free(shown);
}

static void
expand_format_put_integer(
    const struct expand_format *format, int64_t number, struct buf *out)
{
	unsigned long long size = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	const char *sign = number < 0 ? "-" : format->plus ? "+" : format->space ? " " : "";
	const char *mark = format->letter == 'o' ? "0o" :
	    format->letter == 'x'                ? "0x" :
	    format->letter == 'X'                ? "0X" :
						   "";
	size_t n, used, zeros = 0, width = format->width > 0 ? (size_t)format->width : 0;
	char digits[32];

	snprintf(digits, sizeof(digits),
	    format->letter == 'o'     ? "%llo" :
		format->letter == 'x' ? "%llx" :
		format->letter == 'X' ? "%llX" :
					"%llu",
	    size);
	if (!format->alternate)
		mark = "";
	n = strlen(digits);
	used = strlen(sign) + strlen(mark) + n;
	if (format->precision > 0 && (size_t)format->precision > n)
		zeros = (size_t)format->precision - n;
	if (format->zero && !format->left && used + zeros < width)
		zeros = width - used;
	expand_format_put_parts(format, sign, mark, zeros, digits, n, out);
}

static char *
expand_format_wrong_type(char letter, const char *type)
{
	if (letter == 'c')
		return xstrdup("%c requires int or char");
	if (strchr("eEfFgG", letter) != NULL)
		return xasprintf("must be real number, not %s", type);
	return xasprintf("%%%c format: %s is required, not %s", letter,
	    strchr("oxX", letter) != NULL ? "an integer" : "a real number", type);
}

char *
expand_format_apply(
    const struct expand_format *format, const struct expand_value *value, struct buf *out)
{
	bool is_text = strchr("sra", format->letter) != NULL;

	if (format->letter == '%') {
		mem_must(buf_putc(out, '%'));
		return NULL;
	}
	/* Python would show all names and values at once for a directive without a name. */
	if (value == NULL && is_text)
		return xstrdup("not enough arguments for format string");
	if (value == NULL)
		return expand_format_wrong_type(format->letter, "dict");
	if (is_text) {
		expand_format_put_text(format, value, out);
		return NULL;
	}
	if (!value->is_number)
		return expand_format_wrong_type(format->letter, "str");
	if (strchr("diuoxX", format->letter) == NULL)
		return xasprintf("%%%c is not supported", format->letter);
	expand_format_put_integer(format, value->number, out);
	return NULL;
}
