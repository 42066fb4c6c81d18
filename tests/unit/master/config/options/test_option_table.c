/* Every row of every table: its default parses, prints, reads back and compares. */
#include "common/str.h"
#include "master/config/options/option_table.h"
#include "tests/unit/master/scratch.h"

union values {
	struct config config;
	struct program_section program;
	struct group_section group;
	struct pool_section pool;
	struct listener_config listener;
	struct rpcinterface_config interface;
	struct user_config user;
};

/* A text that differs from the row's default, by type. */
static const struct {
	const struct conf_type *type;
	const char *text, *printed, *bad;
} samples[] = {
	{ &conf_integer, " -1_2 ", "-12", "1.0" },
	{ &conf_size, "3 mb", "3MB", "3M" },
	{ &conf_octal, "0o17", "0017", "8" },
	{ &conf_mode, "0770", "0770", "x" },
	{ &conf_boolean, "YES", "true", "y" },
	{ &conf_level, "BLATHER", "blather", "loud" },
	{ &conf_signal, "sigusr1", "SIGUSR1", "63" },
	{ &conf_autorestart, "ON", "true", "always" },
	{ &conf_exitcodes, "1, 2,255", "1,2,255", "1,256" },
	{ &conf_string, "x y", "x y", NULL },
	{ &conf_serverurl, "unix:///x", "unix:///x", NULL },
	{ &conf_directory, "/", "/", "/dev/null" },
	{ &conf_path, "/x", "/x", "/dev/null/x" },
	{ &conf_file, "/x/../y", "/y", NULL },
	{ &conf_logfile, "/x", "/x", "/dev/null/x" },
	{ &conf_environment, "A=1", "A=\"1\"", "A" },
	{ &conf_user, "root", "root", "no-such-user" },
	{ &conf_event_length, "bytes", "bytes", "none" },
	{ &conf_confinement, "strict", "strict", "none" },
	{ &conf_command_role, "operate", "operate", "none" },
	{ &conf_killmode, "tree", "tree", "all" },
	{ &conf_memory, "2048mb", "2GB", "63KB" },
	{ &conf_weight, "10000", "10000", "0" },
	{ &conf_pids, "1", "1", "4194305" },
	{ &conf_cpu_max, "15000/10000", "15000/10000", "50" },
	{ &conf_role, "view", "view", "root" },
	{ &conf_state_directory, "/tmp/.", "/tmp", "/no/such" },
	{ &conf_unclean_start, "adopt", "adopt", "kill" },
	{ &conf_server_names, "a, B.c\n d-e", "a B.c d-e", "a:1" },
	{ &conf_port, "LOCALHOST:80", "localhost:80", "0" },
	{ &conf_owner, "0:0", "root:root", "no-such-user" },
	{ &conf_any_role, "none", "none", "root" },
	{ &conf_secret, "x y", "x y", NULL },
	{ &conf_patterns, " a*, ,b:c\n,", "a*, b:c", NULL },
	{ &conf_peers, "0=a, @0 = b,", "0=a, @0=b", "a" },
};

static size_t
sample_of(const struct conf_type *type)
{
	size_t i = 0;

	while (i < nitems(samples) && samples[i].type != type)
		i++;
	assert_true(i < nitems(samples));
	return i;
}

static void
put(const struct conf_option *option, union values *values, const char *text)
{
	char *why = NULL;

	if (conf_put(option, values, text, &why) == -1)
		fail_msg("%s=%s: %s", option->name, text, why);
}

static void
check_print(const struct conf_option *option, const union values *values, const char *want)
{
	char *got = conf_print(option, values);

	if (!str_equal(got, want))
		fail_msg("%s printed %s, not %s", option->name, got, want);
	free(got);
}

static void
check_row(const struct conf_section *section, const struct conf_option *option)
{
	size_t i = sample_of(option->type);
	union values a, b;
	char *why = NULL, *text;

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	put(option, &a, samples[i].text);
	check_print(option, &a, samples[i].printed);
	put(option, &b, samples[i].printed);
	assert_true(conf_equal(option, &a, &b));
	if (option->fallback != NULL && !str_equal(option->fallback, samples[i].printed)) {
		put(option, &b, option->fallback);
		if (option->type != &conf_logfile)
			assert_false(conf_equal(option, &a, &b));
		text = conf_print(option, &b);
		put(option, &a, text);
		assert_true(conf_equal(option, &a, &b));
		free(text);
	}
	if (samples[i].bad != NULL) {
		assert_int_equal(conf_put(option, &b, samples[i].bad, &why), -1);
		assert_non_null(why);
		free(why);
	}
	conf_clear(section, &a);
	conf_clear(section, &b);
}

