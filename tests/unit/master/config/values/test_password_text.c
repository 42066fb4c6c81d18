/* Password text: which texts are passwords, digests and hashes, and which are refused. */
#include "master/config/values/password_text.h"

#include "common/compiler.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SHA512                                                                        \
	"D7W7qyozKBT.t6FD3DVYHvADbIO0eSyI4.p20LaEUjro8PqTGYYo/EQcuNjhFbzo9Yg5ir1KIEqF" \
	"Y/yJpgFph0"

static void
test_accepted(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum password_form form;
	} cases[] = {
		{ "x", PASSWORD_PLAIN }, { "$", PASSWORD_PLAIN }, { "$$", PASSWORD_PLAIN },
		{ "$pam", PASSWORD_PLAIN }, { "$ome money$", PASSWORD_PLAIN },
		{ "$notahash9$", PASSWORD_PLAIN }, { "caf\xc3\xa9", PASSWORD_PLAIN },
		{ "{sha}x", PASSWORD_PLAIN },
		{ "{SHA}11f6ad8ec52a2984abaafd7c3b516503785c2072", PASSWORD_SHA },
		{ "$y$j9T$abcdefgh$9WNEpu8Mx2S4KNGvbVWKM6clOSoY6.YEl7AYF4DGV04",
		    PASSWORD_SLOW },
		{ "$gy$j9T$abcdefgh$CiTibHdBM/5r3qmg1i0DxivDn1U977EDVDgQAyycj9/",
		    PASSWORD_SLOW },
		{ "$7$CU..../....abcdefgh$19TzpFZ5AwP26vdEMbfvWacoVUfd2MfVusFAVFilh.C",
		    PASSWORD_SLOW },
		{ "$5$abcdefgh$sI6g8tHKrJ6RX7w.YoN9B7a/5wK5jYEOMmMnt3tPl0/",
		    PASSWORD_SLOW },
		{ "$2b$04$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e",
		    PASSWORD_SLOW },
		{ "$6$abcdefgh$" SHA512, PASSWORD_SLOW },
		{ "$6$rounds=1000$abcdefgh$" SHA512, PASSWORD_SLOW },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		enum password_form form = PASSWORD_PLAIN;
		char *why = NULL;

		if (password_text_check(
			cases[i].text, strlen(cases[i].text), &form, &why) == -1)
			fail_msg("%s: %s", cases[i].text, why);
		assert_int_equal(form, cases[i].form);
	}
}

static void
test_refused(void **state UNUSED)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "is empty" },
		{ "\xff", "is not valid UTF-8" },
		{ "$secret$x", "of an unknown kind;" },
		{ "$9$secret", "of an unknown kind;" },
		{ "$1$abcdefgh$secret", "of an unknown kind;" },
		{ "$a$b", "of an unknown kind;" },
		{ "$6$", "cut off" },
		{ "$6$abcdefgh$secret", "cut off" },
		{ "$6$abcdefgh$" SHA512 "0", "cut off" },
		{ "$6$abcd%fgh$" SHA512, "cut off" },
		{ "$y$j9T$abcdefgh$9WNEpu8Mx2S4KNGvbVWKM6clOSoY6.YEl7AYF4DGV0!",
		    "cut off" },
		{ "{SHA}", "without 40" },
		{ "{SHA}11f6ad8ec52a2984abaafd7c3b516503785c20720", "without 40" },
		{ "{SHA}11f6ad8ec52a2984abaafd7c3b516503785c207", "without 40" },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		enum password_form form;
		char *why = NULL;

		assert_int_equal(
		    password_text_check(cases[i].text, strlen(cases[i].text), &form, &why),
		    -1);
		if (strstr(why, cases[i].why) == NULL || strstr(why, "secret") != NULL)
			fail_msg("%s: %s", cases[i].text, why);
		free(why);
	}
}

static void
test_length(void **state UNUSED)
{
	char text[PASSWORD_TEXT_MAX + 2];
	enum password_form form;
	char *why = NULL;

	memset(text, 'x', sizeof(text));
	text[PASSWORD_TEXT_MAX] = '\0';
	assert_int_equal(password_text_check(text, PASSWORD_TEXT_MAX, &form, &why), 0);
	text[PASSWORD_TEXT_MAX] = 'x';
	text[PASSWORD_TEXT_MAX + 1] = '\0';
	assert_int_equal(password_text_check(text, PASSWORD_TEXT_MAX + 1, &form, &why), -1);
	assert_string_equal(why, "has more than 511 bytes");
	free(why);
	assert_int_equal(password_text_check("a\0b", 3, &form, &why), -1);
	assert_string_equal(why, "has a NUL");
	free(why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
