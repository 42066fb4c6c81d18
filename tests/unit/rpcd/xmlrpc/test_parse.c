/* Xmlparse: the cases of tests/data/xmlrpc. The `want` of a valid case is the result of
 * supervisord's parser. */
#include "rpcd/xmlrpc/parse.h"

#include "tests/unit/rpcd/cases.h"

#include "common/buf.h"
#include "common/mem.h"
#include "rpcd/xmlrpc/value.h"

#define VALID "tests/data/xmlrpc/valid"
#define INVALID "tests/data/xmlrpc/invalid"

static void
check_valid(const struct case_files *files, void *ctx)
{
	char *method = NULL, *got, *dumped;
	json_t *params = NULL, *wanted;
	const char *why = "", *newline = strchr(files->want, '\n');
	json_t *read;

	if (xmlparse_call(ctx, files->input, files->input_len, &method, &params, &why) < 0)
		fail_msg("%s: refused: %s", files->name, why);
	assert_non_null(newline);
	wanted = json_loads(newline + 1, JSON_DECODE_ANY, NULL);
	assert_non_null(wanted);
	/* Compare as texts, so that 1.0 and 1.00 are equal. */
	dumped = json_dumps(params, JSON_COMPACT);
	read = json_loads(dumped, JSON_DECODE_ANY, NULL);
	got = xasprintf("%s\n%s", method, dumped);
	if (strncmp(files->want, method, (size_t)(newline - files->want)) != 0 ||
	    strlen(method) != (size_t)(newline - files->want) || !json_equal(read, wanted))
		fail_msg("%s:\nwant %s\ngot  %s", files->name, files->want, got);
	json_decref(wanted);
	json_decref(read);
	json_decref(params);
	free(dumped);
	free(method);
	free(got);
}

static void
check_invalid(const struct case_files *files, void *ctx)
{
	json_t *params = NULL;
	const char *why = "";
	char *method = NULL;

	if (xmlparse_call(ctx, files->input, files->input_len, &method, &params, &why) == 0)
		fail_msg("%s: accepted", files->name);
	if (strstr(why, files->want) == NULL)
		fail_msg("%s: want '%s', got '%s'", files->name, files->want, why);
	assert_null(method);
	assert_null(params);
}

static void
test_valid(void **state)
{
	cases_run(VALID, 25, check_valid, *state);
}

static void
test_invalid(void **state)
{
	cases_run(INVALID, 50, check_invalid, *state);
}

/* A refused document has no effect on the next one. */
static void
test_reuse(void **state)
{
	for (int i = 0; i < 3; i++) {
		case_run(INVALID, "member-three", check_invalid, *state);
		case_run(VALID, "struct", check_valid, *state);
		case_run(INVALID, "deep-65", check_invalid, *state);
	}
}

static void
refused(void *parser, struct buf *body, const char *want)
{
	json_t *params;
	const char *why;
	char *method;

	assert_int_equal(
	    xmlparse_call(parser, buf_data(body), buf_len(body), &method, &params, &why),
	    -1);
	assert_string_equal(why, want);
	buf_clear(body);
}

static void
test_bounds(void **state)
{
	struct buf body;

	buf_init(&body, 0);
	for (int i = 0; i < 1000000; i++)
		assert_int_equal(buf_puts(&body, "<a>"), 0);
	refused(*state, &body, "nested too deeply");
	assert_int_equal(buf_puts(&body, "<a>"), 0);
	for (int i = 0; i < XMLPARSE_ELEMENTS; i++)
		assert_int_equal(buf_puts(&body, "<b/>"), 0);
	assert_int_equal(buf_puts(&body, "</a>"), 0);
	refused(*state, &body, "too many elements");
}

/* Each of these costs expat more per byte than anything in XML-RPC. */
static void
test_bounds_of_tags(void **state)
{
	struct buf body;

	buf_init(&body, 0);
	assert_int_equal(buf_printf(&body, "<m a='%01100d'/>", 0), 0);
	refused(*state, &body, "a tag that is too long");
	assert_int_equal(buf_printf(&body, "<%01100d/>", 0), 0);
	refused(*state, &body, "a tag that is too long");
	assert_int_equal(buf_printf(&body, "<m>&%01100d;</m>", 0), 0);
	refused(*state, &body, "a reference that is too long");
	assert_int_equal(buf_puts(&body, "<m>"), 0);
	for (int i = 0; i < XMLPARSE_ATTRIBUTES; i++)
		assert_int_equal(buf_printf(&body, "<a b='%d'/>", i), 0);
	assert_int_equal(buf_puts(&body, "<a xmlns:c='d'/></m>"), 0);
	refused(*state, &body, "too many attributes");
	assert_int_equal(buf_puts(&body, "<m>"), 0);
	for (int i = 0; i < XMLPARSE_NAMES; i++)
		assert_int_equal(buf_printf(&body, "<name/><a%d/>", i), 0);
	assert_int_equal(buf_puts(&body, "</m>"), 0);
	refused(*state, &body, "too many names of elements");
	assert_int_equal(buf_puts(&body,
			     "<m><methodName>a</methodName><params><param>"
			     "<int>"),
	    0);
	for (int i = 0; i < XMLVALUE_NUMBER_MAX; i++)
		assert_int_equal(buf_puts(&body, " "), 0);
	assert_int_equal(buf_puts(&body, "1</int></param></params></m>"), 0);
	refused(*state, &body, "a value that is none of its type");
}

/* The same in steps of any size. */
static void
test_steps(void **state)
{
	static const char body[] =
	    "\xef\xbb\xbf<?xml version='1.0'?><!-- a > b -->"
	    "<m x='>'><methodName>a.b</methodName><params><param><value><![CDATA[<]]]]>&lt;"
	    "</value></param></params></m> <!----> ";
	json_t *params;
	const char *why;
	char *method;
	int rc = 0;

	xmlparse_begin(*state, body, strlen(body));
	while ((rc = xmlparse_read(*state, 1, &why)) == 0)
		;
	assert_int_equal(rc, 1);
	xmlparse_take(*state, &method, &params);
	assert_string_equal(method, "a.b");
	assert_string_equal(json_string_value(json_array_get(params, 0)), "<]]<");
	json_decref(params);
	free(method);
}

/* Expat passes a long text in pieces. */
static void
test_long_text(void **state)
{
	json_t *params;
	const char *why;
	struct buf body;
	char *method;

	buf_init(&body, 0);
	assert_int_equal(buf_puts(&body,
			     "<m><methodName>a.b</methodName><params><param>"
			     "<value><string>"),
	    0);
	for (int i = 0; i < 300000; i++)
		assert_int_equal(buf_puts(&body, "line &amp; \n"), 0);
	assert_int_equal(buf_puts(&body, "</string></value></param></params></m>"), 0);
	assert_int_equal(
	    xmlparse_call(*state, buf_data(&body), buf_len(&body), &method, &params, &why),
	    0);
	assert_int_equal(json_string_length(json_array_get(params, 0)), 300000 * 8);
	json_decref(params);
	free(method);
	buf_clear(&body);
}

static int
setup(void **state)
{
	*state = xmlparse_new(NULL);
	return 0;
}

static int
teardown(void **state)
{
	xmlparse_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_valid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_invalid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reuse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds_of_tags, setup, teardown),
		cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
