#include "rpcd/pages/html.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* The escapes of ASCII characters; NULL = written unchanged. */
static const char *const ascii_escapes[128] = {
	[0x00 ... 0x08] = REPLACEMENT,
	[0x0b ... 0x1f] = REPLACEMENT,
	[0x7f] = REPLACEMENT,
	['&'] = "&amp;",
	['<'] = "&lt;",
	['>'] = "&gt;",
	['"'] = "&quot;",
	['\''] = "&#39;",
};

void
html_raw(struct buf *out, const char *markup)
{
	mem_must(buf_puts(out, markup));
}

/* The number of leading bytes that are written unchanged. */
static size_t
html_plain(const char *text, size_t n)
{
	size_t len = 0, step;
	uint32_t code;

	while (len < n) {
		if ((unsigned char)text[len] < 0x80)
			step = ascii_escapes[(unsigned char)text[len]] == NULL;
		else
			step = utf8_decode(text + len, n - len, &code);
		if (step == 0)
			break;
		len += step;
	}
	return len;
}

void
html_bytes(struct buf *out, const char *text, size_t n)
{
	while (n > 0) {
		size_t plain = html_plain(text, n);
		unsigned char c;

		mem_must(buf_append(out, text, plain));
		text += plain;
		n -= plain;
		if (n == 0)
			return;
		c = (unsigned char)*text;
		html_raw(out, c < 0x80 ? ascii_escapes[c] : REPLACEMENT);
		text++;
		n--;
	}
}

void
html_text(struct buf *out, const char *text)
{
	html_bytes(out, text, strlen(text));
}

void
html_url(struct buf *out, const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	while (*text != '\0') {
		size_t plain = strspn(text, unreserved);

		mem_must(buf_append(out, text, plain));
		text += plain;
		if (*text == '\0')
			return;
		mem_must(buf_printf(out, "%%%02X", (unsigned char)*text));
		text++;
	}
}

void
html_attribute(struct buf *out, const char *name, const char *value)
{
	html_raw(out, " ");
	html_raw(out, name);
	html_raw(out, "=\"");
	html_text(out, value);
	html_raw(out, "\"");
}

char *
html_take(struct buf *out)
{
	char *text = buf_steal(out);

	mem_must(text == NULL);
	return text;
}
