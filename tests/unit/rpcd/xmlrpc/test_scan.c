/* Xmlscan: pieces end between tokens; tokens that are too long are refused. */
#include "rpcd/xmlrpc/scan.h"

#include "common/mem.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* New: `before`, then `fill` n times, then `behind`. */
static char *
filled(const char *before, const char *fill, size_t times, const char *behind)
{
	size_t begin = strlen(before), n = strlen(fill), len = begin + n * times;
	char *text = xmalloc(len + strlen(behind) + 1);

	memcpy(text, before, begin);
	for (size_t i = 0; i < times; i++)
		memcpy(text + begin + n * i, fill, n);
	memcpy(text + len, behind, strlen(behind) + 1);
	return text;
}

static const struct {
	const char *before, *fill;
	size_t times;
	const char *behind;
	size_t longest;		/* length of its pieces */
	const char *why;
} rows[] = {
	{"<a>", "text", 50000, "</a>", XMLSCAN_PIECE, NULL},
	{"<a>", "\xe2\x82\xac", 50000, "</a>", XMLSCAN_PIECE, NULL},
	{"<a>", "<b/>", 50000, "</a>", XMLSCAN_PIECE + 4, NULL},
	{"<a>", "<bcdefghijkl m='n>'>&amp;</bcdefghijkl>", 5000, "</a>",
	    XMLSCAN_PIECE + 20, NULL},
	{"<a><![CDATA[", "]] > ]>", 10000, "]]></a>", XMLSCAN_PIECE, NULL},
	{"<a><![CDATA[", "]", 50000, "]]></a>", XMLSCAN_PIECE + 2, NULL},
	{"\xef\xbb\xbf", " \t\r\n", 20000, "<a/>", XMLSCAN_PIECE + 3, NULL},
	{"<!--", " - > ", 10000, "--><a/>", XMLSCAN_COMMENT_MAX, NULL},
	{"<a b='", "x", XMLSCAN_TAG_MAX - 10, "'/>", XMLSCAN_PIECE, NULL},
	{"<a", "", 0, "", XMLSCAN_PIECE, NULL},
	{"<a>&am", "", 0, "", XMLSCAN_PIECE, NULL},
	{"<a b='", "x", XMLSCAN_TAG_MAX, "'/>", 0, "a tag that is too long"},
	{"<a b='", ">", XMLSCAN_TAG_MAX, "'/>", 0, "a tag that is too long"},
	{"<", "a", 4000000, "", 0, "a tag that is too long"},
	{"<a></", "a", 4000000, ">", 0, "a tag that is too long"},
	{"<a>&", "a", 4000000, "", XMLSCAN_PIECE, "a reference that is too long"},
	{"<!--", "a", 4000000, "-->", 0, "a comment that is too long"},
	{"<?", "a", 4000000, "?>", 0, "a processing instruction that is too long"},
	{"<!DOCTYPE ", "a", 4000000, ">", 0, "a document type declaration"},
	{"", "a", 4000000, "", 0, "text outside of the element"},
	{"<a/>", "a", 4000000, "", 0, "text outside of the element"},
	{"<a></a>", "a", 4000000, "", 0, "text outside of the element"},
};

static void
check_row(size_t row)
{
	char *text =
	    filled(rows[row].before, rows[row].fill, rows[row].times, rows[row].behind);
	size_t len = strlen(text), at = 0, n, longest = 0;
	struct xmlscan scan;
	const char *why;

	xmlscan_init(&scan, text, len);
	while ((n = xmlscan_next(&scan, &why)) > 0) {
		assert_true(str_is_utf8(text + at, n));
		at += n;
		longest = n > longest ? n : longest;
	}
	if (!str_equal(why, rows[row].why))
		fail_msg("row %zu: %s", row, why);
	if (why == NULL)
		assert_int_equal(at, len);
	if (longest > rows[row].longest)
		fail_msg("row %zu: a piece of %zu bytes", row, longest);
	free(text);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(rows); i++)
		check_row(i);
}

/* The end of a token is found when it crosses the border of a piece. */
static void
test_cut_cdata(void **state)
{
	struct xmlscan scan;
	const char *why;

	(void)state;
	for (size_t n = XMLSCAN_PIECE - 20; n < XMLSCAN_PIECE; n++) {
		char *text = filled("<a><![CDATA[", "x", n, "]]></a>");

		xmlscan_init(&scan, text, strlen(text));
		while (xmlscan_next(&scan, &why) > 0)
			;
		assert_null(why);
		assert_false(scan.in_cdata);
		assert_int_equal(scan.depth, 0);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut_cdata),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
