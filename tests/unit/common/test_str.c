/* The cases are in tests/data/str, one file a function, with the results of Python or
 * supervisord. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"

struct text {
	size_t len;
	char bytes[512];
};

/* Writes the result of a case as its file has it. */
typedef void answer_fn(const struct text *input, struct text *got);

static void
text_decode(struct text *t, const char *from)
{
	unsigned byte;

	for (t->len = 0; *from != '\0'; t->len++) {
		assert_true(t->len < sizeof(t->bytes) - 1);
		if (*from == '\\' && sscanf(from, "\\x%2x", &byte) == 1) {
			t->bytes[t->len] = (char)byte;
			from += 4;
		} else {
			t->bytes[t->len] = *from++;
		}
	}
	t->bytes[t->len] = '\0';
}

static void
text_set(struct text *t, const char *s)
{
	t->len = strlen(s);
	assert_true(t->len < sizeof(t->bytes));
	memcpy(t->bytes, s, t->len + 1);
}

static void
text_number(struct text *t, int r, int64_t value)
{
	char number[32];

	(void)snprintf(number, sizeof(number), "%" PRId64, value);
	text_set(t, r == 0 ? number : errno == EINVAL ? "EINVAL" : "ERANGE");
}

static void
check_case(const char *file, char *line, answer_fn *answer)
{
	char *tab = strchr(line, '\t');
	struct text input, want, got, *exact;
	size_t size;

	assert_non_null(tab);
	*tab = '\0';
	text_decode(&input, line);
	text_decode(&want, tab + 1);
	/* The memory ends with the input, so that ASan reports a read beyond it. */
	size = offsetof(struct text, bytes) + input.len + 1;
	assert_non_null(exact = malloc(size));
	memcpy(exact, &input, size);
	answer(exact, &got);
	free(exact);
	if (got.len != want.len || memcmp(got.bytes, want.bytes, got.len) != 0)
		fail_msg(
		    "%s: [%s]: want [%s], got [%s]", file, line, want.bytes, got.bytes);
}

static void
check_file(const char *name, answer_fn *answer)
{
	char path[64], line[2048];
	size_t cases = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "tests/data/str/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		check_case(name, line, answer);
		cases++;
	}
	(void)fclose(f);
	assert_true(cases > 5);
}

static void
answer_int(const struct text *in, struct text *got)
{
	int64_t v = 0;
	int r = str_to_int(in->bytes, &v);

	text_number(got, r, v);
}

static void
answer_octal(const struct text *in, struct text *got)
{
	int64_t v = 0;
	int r = str_to_octal(in->bytes, &v);

	text_number(got, r, v);
}

static void
answer_size(const struct text *in, struct text *got)
{
	int64_t v = 0;
	int r = str_to_size(in->bytes, &v);

	text_number(got, r, v);
}

static void
answer_bool(const struct text *in, struct text *got)
{
	bool v = false;
	int r = str_to_bool(in->bytes, &v);

	text_number(got, r, v);
}

static void
answer_signal(const struct text *in, struct text *got)
{
	int v = 0, r = str_to_signal(in->bytes, &v);

	text_number(got, r, v);
}

static void
answer_signame(const struct text *in, struct text *got)
{
	char name[32];

	text_set(got, str_signal_name(atoi(in->bytes), name));
}

static void
answer_errno(const struct text *in, struct text *got)
{
	text_set(got, str_errno_name(atoi(in->bytes)));
}

static void
answer_repr(const struct text *in, struct text *got)
{
	char *repr = str_repr(in->bytes);

	assert_non_null(repr);
	text_set(got, repr);
	free(repr);
}

static void
answer_repr_bytes(const struct text *in, struct text *got)
{
	char *repr = str_repr_bytes(in->bytes, in->len);

	assert_non_null(repr);
	text_set(got, repr);
	free(repr);
}

static void
answer_strip(const struct text *in, struct text *got)
{
	char *copy = strdup(in->bytes);

	assert_non_null(copy);
	text_set(got, str_strip(copy));
	free(copy);
}

static void
answer_utf8(const struct text *in, struct text *got)
{
	text_set(got, str_is_utf8(in->bytes, in->len) ? "1" : "0");
}

