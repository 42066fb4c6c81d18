#include "ctl/terminal/cells.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/utf8.h"

#include <stdint.h>
#include <string.h>

/* Characters that take no column, and those that take two (Unicode 15, East Asian
 * Width). */
static const struct cells_range {
	uint32_t first, last;
} cells_zero[] = {
	{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x610, 0x61a },
	{ 0x64b, 0x65f }, { 0x900, 0x902 }, { 0xe31, 0xe31 }, { 0xe34, 0xe3a },
	{ 0xe47, 0xe4e }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef },
}, cells_double[] = {
	{ 0x1100, 0x115f }, { 0x231a, 0x231b }, { 0x23e9, 0x23ec }, { 0x25fd, 0x25fe },
	{ 0x2614, 0x2615 }, { 0x2648, 0x2653 }, { 0x26aa, 0x26ab }, { 0x26bd, 0x26be },
	{ 0x2705, 0x2705 }, { 0x274c, 0x274c }, { 0x2753, 0x2755 }, { 0x2795, 0x2797 },
	{ 0x2e80, 0x303e }, { 0x3041, 0x33ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0xa4cf },
	{ 0xa960, 0xa97f }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

static bool
cells_has(const struct cells_range *ranges, size_t n, uint32_t code)
{
	for (size_t i = 0; i < n; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* The character at the beginning of the n bytes: how many of them it has, whether it can be
 * shown, and its columns. */
static size_t
cells_next(const char *text, size_t n, bool *shown, int *width)
{
	uint32_t code;
	size_t len = utf8_decode(text, n, &code);

	*shown = len > 0 && utf8_is_printable(code);
	*width = 1;
	if (*shown && code >= 0x300) {
		if (cells_has(cells_zero, nitems(cells_zero), code))
			*width = 0;
		else if (cells_has(cells_double, nitems(cells_double), code))
			*width = 2;
	}
	return len > 0 ? len : 1;
}

int
cells_width(const char *text)
{
	size_t left = strlen(text), len;
	int width = 0, one;
	bool shown;

	for (; left > 0; text += len, left -= len) {
		len = cells_next(text, left, &shown, &one);
		width += one;
	}
	return width;
}

static void
cells_fill(struct buf *out, int n)
{
	for (; n > 0; n--)
		mem_must(buf_putc(out, ' ') == -1);
}

void
cells_put(struct buf *out, const char *text, int width, bool right)
{
	int have = cells_width(text), used = 0, one;
	bool cut = have > width, shown;
	size_t left = strlen(text), len;

	if (width <= 0)
		return;
	if (right && !cut)
		cells_fill(out, width - have);
	for (; left > 0; text += len, left -= len) {
		len = cells_next(text, left, &shown, &one);
		if (cut && used + one > width - 1)
			break;
		mem_must((shown ? buf_append(out, text, len) : buf_putc(out, '?')) == -1);
		used += one;
	}
	if (cut) {
		mem_must(buf_putc(out, '~') == -1);
		used++;
	}
	if (!right || cut)
		cells_fill(out, width - used);
}
