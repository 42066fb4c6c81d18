#include "master/child/printer.h"

#include "common/log.h"
#include "common/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
printer_init(struct printer *printer)
{
	*printer = (struct printer){ 0 };
	buf_init(&printer->line, PRINTER_LINE_MAX);
}

void
printer_clear(struct printer *printer)
{
	free(printer->prefix);
	buf_clear(&printer->line);
	printer_init(printer);
}

bool
printer_is_sound(const struct printer *printer)
{
	return buf_len(&printer->line) < PRINTER_LINE_MAX;
}

static void
printer_print(struct printer *printer, printer_fn *print, void *ctx)
{
	const char *prefix = printer->prefix != NULL ? printer->prefix : "";
	struct buf line = { 0 };

	if (buf_puts(&line, prefix) == 0 &&
	    buf_append(&line, buf_data(&printer->line), buf_len(&printer->line)) == 0 &&
	    buf_putc(&line, '\n') == 0)
		print(ctx, buf_data(&line), buf_len(&line));
	else
		log_limited(&printer->losses, LEVEL_ERROR,
		    "a listener's result is not printed: %s", strerror(ENOMEM));
	buf_clear(&line);
	buf_consume(&printer->line, buf_len(&printer->line));
}

/* The value of the token "KEY:VALUE" and its length; NULL when the token is missing. */
static const char *
printer_token(const struct buf *line, const char *key, size_t *n)
{
	const char *at = buf_data(line), *end = at + buf_len(line);
	size_t len = strlen(key), word;

	while (at < end) {
		for (word = 0; at + word < end && at[word] != ' '; word++)
			;
		if (word > len && memcmp(at, key, len) == 0 && at[len] == ':') {
			*n = word - len - 1;
			return at + len + 1;
		}
		at += word + 1;
	}
	return NULL;
}

/* The line of tokens is complete. For an event that is not output there is no prefix, and
 * that line is printed as well. */
static void
printer_begin(struct printer *printer, printer_fn *print, void *ctx)
{
	size_t nname, nchannel;
	const char *name = printer_token(&printer->line, "processname", &nname);
	const char *channel = printer_token(&printer->line, "channel", &nchannel);

	if (name == NULL || channel == NULL) {
		printer_print(printer, print, ctx);
		printer->prefix = strdup("");
		return;
	}
	printer->prefix =
	    mem_printf("%.*s %.*s | ", (int)nname, name, (int)nchannel, channel);
	buf_consume(&printer->line, buf_len(&printer->line));
}

void
printer_feed(
    struct printer *printer, const char *bytes, size_t n, printer_fn *print, void *ctx)
{
	while (n > 0) {
		size_t space = PRINTER_LINE_MAX - buf_len(&printer->line);
		size_t part = n < space ? n : space;
		const char *newline = memchr(bytes, '\n', part);

		if (newline != NULL)
			part = (size_t)(newline - bytes);
		if (buf_append(&printer->line, bytes, part) == -1)
			log_limited(&printer->losses, LEVEL_ERROR,
			    "a listener's result is not printed: %s", strerror(errno));
		part += newline != NULL;
		bytes += part;
		n -= part;
		if (newline == NULL && buf_len(&printer->line) < PRINTER_LINE_MAX)
			continue;
		if (printer->prefix == NULL)
			printer_begin(printer, print, ctx);
		else
			printer_print(printer, print, ctx);
	}
}

void
printer_end(struct printer *printer, printer_fn *print, void *ctx)
{
	if (buf_len(&printer->line) > 0)
		printer_print(printer, print, ctx);
	printer_clear(printer);
}