static const struct {
	const char *file;
	answer_fn *answer;
} files[] = {
	{ "int", answer_int },
	{ "octal", answer_octal },
	{ "size", answer_size },
	{ "bool", answer_bool },
	{ "signal", answer_signal },
	{ "signame", answer_signame },
	{ "errno", answer_errno },
	{ "repr", answer_repr },
	{ "repr_bytes", answer_repr_bytes },
	{ "strip", answer_strip },
	{ "utf8", answer_utf8 },
};

static void
test_cases(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(files); i++)
		check_file(files[i].file, files[i].answer);
}

static void
test_errno_unknown(void **state)
{
	(void)state;
	assert_string_equal(str_errno_name(0), "E?");
	assert_string_equal(str_errno_name(-2), "E?");
	assert_string_equal(str_errno_name(4000), "E?");
}

/* Each signal is listed once, under the name to show. */
static void
test_signals_listed(void **state)
{
	const char *name;
	char shown[32];
	int signo, before = 0;
	size_t n = 0;

	(void)state;
	for (; (name = str_signal_listed(n)) != NULL; n++) {
		assert_int_equal(str_to_signal(name, &signo), 0);
		assert_true(signo > before);
		assert_string_equal(str_signal_name(signo, shown) + 3, name);
		before = signo;
	}
	assert_int_equal(n, 33);
	assert_int_equal(before, 64);
	assert_null(str_signal_listed(1000));
}

/* A text with sequences of one to four bytes is cut at a boundary for every length. */
static void
test_to_utf8(void **state)
{
	static const char *const texts[][2] = {
		{ "", "" }, { "plain", "plain" }, { "\xc3\xbc", "\xc3\xbc" },
		{ "a\xff" "b", "a\xef\xbf\xbd" "b" },
		{ "\xe4\xb8", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xfc\xc3\xbc", "\xef\xbf\xbd\xc3\xbc" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		char *text = str_to_utf8(texts[i][0]);

		assert_string_equal(text, texts[i][1]);
		free(text);
	}
}

static void
test_utf8_cut(void **state)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11 };
	size_t n;

	(void)state;
	for (n = 0; n < nitems(want); n++)
		assert_int_equal(str_utf8_cut(text, n), want[n]);
}

static void
test_make_plain(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "a b", "a b" },
		{ "\xc3\xa9\xe6\x97\xa5", "\xc3\xa9\xe6\x97\xa5" },
		{ "\x1b[1m\t\n\x7f", "?[1m?\n?" },
		{ "\xc2\x9b", "??" },
		{ "\xe2\x80\xae", "???" },
		{ "\xc2", "?" },
		{ "x\xe2\x80", "x??" },
		{ "\xf0\x9f\x98", "???" },
		{ "\xc2z", "?z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = strdup(rows[i][0]);

		assert_non_null(text);
		str_make_plain(text, "\n");
		assert_string_equal(text, rows[i][1]);
		free(text);
	}
}

static void
test_lower(void **state)
{
	char text[] = "aZ@[`{\xc3\x84 KB";

	(void)state;
	str_lower(text);
	assert_string_equal(text, "az@[`{\xc3\x84 kb");
}

static void
test_compare(void **state)
{
	(void)state;
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal(NULL, ""));
	assert_false(str_equal("", NULL));
	assert_true(str_equal("a", "a"));
	assert_false(str_equal("a", "A"));
	assert_true(str_starts("group:x", "group:"));
	assert_true(str_starts("x", ""));
	assert_false(str_starts("grou", "group:"));
}

static void
test_index(void **state)
{
	static const char *const texts[] = { "a", "", "b", "a" };

	(void)state;
	assert_int_equal(str_index("a", texts, 4), 0);
	assert_int_equal(str_index("b", texts, 4), 2);
	assert_int_equal(str_index("", texts, 4), 1);
	assert_int_equal(str_index("b", texts, 2), -1);
	assert_int_equal(str_index("A", texts, 4), -1);
	assert_int_equal(str_index("a", texts, 0), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_errno_unknown),
		cmocka_unit_test(test_signals_listed),
		cmocka_unit_test(test_to_utf8),
		cmocka_unit_test(test_utf8_cut),
		cmocka_unit_test(test_make_plain),
		cmocka_unit_test(test_lower),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
