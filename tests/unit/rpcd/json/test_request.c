#include "rpcd/json/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* Reads the body in pieces of so many bytes. The result, with the number of requests. */
static int
read_body(const char *text, size_t len, size_t bytes, size_t *n)
{
	struct json_body body;
	const char *why;
	int rc;

	json_body_begin(&body, text, len);
	do
		rc = json_body_read(&body, bytes, &why);
	while (rc == 0);
	if (rc < 0)
		assert_true(*why != '\0');
	*n = json_array_size(body.requests);
	json_body_clear(&body);
	return rc;
}

static void
test_bodies(void **state)
{
	static const struct {
		const char *text;
		int result;
		size_t n;
	} cases[] = {
	    {"{}", 1, 1},
	    {" {\"a\": \"]}\\\"\"} \n", 1, 1},
	    {"[{},{}]", 1, 2},
	    {" [ {\"x\":[1,2]} , 5 ,\"a,b\" ] ", 1, 3},
	    {"[[]]", 1, 1},
	    {"1", 1, 1},
	    {"", JSON_MALFORMED, 0},
	    {" ", JSON_MALFORMED, 0},
	    {"[]", JSON_INVALID, 0},
	    {"[ ]", JSON_INVALID, 0},
	    {"[", JSON_MALFORMED, 0},
	    {"[{}", JSON_MALFORMED, 1},
	    {"[{},", JSON_MALFORMED, 1},
	    {"[{},]", JSON_MALFORMED, 1},
	    {"[,{}]", JSON_MALFORMED, 0},
	    {"[{}]]", JSON_MALFORMED, 1},
	    {"[{}] {}", JSON_MALFORMED, 1},
	    {"[{}}", JSON_MALFORMED, 1},
	    {"{},{}", JSON_MALFORMED, 1},
	    {"{}}", JSON_MALFORMED, 1},
	    {"}", JSON_MALFORMED, 0},
	    {"{\"a\":1,\"a\":2}", JSON_MALFORMED, 0},
	    {"{\"a\":1e999}", JSON_MALFORMED, 0},
	    {"{\"a\":123456789012345678901234567890}", JSON_MALFORMED, 0},
	    {"{\"a\":\"\\u0000\"}", JSON_MALFORMED, 0},
	    {"{\"a\":\"\xff\"}", JSON_MALFORMED, 0},
	    {"{\"a", JSON_MALFORMED, 0},
	    {"\"\\", JSON_MALFORMED, 0},
	    {"<?xml version='1.0'?>", JSON_MALFORMED, 0},
	};
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].text);

		for (size_t bytes = 1; bytes <= 64; bytes *= 8) {
			assert_int_equal(
			    read_body(cases[i].text, len, bytes, &n), cases[i].result);
			assert_int_equal(n, cases[i].n);
		}
	}
}

/* New: a text, then another one so many times, then a third one. */
static char *
repeated(const char *begin, const char *middle, size_t times, const char *end)
{
	size_t len = strlen(middle);
	char *text = malloc(strlen(begin) + len * times + strlen(end) + 1);
	char *at;

	assert_non_null(text);
	at = stpcpy(text, begin);
	for (size_t i = 0; i < times; i++)
		at = stpcpy(at, middle);
	strcpy(at, end);
	return text;
}

/* Nothing is parsed that would use too much memory or stack. */
static void
test_bounds(void **state)
{
	const struct {
		char *text;
		int result;
	} cases[] = {
	    {repeated("", "[", 100000, ""), JSON_INVALID},
	    {repeated("[", "{\"a\":", 65, ""), JSON_INVALID},
	    {repeated("[1", ",1", 1000, "]"), 1},
	    {repeated("{\"a\":[1", ",1", JSON_REQUEST_VALUES, "]}"), JSON_INVALID},
	    {repeated("[1", ",1", JSON_BODY_VALUES, "]"), JSON_INVALID},
	    {repeated("\"", "x", JSON_REQUEST_MAX, "\""), JSON_INVALID},
	    {repeated("\"", "x", JSON_REQUEST_MAX - 2, "\""), 1},
	};
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(read_body(cases[i].text, strlen(cases[i].text), 4096, &n),
		    cases[i].result);
		free(cases[i].text);
	}
}

static void
test_requests(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		const char *id;
		bool is_notification;
	} cases[] = {
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1}", true, "1", false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":\"a\\\"\"}", true, "\"a\\\"\"",
		false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":null}", true, "null", false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", true, "null", true},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":[],\"id\":1.5}", true, "1.5",
		false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{},\"x\":0,\"id\":7}", true,
		"7", false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":3,\"id\":7}", false, "7",
		false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null,\"id\":7}", false, "7",
		false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"\",\"id\":7}", false, "7", false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":5,\"id\":7}", false, "7", false},
	    {"{\"jsonrpc\":\"1.0\",\"method\":\"m\",\"id\":7}", false, "7", false},
	    {"{\"jsonrpc\":2.0,\"method\":\"m\",\"id\":7}", false, "7", false},
	    {"{\"method\":\"m\",\"id\":7}", false, "7", false},
	    {"{\"jsonrpc\":\"2.0\"}", false, "null", false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":[1]}", false, "null", false},
	    {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":true}", false, "null", false},
	    {"[]", false, "null", false},
	    {"5", false, "null", false},
	};
	struct json_request request;
	json_t *json;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json = json_loads(cases[i].text, JSON_DECODE_ANY, NULL);
		assert_non_null(json);
		assert_int_equal(json_request_read(json, &request) == NULL, cases[i].valid);
		assert_string_equal(request.id, cases[i].id);
		assert_int_equal(request.is_notification, cases[i].is_notification);
		free(request.id);
		json_decref(json);
	}
}

/* An id is repeated in the reply, therefore it is short. */
static void
test_long_id(void **state)
{
	char *text = repeated(
	    "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":\"", "i", JSON_ID_MAX, "\"}");
	json_t *json = json_loads(text, 0, NULL);
	struct json_request request;

	(void)state;
	assert_non_null(json_request_read(json, &request));
	assert_string_equal(request.id, "null");
	free(request.id);
	json_decref(json);
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_long_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
