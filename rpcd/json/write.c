#include "rpcd/json/write.h"

#include "common/log.h"
#include "common/utf8.h"

#include <stdio.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

void
jsonwrite_raw(struct buf *out, const char *json, size_t n)
{
	if (buf_append(out, json, n) < 0)
		fatal("out of memory for a reply of %zu bytes", buf_len(out));
}

static void
jsonwrite_text(struct buf *out, const char *text)
{
	jsonwrite_raw(out, text, strlen(text));
}

/* Separates the next value or name from the one before: their last bytes are quotes,
 * brackets, digits and letters. */
static void
jsonwrite_comma(struct buf *out)
{
	size_t len = buf_len(out);

	if (len > 0 && strchr("[{:, \n", buf_data(out)[len - 1]) == NULL)
		jsonwrite_raw(out, ",", 1);
}

/* ---- strings ---- */

/* Whether the byte is written unchanged. */
static bool
jsonwrite_is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void
jsonwrite_ascii(struct buf *out, unsigned char byte)
{
	static const char shorts[][2] = {
	    {'"', '"'}, {'\\', '\\'}, {'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}};
	char text[JSONWRITE_ESCAPED + 1];

	for (size_t i = 0; i < nitems(shorts); i++)
		if ((unsigned char)shorts[i][0] == byte) {
			jsonwrite_raw(out, (char[]){ '\\', shorts[i][1] }, 2);
			return;
		}
	snprintf(text, sizeof(text), "\\u%04x", byte);
	jsonwrite_text(out, text);
}

size_t
jsonwrite_escape(struct buf *out, const char *text, size_t n, bool last)
{
	const unsigned char *bytes = (const unsigned char *)text;
	bool whole, cut;
	size_t i, run;

	for (i = 0; i < n; i += run) {
		for (run = 0; i + run < n && jsonwrite_is_plain(bytes[i + run]);)
			run++;
		if (run > 0) {
			jsonwrite_raw(out, text + i, run);
			continue;
		}
		if (bytes[i] < 128) {
			jsonwrite_ascii(out, bytes[i]);
			run = 1;
			continue;
		}
		run = utf8_sequence(text + i, n - i, &whole, &cut);
		if (!last && cut)
			break;
		if (whole)
			jsonwrite_raw(out, text + i, run);
		else
			jsonwrite_text(out, REPLACEMENT);
	}
	return i;
}

void
jsonwrite_open(struct buf *out, char bracket)
{
	jsonwrite_comma(out);
	jsonwrite_raw(out, &bracket, 1);
}

void
jsonwrite_string(struct buf *out, const char *s)
{
	jsonwrite_open(out, '"');
	jsonwrite_escape(out, s, strlen(s), true);
	jsonwrite_raw(out, "\"", 1);
}

void
jsonwrite_name(struct buf *out, const char *name)
{
	jsonwrite_string(out, name);
	jsonwrite_raw(out, ":", 1);
}

/* ---- other values ---- */

void
jsonwrite_number(struct buf *out, int64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)number);

	jsonwrite_comma(out);
	jsonwrite_raw(out, text, (size_t)n);
}

void
jsonwrite_bool(struct buf *out, bool truth)
{
	jsonwrite_comma(out);
	jsonwrite_text(out, truth ? "true" : "false");
}

void
jsonwrite_values(struct buf *out, const char *json, size_t n)
{
	jsonwrite_comma(out);
	jsonwrite_raw(out, json, n);
}

static int
jsonwrite_piece(const char *text, size_t n, void *out)
{
	jsonwrite_raw(out, text, n);
	return 0;
}

void
jsonwrite_value(struct buf *out, const json_t *value)
{
	jsonwrite_comma(out);
	if (json_dump_callback(
		value, jsonwrite_piece, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		fatal("out of memory for a reply");
}

void
jsonwrite_member_string(struct buf *out, const char *name, const char *value)
{
	jsonwrite_open(out, '"');
	jsonwrite_text(out, name);
	jsonwrite_raw(out, "\":\"", 3);
	jsonwrite_escape(out, value, strlen(value), true);
	jsonwrite_raw(out, "\"", 1);
}

void
jsonwrite_member_number(struct buf *out, const char *name, int64_t value)
{
	jsonwrite_open(out, '"');
	jsonwrite_text(out, name);
	jsonwrite_raw(out, "\":", 2);
	jsonwrite_number(out, value);
}
