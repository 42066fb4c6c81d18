/* Description: a namespace is served as a whole or not at all. */
#include "rpcd/methods/description.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static json_t *
parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static void
test_rows(void **state)
{
	struct description d;
	char *why = NULL;
	json_t *answer = parse("{\"methods\": ["
			       "{\"name\": \"get\", \"signature\": [\"string\", \"int\", "
			       "\"struct\"], \"optional\": 1, \"help\": \"h\", "
			       "\"role\": \"view\"},"
			       "{\"name\": \"put\", \"signature\": [\"int\", "
			       "\"name:string\", \"int\", \"n_1:int\"], \"optional\": 2},"
			       "{\"name\": \"x_1\", \"signature\": [\"array\"]}]}");

	(void)state;
	assert_int_equal(description_read(&d, "cache", answer, &why), 0);
	assert_int_equal(d.count, 3);
	assert_string_equal(d.methods[0].name, "cache.get");
	assert_string_equal(d.methods[0].signature, "string arg1:int ?arg2:struct");
	assert_string_equal(d.methods[0].help, "h");
	assert_int_equal(d.methods[0].role, ROLE_VIEW);
	assert_string_equal(d.methods[1].signature, "int name:string ?arg2:int ?n_1:int");
	assert_string_equal(d.methods[2].name, "cache.x_1");
	assert_string_equal(d.methods[2].signature, "array");
	assert_string_equal(d.methods[2].help, "");
	assert_int_equal(d.methods[2].role, ROLE_OPERATE);
	description_clear(&d);
	json_decref(answer);
}

#define METHOD(rest) \
	"{\"methods\": [{\"name\": \"a\", \"signature\": [\"int\"]}, " rest "]}"
#define NAMED(name) METHOD("{\"name\": \"" name "\", \"signature\": [\"int\"]}")
#define SIGNED(rest) METHOD("{\"name\": \"b\", \"signature\": " rest "}")
#define LETTERS_16 "abcdefghijklmnop"
#define LETTERS_128 \
	LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 LETTERS_16 \
	    LETTERS_16

static const char *const refused[] = {
	"null", "1", "[]", "{}",
	"{\"methods\": {}}",
	METHOD("1"),
	METHOD("{\"signature\": [\"int\"]}"),
	METHOD("{\"name\": \"b\"}"),
	NAMED("a"), NAMED(""), NAMED("1a"), NAMED("_a"), NAMED("other.b"), NAMED("b c"),
	NAMED("\\u00e9"), NAMED(LETTERS_128 "q"),
	SIGNED("[]"), SIGNED("{}"), SIGNED("\"int\""), SIGNED("[\"number\"]"),
	SIGNED("[\"n:int\"]"), SIGNED("[\"int\", \":int\"]"), SIGNED("[\"int\", \"n:\"]"),
	SIGNED("[\"int\", \"n:x\"]"), SIGNED("[\"int\", \"a b:int\"]"),
	SIGNED("[\"int\", \"?n:int\"]"), SIGNED("[\"int\", \"n:m:int\"]"),
	SIGNED("[\"int\", \"" LETTERS_128 "q:int\"]"), SIGNED("[\"int\", \"1:int\"]"),
	SIGNED("[\"int\", 1]"), SIGNED("[\"int\"], \"optional\": 1"),
	SIGNED("[\"int\"], \"optional\": -1"),
	SIGNED("[\"int\", \"int\"], \"optional\": \"1\""),
	SIGNED("[\"int\", \"int\"], \"optional\": 1.0"),
	SIGNED("[\"int\", \"int\"], \"optional\": null"),
	SIGNED("[\"int\"], \"help\": 1"),
	SIGNED("[\"int\"], \"role\": \"none\""), SIGNED("[\"int\"], \"role\": \"root\""),
	SIGNED("[\"int\"], \"role\": 1"),
};

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < nitems(refused); i++) {
		struct description d;
		char *why = NULL;
		json_t *answer = parse(refused[i]);

		if (description_read(&d, "cache", answer, &why) != -1)
			fail_msg("%s was taken", refused[i]);
		assert_non_null(why);
		free(why);
		json_decref(answer);
	}
}

static void
test_longest_name(void **state)
{
	struct description d;
	char *why = NULL;
	json_t *answer = parse(NAMED(LETTERS_128));

	(void)state;
	assert_int_equal(description_read(&d, "cache", answer, &why), 0);
	description_clear(&d);
	json_decref(answer);
}

static void
test_fits(void **state)
{
	static const struct {
		const char *type, *value;
		bool fits;
	} cases[] = {
		{"int", "1", true}, {"int", "1.0", false}, {"int", "true", false},
		{"boolean", "false", true}, {"boolean", "0", false},
		{"double", "1.5", true}, {"double", "1", true}, {"double", "\"1\"", false},
		{"string", "\"\"", true}, {"string", "null", false},
		{"array", "[]", true}, {"array", "{}", false},
		{"struct", "{}", true}, {"struct", "[]", false},
		{"nil", "null", false}, {"in", "1", false}, {"int x:string", "1", true},
		{"array", "[[null]]", false}, {"struct", "{\"a\": [null]}", false},
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		json_t *value = parse(cases[i].value);
		const char *type = cases[i].type;

		if (description_fits(type, value) != cases[i].fits)
			fail_msg("%s as %s", cases[i].value, type);
		json_decref(value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
