/* Options. The system tests compare the error texts with supervisorctl's. */
#include "ctl/options.h"

#include "common/compiler.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct line {
	char text[256], *argv[32];
	int argc;
};

/* Splits the line at blanks and parses it; the options are borrowed from the line. */
static int
parse(struct line *line, const char *words, struct options *o, char **why)
{
	char *rest = line->text, *word;

	snprintf(line->text, sizeof(line->text), "reevectl %s", words);
	line->argc = 0;
	while ((word = strsep(&rest, " ")) != NULL && line->argc < 31)
		line->argv[line->argc++] = word;
	line->argv[line->argc] = NULL;
	optind = 0;
	return options_read(line->argc, line->argv, o, why);
}

static void
test_all(void **state)
{
	static const char *const spellings[] = {
		"-c f -s server -u me -p word -r past -i status -i",
		"-cf -sserver -ume -pword -irpast status -i",
		"--conf f --serverurl=server --u me --p=word --his past --i status -i",
		"--configuration=f -s server -ume --password word -rpast -i -- status -i",
	};
	struct options o;
	struct line line;
	char *why;

	(void)state;
	for (size_t i = 0; i < nitems(spellings); i++) {
		assert_int_equal(parse(&line, spellings[i], &o, &why), 0);
		assert_string_equal(o.file, "f");
		assert_string_equal(o.server, "server");
		assert_string_equal(o.username, "me");
		assert_string_equal(o.password, "word");
		assert_string_equal(o.history_file, "past");
		assert_true(o.interactive && !o.help && !o.version);
		assert_string_equal(line.argv[optind], "status");
		assert_int_equal(optind, line.argc - 2);
	}
}

static void
test_none(void **state)
{
	struct options o;
	struct line line;
	char *why;

	(void)state;
	assert_int_equal(parse(&line, "status -c", &o, &why), 0);
	assert_null(o.file);
	assert_null(o.server);
	assert_false(o.interactive || o.help || o.version);
	assert_int_equal(parse(&line, "-h -v", &o, &why), 0);
	assert_true(o.help && o.version);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *words, *why;
	} rows[] = {
		{ "-c", "option -c requires argument" },
		{ "--serverurl", "option --serverurl requires argument" },
		{ "-ix", "option -x not recognized" },
		{ "--frob=1", "option --frob not recognized" },
		{ "--h=1", "option --h not a unique prefix" },
		{ "--version=1", "option --version must not have an argument" },
		{ "-u a -u b", "conflicting command line option '-u'" },
		{ "-u a --user b", "conflicting command line option '--username'" },
		{ "-i -i -x", "option -x not recognized" },
	};
	struct options o;
	struct line line;
	char *why;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		assert_int_equal(parse(&line, rows[i].words, &o, &why), -1);
		assert_string_equal(why, rows[i].why);
		free(why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
