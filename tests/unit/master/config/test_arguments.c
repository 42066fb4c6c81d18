/* Arguments: the values. The cases of errors are tests/data/config/invalid/cli-*. */
#include "master/config/arguments.h"
#include "tests/unit/master/scratch.h"

struct line {
	char text[256], *argv[32];
	int argc;
};

/* Splits the words at blanks; the options borrow from the line. */
static int
parse(struct line *line, const char *words, struct arguments *arguments, char **error)
{
	char *rest = line->text, *word;

	snprintf(line->text, sizeof(line->text), "reeved %s", words);
	line->argc = 0;
	while ((word = strsep(&rest, " ")) != NULL && line->argc < 31)
		line->argv[line->argc++] = word;
	line->argv[line->argc] = NULL;
	*error = NULL;
	return arguments_parse(line->argc, line->argv, arguments, error);
}

static void
test_all(void **state)
{
	struct arguments o;
	struct line line;
	char *error;

	(void)state;
	assert_int_equal(
	    parse(&line, "-c /f -n -s -k -t -u root -m 07 -d / -l x.log -y 1KB -z 1", &o,
		&error),
	    0);
	assert_string_equal(o.program, "reeved");
	assert_string_equal(o.configuration, "/f");
	assert_true(o.nodaemon && o.silent && o.nocleanup && o.strip_ansi);
	assert_string_equal(o.user, "root");
	assert_string_equal(o.umask, "07");
	assert_string_equal(o.directory, "/");
	assert_string_equal(o.logfile, "x.log");
	assert_string_equal(o.logfile_maxbytes, "1KB");
	assert_string_equal(o.logfile_backups, "1");
	assert_false(o.help || o.version);
	assert_int_equal(parse(&line,
			     "-e info -j p -i n -q / -a 1 --minprocs 2 "
			     "--profile_options calls",
			     &o, &error),
	    0);
	assert_string_equal(o.loglevel, "info");
	assert_string_equal(o.pidfile, "p");
	assert_string_equal(o.identifier, "n");
	assert_string_equal(o.childlogdir, "/");
	assert_string_equal(o.minfds, "1");
	assert_string_equal(o.minprocs, "2");
	assert_string_equal(o.profile_options, "calls");
	assert_null(o.configuration);
}

static void
test_none(void **state)
{
	struct arguments o;
	char *error, name[] = "reeved", *argv[] = { name, NULL };

	(void)state;
	assert_int_equal(arguments_parse(1, argv, &o, &error), 0);
	assert_null(o.loglevel);
	assert_null(arguments_value(&o, "loglevel"));
	assert_null(arguments_value(&o, "nodaemon"));
	assert_null(arguments_value(&o, "no such option"));
}

static void
test_value(void **state)
{
	struct arguments o;
	struct line line;
	char *error;

	(void)state;
	assert_int_equal(
	    parse(&line, "--nodaemon --loglevel=warn --min 3", &o, &error), -1);
	assert_string_equal(error, "option --min not a unique prefix");
	free(error);
	assert_int_equal(
	    parse(&line, "--nodaemon --loglevel=warn --minf 3", &o, &error), 0);
	assert_string_equal(arguments_value(&o, "nodaemon"), "true");
	assert_string_equal(arguments_value(&o, "loglevel"), "warn");
	assert_string_equal(arguments_value(&o, "minfds"), "3");
	assert_int_equal(parse(&line, "--logfile=", &o, &error), 0);
	assert_string_equal(o.logfile, "");
}

/* "logfile" is a name and a prefix of two others. */
static void
test_exact_name_wins(void **state)
{
	struct arguments o;
	struct line line;
	char *error;

	(void)state;
	assert_int_equal(parse(&line, "--logfile a --logfile_b 2", &o, &error), 0);
	assert_string_equal(o.logfile, "a");
	assert_string_equal(o.logfile_backups, "2");
}

/* -h and -v end the validation of the values after them, but not of the syntax. */
static void
test_help(void **state)
{
	struct arguments o;
	struct line line;
	char *error;

	(void)state;
	assert_int_equal(parse(&line, "-h -e nonsense", &o, &error), 0);
	assert_true(o.help);
	assert_int_equal(parse(&line, "-?", &o, &error), 0);
	assert_true(o.help);
	assert_int_equal(parse(&line, "--version -v", &o, &error), 0);
	assert_true(o.version);
	assert_int_equal(parse(&line, "-e nonsense -h", &o, &error), -1);
	free(error);
	assert_int_equal(parse(&line, "-h -Z", &o, &error), -1);
	assert_string_equal(error, "option -Z not recognized");
	free(error);
	assert_int_equal(parse(&line, "-v word", &o, &error), -1);
	assert_string_equal(error, "positional arguments are not supported: ['word']");
	free(error);
}

/* The path that was executed is used only when no directory was typed. */
static void
test_program(void **state)
{
	static const struct {
		const char *typed, *executed, *want;
	} rows[] = {
		{ "reeved", "/usr/sbin/reeved", "/usr/sbin/reeved" },
		{ "reeved", "bin/reeved", "bin/reeved" },
		{ "./reeved", "/usr/sbin/reeved", "./reeved" },
		{ "/opt/bin/reeved", "/usr/sbin/reeved", "/opt/bin/reeved" },
		{ "reeved", "reeved", "reeved" },
		{ "reeved", NULL, "reeved" },
		{ "", "/usr/sbin/reeved", "/usr/sbin/reeved" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++)
		assert_string_equal(
		    arguments_program(rows[i].typed, rows[i].executed), rows[i].want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_exact_name_wins),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
