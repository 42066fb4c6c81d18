#include "common/str.h"

#include "common/buf.h"
#include "common/fail.h"
#include "common/hex.h"
#include "common/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The SIG* constants of Python's signal module without their prefix; supervisord accepts
 * all of them as signals, even SIG_DFL. The first name of a number is the one to show. The
 * signals to list come first, in the order of their numbers. */
static const struct {
	const char *name;
	int signo;
} signals[] = {
	{ "HUP", 1 }, { "INT", 2 }, { "QUIT", 3 }, { "ILL", 4 }, { "TRAP", 5 },
	{ "ABRT", 6 }, { "BUS", 7 }, { "FPE", 8 }, { "KILL", 9 }, { "USR1", 10 },
	{ "SEGV", 11 }, { "USR2", 12 }, { "PIPE", 13 }, { "ALRM", 14 }, { "TERM", 15 },
	{ "STKFLT", 16 }, { "CHLD", 17 }, { "CONT", 18 }, { "STOP", 19 }, { "TSTP", 20 },
	{ "TTIN", 21 }, { "TTOU", 22 }, { "URG", 23 }, { "XCPU", 24 }, { "XFSZ", 25 },
	{ "VTALRM", 26 }, { "PROF", 27 }, { "WINCH", 28 }, { "POLL", 29 }, { "PWR", 30 },
	{ "SYS", 31 }, { "RTMIN", 34 }, { "RTMAX", 64 },
	{ "IOT", 6 }, { "CLD", 17 }, { "IO", 29 },
	{ "_DFL", 0 }, { "_IGN", 1 }, { "_BLOCK", 0 }, { "_UNBLOCK", 1 }, { "_SETMASK", 2 },
};

/* The length of a blank that Python's int() skips, or 0. Unlike strip(), int() does not
 * skip the separators 0x1c to 0x1f. */
static size_t
str_blank(const char *s, size_t n)
{
	uint32_t code;
	size_t len = utf8_decode(s, n, &code);

	return len > 0 && utf8_is_space(code) && (code < 0x1c || code > 0x1f) ? len : 0;
}

static unsigned
str_digit(char c)
{
	return (unsigned char)c - (unsigned)'0';
}

/* One underscore is allowed between two digits. Returns the digits' length, 0 if none. */
static size_t
str_digits(const char *s, size_t n, unsigned base, uint64_t *value, bool *overflow)
{
	size_t i = 0;
	unsigned digit;

	*value = 0;
	*overflow = false;
	while (i < n && (digit = str_digit(s[i])) < base) {
		*overflow |= __builtin_mul_overflow(*value, (uint64_t)base, value);
		*overflow |= __builtin_add_overflow(*value, (uint64_t)digit, value);
		i++;
		if (i + 1 < n && s[i] == '_' && str_digit(s[i + 1]) < base)
			i++;
	}
	return i;
}

/* Python's int(text, base) for the n bytes. */
static int
str_parse(const char *s, size_t n, unsigned base, int64_t *value)
{
	bool negative = false, overflow;
	uint64_t magnitude, limit;
	size_t i = 0, len;

	while ((len = str_blank(s + i, n - i)) > 0)
		i += len;
	if (i < n && (s[i] == '+' || s[i] == '-'))
		negative = s[i++] == '-';
	/* "0o22", "0o_22" */
	if (base == 8 && n - i >= 3 && s[i] == '0' && (s[i + 1] == 'o' || s[i + 1] == 'O'))
		i += s[i + 2] == '_' ? 3 : 2;
	len = str_digits(s + i, n - i, base, &magnitude, &overflow);
	i += len;
	errno = EINVAL;
	if (len == 0)
		return -1;
	while ((len = str_blank(s + i, n - i)) > 0)
		i += len;
	if (i < n)
		return -1;
	limit = (uint64_t)INT64_MAX + negative;
	errno = ERANGE;
	if (overflow || magnitude > limit)
		return -1;
	*value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 0;
}

int
str_to_int(const char *s, int64_t *value)
{
	return str_parse(s, strlen(s), 10, value);
}

int
str_to_octal(const char *s, int64_t *value)
{
	return str_parse(s, strlen(s), 8, value);
}

int
str_to_bool(const char *s, bool *value)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" },
	};
	size_t i;
	int v;

	for (i = 0; i < nitems(words); i++) {
		for (v = 0; v < 2; v++) {
			if (strcasecmp(s, words[i][v]) == 0) {
				*value = v == 1;
				return 0;
			}
		}
	}
	return fail_with(EINVAL);
}