static void
test_rows(void **state)
{
	size_t rows = 0;

	(void)state;
	for (size_t s = 0; s < conf_sections_count; s++) {
		for (size_t i = 0; i < conf_sections[s]->count; i++, rows++) {
			const struct conf_option *option = &conf_sections[s]->options[i];

			assert_non_null(option->name);
			assert_non_null(option->help);
			assert_ptr_equal(conf_find(conf_sections[s], option->name), option);
			check_row(conf_sections[s], option);
		}
	}
	assert_true(rows > 70);
	assert_null(conf_find(&conf_program, "no such option"));
}

/* New: the text of a file of the tree. */
static char *
slurp(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 18);

	if (file == NULL)
		fail_msg("no %s: run the tests from the root of the tree", path);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 18) - 1, file) > 1000);
	fclose(file);
	return text;
}

/* Whether the row of what supervisord does not have names the option, alone or in a
 * list. */
static bool
is_told_as_ours(const char *manual, const char *name)
{
	const char *at = strstr(manual, ".It Options that supervisord does not have");
	const char *end = at != NULL ? strstr(at, ".\\\" test: ") : NULL;
	char want[64];

	snprintf(want, sizeof(want), " %s", name);
	for (; end != NULL && (at = strstr(at, want)) != NULL && at < end; at++)
		if (strchr(" \n", at[strlen(want)]) != NULL)
			return true;
	return false;
}

/* The sample names every option with its default, and the manual those that are ours among
 * the differences; its tables are printed from ours (man/tables). */
static void
test_documents(void **state)
{
	char *manual = slurp("man/reeve-differences.7"),
	     *sample = slurp("master/config/reeved.conf.sample");
	char want[128];

	(void)state;
	for (size_t s = 0; s < conf_sections_count; s++) {
		for (size_t i = 0; i < conf_sections[s]->count; i++) {
			const struct conf_option *option = &conf_sections[s]->options[i];

			if ((option->flags & CONF_OURS) != 0 &&
			    !is_told_as_ours(manual, option->name))
				fail_msg(
				    "the manual does not mark %s as reeve's", option->name);
			snprintf(want, sizeof(want), "\n;%s=%s", option->name,
			    option->fallback != NULL ? option->fallback : "");
			if (strstr(sample, want) == NULL)
				fail_msg("the sample lacks %s", want + 1);
		}
	}
	free(manual);
	free(sample);
}

/* A fresh AUTO is equal to any log, as supervisord's reread has it; a file is not equal to
 * a live AUTO. */
static void
test_auto_log(void **state)
{
	const struct conf_option *option = conf_find(&conf_program, "stdout_logfile");
	union values a, b;

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	put(option, &a, "AUTO");
	put(option, &b, "/x");
	assert_false(conf_equal(option, &a, &b));
	assert_true(conf_equal(option, &b, &a));
	put(option, &a, "NONE");
	assert_false(conf_equal(option, &a, &b));
	conf_clear(&conf_program, &a);
	conf_clear(&conf_program, &b);
}

/* A list without items is not the same as no list. */
static void
test_empty_list(void **state)
{
	const struct conf_option *option = conf_find(&conf_user_section, "programs");
	struct user_config a = { .name = NULL }, b = { .name = NULL };
	char *why = NULL;

	(void)state;
	assert_true(conf_equal(option, &a, &b));
	assert_int_equal(conf_put(option, &a, " ,", &why), 0);
	assert_non_null(a.programs);
	assert_null(a.programs[0]);
	assert_false(conf_equal(option, &a, &b));
	assert_int_equal(conf_put(option, &b, "x", &why), 0);
	assert_false(conf_equal(option, &a, &b));
	assert_false(conf_equal(option, &b, &a));
	conf_clear(&conf_user_section, &a);
	conf_clear(&conf_user_section, &b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_auto_log),
		cmocka_unit_test(test_empty_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
