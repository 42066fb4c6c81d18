/* Xmlrpc: the cases of tests/data/xmlresponse. The file `want` has the result as JSON,
 * "fault CODE TEXT", or "refused: REASON". */
#include "ctl/daemon/xmlrpc.h"

#include "tests/unit/ctl/daemon/mutate.h"
#include "tests/unit/rpcd/cases.h"

#include "common/buf.h"
#include "common/mem.h"

#include <ctype.h>

#define DATA "tests/data/xmlresponse"
#define CASES 120
#define MUTATIONS 80 /* of each case */

static const char begin[] = "<methodResponse><params><param><value>";
static const char end[] = "</value></param></params></methodResponse>";

/* New: the result of the response, as `want` has it. */
static char *
result_of(const char *bytes, size_t n)
{
	struct reply r = REPLY_NONE;
	const char *why = NULL;
	char *text;

	if (xmlrpc_read(bytes, n, &r, &why) == -1) {
		assert_null(r.result);
		assert_null(r.text);
		assert_non_null(why);
		return xasprintf("refused: %s", why);
	}
	assert_null(why);
	assert_true((r.result == NULL) == (r.fault != FAULT_NONE));
	text = r.fault != FAULT_NONE ? xasprintf("fault %d %s", (int)r.fault, r.text) :
				       json_dumps(r.result, JSON_ENCODE_ANY);
	assert_non_null(text);
	reply_clear(&r);
	return text;
}

static void
check(const struct case_files *files, void *ctx UNUSED)
{
	char *got = result_of(files->input, files->input_len);

	if (strcmp(got, files->want) != 0)
		fail_msg("%s:\nwant %s\ngot  %s", files->name, files->want, got);
	free(got);
}

static void
test_cases(void **state)
{
	(void)state;
	cases_run(DATA, CASES, check, NULL);
}

/* An incomplete response is rejected. */
static void
check_cut(const struct case_files *files, void *ctx UNUSED)
{
	size_t whole = files->input_len;

	while (whole > 0 && isspace((unsigned char)files->input[whole - 1]))
		whole--;
	for (size_t n = 0; n < whole && n < 4096; n++) {
		/* the memory ends with the text */
		char *piece = xmalloc(n), *got;

		memcpy(piece, files->input, n);
		got = result_of(n > 0 ? piece : NULL, n);
		if (strncmp(got, "refused: ", 9) != 0 && strcmp(got, files->want) != 0 &&
		    strcmp(files->name, "trailing") != 0 &&
		    strcmp(files->name, "two-roots") != 0)
			fail_msg("%s: %zu bytes of it are %s", files->name, n, got);
		free(piece);
		free(got);
	}
}

static void
test_cut(void **state)
{
	(void)state;
	cases_run(DATA, CASES, check_cut, NULL);
}

/* Any input has one of the three results. */
static void
one_of_three(const char *bytes, size_t n)
{
	free(result_of(bytes, n));
}

static void
check_mutated(const struct case_files *files, void *ctx)
{
	if (files->input_len < 16384)
		mutate_case(ctx, files, MUTATIONS, one_of_three);
}

static void
test_mutated(void **state)
{
	struct mutate m = { .state = 20240229 };

	(void)state;
	cases_run(DATA, CASES, check_mutated, &m);
}

/* --- limits --- */

static void
add(struct buf *out, const char *text)
{
	assert_int_equal(buf_puts(out, text), 0);
}

static void
result_is(struct buf *response, const char *want)
{
	char *got = result_of(buf_data(response), buf_len(response));

	assert_string_equal(got, want);
	free(got);
	buf_clear(response);
}

static void
test_elements(void **state)
{
	struct buf response;

	(void)state;
	buf_init(&response, 0);
	add(&response, begin);
	add(&response, "<array><data>");
	for (int i = 0; i < 2000000; i++)
		add(&response, "<value/>");
	add(&response, "</data></array>");
	add(&response, end);
	result_is(&response, "refused: a response with too many elements");
	for (int i = 0; i < 1000000; i++)
		add(&response, "<a>");
	result_is(&response, "refused: a response that is not XML-RPC");
}

/* The response with a whole log. */
static void
test_long_text(void **state)
{
	struct reply r = REPLY_NONE;
	struct buf response;
	const char *why;

	(void)state;
	buf_init(&response, 0);
	add(&response, begin);
	for (int i = 0; i < 300000; i++)
		add(&response, "line &amp; \n");
	add(&response, end);
	assert_int_equal(xmlrpc_read(buf_data(&response), buf_len(&response), &r, &why), 0);
	assert_int_equal(json_string_length(r.result), 300000 * 8);
	reply_clear(&r);
	buf_clear(&response);
}

/* --- calls --- */

static void
test_call(void **state)
{
	json_t *params = json_pack("[s, i, I, s, s]", "<a> & \"b\"'\r\n", 0,
	    (json_int_t)-9000000000, "", "\xd0\xb8\xd0\xbc\xd1\x8f");
	size_t length;
	char *call = xmlrpc_write("supervisor.a", params, &length);

	(void)state;
	assert_int_equal(length, strlen(call));
	assert_string_equal(call,
	    "<?xml version=\"1.0\"?>\n<methodCall>"
	    "<methodName>supervisor.a</methodName><params>"
	    "<param><value><string>&lt;a&gt; &amp; \"b\"'&#13;\n</string></value></param>"
	    "<param><value><int>0</int></value></param>"
	    "<param><value><int>-9000000000</int></value></param>"
	    "<param><value><string></string></value></param>"
	    "<param><value><string>\xd0\xb8\xd0\xbc\xd1\x8f</string></value></param>"
	    "</params></methodCall>\n");
	free(call);
	json_decref(params);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_long_text),
		cmocka_unit_test(test_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