int
str_to_size(const char *s, int64_t *bytes)
{
	static const struct {
		const char *name;
		int64_t factor;
	} units[] = {
		{ "kb", INT64_C(1) << 10 },
		{ "mb", INT64_C(1) << 20 },
		{ "gb", INT64_C(1) << 30 },
	};
	size_t n = strlen(s), i;
	int64_t factor = 1, value;

	for (i = 0; n >= 2 && i < nitems(units); i++) {
		if (strcasecmp(s + n - 2, units[i].name) == 0) {
			factor = units[i].factor;
			n -= 2;
			break;
		}
	}
	if (str_parse(s, n, 10, &value) == -1)
		return -1;
	if (__builtin_mul_overflow(value, factor, bytes))
		return fail_with(ERANGE);
	return 0;
}

/* Finds the signal with a name of n bytes, in upper or lower case. */
static int
str_signal_number(const char *name, size_t n, int *signo)
{
	size_t i;

	if (n >= 3 && strncasecmp(name, "SIG", 3) == 0) {
		name += 3;
		n -= 3;
	}
	for (i = 0; i < nitems(signals); i++) {
		if (strlen(signals[i].name) == n &&
		    strncasecmp(signals[i].name, name, n) == 0) {
			*signo = signals[i].signo;
			return 0;
		}
	}
	return fail_with(EINVAL);
}

int
str_to_signal(const char *s, int *signo)
{
	char *copy, *name;
	int64_t number;
	int r;

	if (str_to_int(s, &number) == 0) {
		if ((number >= 0 && number <= 31) || number == 34 || number == 64) {
			*signo = (int)number;
			return 0;
		}
		return fail_with(ERANGE);
	}
	if (errno == ERANGE)
		return -1;
	copy = strdup(s);
	if (copy == NULL)
		return -1;
	name = str_strip(copy);
	r = str_signal_number(name, strlen(name), signo);
	free(copy);
	return r;
}

const char *
str_signal_name(int signo, char *buf)
{
	size_t i;

	for (i = 0; i < nitems(signals); i++) {
		if (signals[i].signo == signo && signals[i].name[0] != '_') {
			(void)snprintf(buf, 32, "SIG%s", signals[i].name);
			return buf;
		}
	}
	(void)snprintf(buf, 32, "signal %d", signo);
	return buf;
}

/* The signals to list are those before the first number that does not increase. */
const char *
str_signal_listed(size_t nth)
{
	if (nth >= nitems(signals))
		return NULL;
	for (size_t i = 1; i <= nth; i++)
		if (signals[i].signo <= signals[i - 1].signo)
			return NULL;
	return signals[nth].name;
}

/* For two errors, Python's errno.errorcode has another name than glibc. */
const char *
str_errno_name(int errnum)
{
	const char *name;

	if (errnum == EDEADLK)
		return "EDEADLOCK";
	if (errnum == EOPNOTSUPP)
		return "ENOTSUP";
	name = errnum > 0 ? strerrorname_np(errnum) : NULL;
	return name != NULL ? name : "E?";
}

/* The letter after the backslash in repr() of a str or of bytes; NUL = not so escaped. */
static char
str_repr_letter(char c, char quote)
{
	static const struct {
		char plain, letter;
	} escapes[] = { { '\t', 't' }, { '\n', 'n' }, { '\r', 'r' }, { '\\', '\\' } };

	for (size_t i = 0; i < nitems(escapes); i++)
		if (c == escapes[i].plain)
			return escapes[i].letter;
	return c == quote ? c : '\0';
}

static int
str_repr_code(struct buf *out, const char *s, size_t len, uint32_t code)
{
	if (utf8_is_printable(code))
		return buf_append(out, s, len);
	return buf_printf(out,
	    code <= 0xff       ? "\\x%02x" :
		code <= 0xffff ? "\\u%04x" :
				 "\\U%08x",
	    code);
}

/* Writes a byte that is not UTF-8 as the surrogate that Python decodes it to. */
static int
str_repr_text(struct buf *out, const char *s, size_t n, char quote)
{
	uint32_t code;
	size_t len;
	int r;

	for (; n > 0; s += len, n -= len) {
		char letter = str_repr_letter(*s, quote);

		len = letter != '\0' ? 1 : utf8_decode(s, n, &code);
		if (letter != '\0')
			r = buf_printf(out, "\\%c", letter);
		else if (len > 0)
			r = str_repr_code(out, s, len, code);
		else
			r = buf_printf(out, "\\udc%02x", (unsigned char)*s);
		if (r == -1)
			return -1;
		len = len > 0 ? len : 1;
	}
	return 0;
}

