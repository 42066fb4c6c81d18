/* The errors stand in tests/data/config/invalid/cli-*; here is what comes out. */
#include "master/options.h"
#include "tests/unit/master/scratch.h"

#define PARSE(options, error, ...) parse((options), (error), \
	(char *[]){ __VA_ARGS__, NULL })

static char program[] = "reeved";

static int
parse(struct options *options, char **error, char **words)
{
	char *argv[32] = { program };
	int argc = 1;

	for (*error = NULL; words[argc - 1] != NULL; argc++)
		argv[argc] = words[argc - 1];
	return options_parse(argc, argv, options, error);
}

static void
test_all(void **state)
{
	struct options o;
	char *error;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "-c", "/f", "-n", "-s", "-k", "-t", "-u", "root",
	    "-m", "07", "-d", "/", "-l", "x.log", "-y", "1KB", "-z", "1"), 0);
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
	assert_int_equal(PARSE(&o, &error, "-e", "info", "-j", "p", "-i", "n", "-q", "/",
	    "-a", "1", "--minprocs", "2", "--profile_options", "calls"), 0);
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
	struct options o;
	char *error, *argv[] = { program, NULL };

	(void)state;
	assert_int_equal(options_parse(1, argv, &o, &error), 0);
	assert_null(o.loglevel);
	assert_null(options_value(&o, "loglevel"));
	assert_null(options_value(&o, "nodaemon"));
	assert_null(options_value(&o, "no such option"));
}

static void
test_value(void **state)
{
	struct options o;
	char *error;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "--nodaemon", "--loglevel=warn", "--min", "3"), -1);
	assert_string_equal(error, "option --min not a unique prefix");
	free(error);
	assert_int_equal(PARSE(&o, &error, "--nodaemon", "--loglevel=warn", "--minf", "3"), 0);
	assert_string_equal(options_value(&o, "nodaemon"), "true");
	assert_string_equal(options_value(&o, "loglevel"), "warn");
	assert_string_equal(options_value(&o, "minfds"), "3");
	assert_int_equal(PARSE(&o, &error, "--logfile="), 0);
	assert_string_equal(o.logfile, "");
}

/* "logfile" is a prefix of two others and a name of its own. */
static void
test_exact_name_wins(void **state)
{
	struct options o;
	char *error;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "--logfile", "a", "--logfile_b", "2"), 0);
	assert_string_equal(o.logfile, "a");
	assert_string_equal(o.logfile_backups, "2");
}

/* -h and -v end the judging of what follows, but not of the words themselves. */
static void
test_help(void **state)
{
	struct options o;
	char *error;

	(void)state;
	assert_int_equal(PARSE(&o, &error, "-h", "-e", "nonsense"), 0);
	assert_true(o.help);
	assert_int_equal(PARSE(&o, &error, "-?"), 0);
	assert_true(o.help);
	assert_int_equal(PARSE(&o, &error, "--version", "-v"), 0);
	assert_true(o.version);
	assert_int_equal(PARSE(&o, &error, "-e", "nonsense", "-h"), -1);
	free(error);
	assert_int_equal(PARSE(&o, &error, "-h", "-Z"), -1);
	assert_string_equal(error, "option -Z not recognized");
	free(error);
	assert_int_equal(PARSE(&o, &error, "-v", "word"), -1);
	assert_string_equal(error, "positional arguments are not supported: ['word']");
	free(error);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
