#include "master/expand_format.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/expand.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void
must(int status)
{
	if (status != 0)
		abort();
}

static bool
take_flag(char c, struct expand_format *format)
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

/* Digits at *at; -1 when they ask for too much. */
static int
take_number(const char **at)
{
	int value = 0;

	for (; isdigit((unsigned char)**at); ++*at)
		if (value <= EXPAND_WIDTH_MAX)
			value = value * 10 + (**at - '0');
	return value <= EXPAND_WIDTH_MAX ? value : -1;
}

static char *
bad_letter(const char *text, const char *at)
{
	unsigned char c = (unsigned char)*at;
	size_t chars = 0;

	for (const char *p = text; p < at; p++)
		chars += ((unsigned char)*p & 0xc0) != 0x80;
	return xasprintf("unsupported format character '%c' (0x%x) at index %zu",
	    c > 30 && c < 127 ? c : '?', c, chars);
}

char *
expand_format_parse(const char *text, const char **at, struct expand_format *format)
{
	*format = (struct expand_format){ .width = -1, .precision = -1 };
	while (take_flag(**at, format))
		++*at;
	if (isdigit((unsigned char)**at) && (format->width = take_number(at)) == -1)
		return xstrdup("width too big");
	if (**at == '.') {
		++*at;
		if ((format->precision = take_number(at)) == -1)
			return xstrdup("precision too big");
	}
	if (**at == '*')
		return xstrdup("* wants int");
	if (**at != '\0' && strchr("hlL", **at) != NULL)
		++*at;
	if (**at == '\0')
		return xstrdup("incomplete format");
	if (strchr("diouxXeEfFgGcrsa%", **at) == NULL)
		return bad_letter(text, *at);
	format->letter = *(*at)++;
	return NULL;
}

static size_t
characters(const char *s)
{
	size_t count = 0;

	for (; *s != '\0'; s++)
		count += ((unsigned char)*s & 0xc0) != 0x80;
	return count;
}

/* Bytes of the first `count` characters. */
static size_t
prefix(const char *s, size_t count)
{
	const char *p = s;

	for (; *p != '\0'; p++)
		if (((unsigned char)*p & 0xc0) != 0x80 && count-- == 0)
			break;
	return (size_t)(p - s);
}

static void
put_padded(const struct expand_format *format, const char *s, size_t bytes, struct buf *out)
{
	char *cut = xstrndup(s, bytes);
	size_t width = format->width > 0 ? (size_t)format->width : 0;
	size_t used = characters(cut);

	for (size_t i = used; !format->left && i < width; i++)
		must(buf_putc(out, ' '));
	must(buf_puts(out, cut));
	for (size_t i = used; format->left && i < width; i++)
		must(buf_putc(out, ' '));
	free(cut);
}

static void
put_text(const struct expand_format *format, const struct expand_value *value,
    struct buf *out)
{
	char *shown = NULL;
	const char *s = value->text;
	size_t bytes;

	if (format->letter != 's' && !value->is_number)
		s = shown = str_repr(value->text);
	bytes = strlen(s);
	if (format->precision >= 0)
		bytes = prefix(s, (size_t)format->precision);
	put_padded(format, s, bytes, out);
	free(shown);
}

/* Numbers are left to printf, which agrees with Python for the integers that occur here. */
static void
put_number(const struct expand_format *format, int64_t number, struct buf *out)
{
	char spec[32], *shown, *p = spec;

	*p++ = '%';
	for (const char *f = "-+ #0"; *f != '\0'; f++)
		if ((*f == '-' && format->left) || (*f == '+' && format->plus) ||
		    (*f == ' ' && format->space) || (*f == '#' && format->alternate) ||
		    (*f == '0' && format->zero))
			*p++ = *f;
	p = stpcpy(p, format->precision >= 0 ? "*.*ll" : "*ll");
	*p++ = strchr("iu", format->letter) != NULL ? 'd' : format->letter;
	*p = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (format->precision >= 0)
		shown = xasprintf(spec, format->width > 0 ? format->width : 0,
		    format->precision, (long long)number);
	else
		shown = xasprintf(spec, format->width > 0 ? format->width : 0,
		    (long long)number);
#pragma GCC diagnostic pop
	must(buf_puts(out, shown));
	free(shown);
}

static char *
wrong_type(char letter)
{
	if (letter == 'c')
		return xstrdup("%c requires int or char");
	if (strchr("eEfFgG", letter) != NULL)
		return xstrdup("must be real number, not str");
	return xasprintf("%%%c format: %s is required, not str", letter,
	    strchr("oxX", letter) != NULL ? "an integer" : "a real number");
}

char *
expand_format_apply(const struct expand_format *format, const struct expand_value *value,
    struct buf *out)
{
	if (format->letter == '%') {
		must(buf_putc(out, '%'));
		return NULL;
	}
	if (value == NULL)
		return xstrdup("not enough arguments for format string");
	if (strchr("sra", format->letter) != NULL) {
		put_text(format, value, out);
		return NULL;
	}
	if (!value->is_number)
		return wrong_type(format->letter);
	if (strchr("diuoxX", format->letter) == NULL)
		return xasprintf("%%%c is not supported", format->letter);
	put_number(format, value->number, out);
	return NULL;
}