/* Writes one byte of input as one to four bytes at `to`; returns how many. */
static size_t
str_repr_byte(char *to, char byte, char quote)
{
	unsigned char c = (unsigned char)byte;
	char letter = str_repr_letter(byte, quote);

	to[0] = letter != '\0' || c < 0x20 || c >= 0x7f ? '\\' : byte;
	to[1] = letter != '\0' ? letter : 'x';
	to[2] = hex_digits[c >> 4];
	to[3] = hex_digits[c & 15];
	if (to[0] != '\\')
		return 1;
	return letter != '\0' ? 2 : 4;
}

/* Reserves once for all bytes, because children write megabytes of output. */
static int
str_repr_raw(struct buf *out, const char *s, size_t n, char quote)
{
	char *to = n <= SIZE_MAX / 4 ? buf_reserve(out, 4 * n + 1) : NULL;
	size_t len = 0;

	if (to == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		len += str_repr_byte(to + len, s[i], quote);
	buf_commit(out, len);
	return 0;
}

static char *
str_quoted(const char *s, size_t n, int (*body)(struct buf *, const char *, size_t, char))
{
	bool has_single = n > 0 && memchr(s, '\'', n) != NULL;
	char quote = has_single && memchr(s, '"', n) == NULL ? '"' : '\'', *text = NULL;
	struct buf out;

	buf_init(&out, 0);
	if (buf_putc(&out, quote) == 0 && body(&out, s, n, quote) != -1 &&
	    buf_putc(&out, quote) == 0)
		text = buf_steal(&out);
	buf_clear(&out);
	return text;
}

char *
str_repr(const char *s)
{
	return str_quoted(s, strlen(s), str_repr_text);
}

char *
str_repr_bytes(const void *bytes, size_t n)
{
	return str_quoted(bytes, n, str_repr_raw);
}

char *
str_strip(char *s)
{
	size_t n = strlen(s), len;

	while ((len = utf8_space_last(s, n)) > 0)
		n -= len;
	s[n] = '\0';
	while ((len = utf8_space_first(s, n)) > 0) {
		s += len;
		n -= len;
	}
	return s;
}

/* Skips ASCII, nearly all of the input, eight bytes at a time. */
bool
str_is_utf8(const char *s, size_t n)
{
	uint64_t word;
	uint32_t code;
	size_t len;

	for (; n > 0; s += len, n -= len) {
		for (; n >= sizeof(word); s += sizeof(word), n -= sizeof(word)) {
			memcpy(&word, s, sizeof(word));
			if (word & UINT64_C(0x8080808080808080))
				break;
		}
		len = n > 0 ? utf8_decode(s, n, &code) : 0;
		if (len == 0)
			return n == 0;
	}
	return true;
}

char *
str_to_utf8(const char *s)
{
	size_t n = strlen(s), len;
	struct buf out;
	uint32_t code;
	char *text = NULL;
	int failed = 0;

	buf_init(&out, 0);
	for (; n > 0 && failed == 0; s += len, n -= len) {
		len = utf8_decode(s, n, &code);
		failed =
		    len > 0 ? buf_append(&out, s, len) : buf_puts(&out, "\xef\xbf\xbd");
		len = len > 0 ? len : 1;
	}
	if (failed == 0)
		text = buf_steal(&out);
	buf_clear(&out);
	return text;
}

void
str_lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

void
str_make_plain(char *s, const char *kept)
{
	size_t n = strlen(s), len;
	uint32_t code;

	for (; n > 0; s += len, n -= len) {
		len = utf8_decode(s, n, &code);
		if (len > 0 && (utf8_is_printable(code) || strchr(kept, *s) != NULL))
			continue;
		len = len > 0 ? len : 1;
		memset(s, '?', len);
	}
}

size_t
str_utf8_cut(const char *s, size_t n)
{
	uint32_t code;

	while (n > 0 && utf8_decode_last(s, n, &code) == 0)
		n--;
	return n;
}

int
str_index(const char *s, const char *const texts[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, texts[i]) == 0)
			return (int)i;
	return -1;
}

bool
str_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}
