/* Config: each case is a directory of tests/data/config with an input.conf and a want: in
 * valid/ the values that differ from the defaults, in invalid/ the error. A file args has
 * the command line, an argument in each line. @CWD@ in want is the working directory, which
 * is the top of the tree.
 *
 * "test_config FILE [ARGS]" prints the want of a configuration, for new cases. */
#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/config.h"
#include "master/config/event_type.h"
#include "master/config/options/option_table.h"
#include "tests/unit/master/config_cases.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
must(int status)
{
	if (status != 0)
		abort();
}

/* New: the text with the working directory replaced. */
static char *
portable(const char *text)
{
	char *cwd = getcwd(NULL, 0), *result;
	const char *hit;
	struct buf out;

	assert_non_null(cwd);
	buf_init(&out, 0);
	for (; (hit = strstr(text, cwd)) != NULL; text = hit + strlen(cwd)) {
		must(buf_append(&out, text, (size_t)(hit - text)));
		must(buf_puts(&out, "@CWD@"));
	}
	must(buf_puts(&out, text));
	result = buf_steal(&out);
	assert_non_null(result);
	free(cwd);
	return result;
}

static void PRINTF_LIKE(2, 3)
line(struct buf *out, const char *fmt, ...)
{
	char *text, *shown;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	shown = portable(text);
	must(buf_printf(out, "%s\n", shown));
	free(shown);
	free(text);
}

/* Defaults that depend on the machine and the working directory. */
static bool
is_usual(const char *name, const char *value)
{
	static const char *const usual[] = {
		"logfile=@CWD@/supervisord.log", "pidfile=@CWD@/supervisord.pid",
		"control_socket=@CWD@/supervisord.pid.ctl", "childlogdir=/tmp",
		"rpcd_user=reeve", "rpcd_user=nobody",
	};
	char *text = xasprintf("%s=%s", name, value), *shown = portable(text);
	bool found = false;

	for (size_t i = 0; i < nitems(usual); i++)
		found = found || str_equal(usual[i], shown);
	free(shown);
	free(text);
	return found;
}

union values {
	struct config config;
	struct program_section program;
	struct listener_config listener;
	struct rpcinterface_config interface;
	struct user_config user;
};

static void
set_defaults(const struct conf_section *section, union values *values)
{
	char *why = NULL;

	memset(values, 0, sizeof(*values));
	if (section == &conf_program)
		values->program.process.umask = -1;
	else if (section == &conf_inet_server || section == &conf_unix_server)
		values->listener.uid = values->listener.gid = (uid_t)-1;
	if (section == &conf_inet_server)
		values->listener.host = xstrdup("");
	for (size_t i = 0; i < section->count; i++)
		if (section->options[i].fallback != NULL &&
		    section->options[i].type != &conf_path)
			must(conf_put(&section->options[i], values,
			    section->options[i].fallback, &why));
}

/* Prints the options of a section that differ from their defaults. */
static void
dump_rows(struct buf *out, const struct conf_section *section, const void *base,
    const char *indent)
{
	union values defaults;

	set_defaults(section, &defaults);
	for (size_t i = 0; i < section->count; i++) {
		const struct conf_option *option = &section->options[i];
		char *value, *usual;

		if ((option->flags & CONF_SECTION) != 0)
			continue;
		value = conf_print(option, base);
		usual = conf_print(option, &defaults);
		if (!str_equal(value, usual) && !is_usual(option->name, value))
			line(out, "%s%s=%s", indent, option->name, value);
		free(value);
		free(usual);
	}
	conf_clear(section, &defaults);
}

static void
dump_pool(struct buf *out, const struct pool_config *pool)
{
	line(out, "  buffer %lld%s", (long long)pool->buffer_size,
	    pool->counts_bytes ? ", counts bytes" : "");
	for (int i = 0; i < EVENT_TYPE_MAX; i++)
		if (pool->events & (UINT32_C(1) << i))
			line(out, "  events %s", event_type_name((enum event_type)i));
}

static void
dump_socket(struct buf *out, const struct fcgi_config *fcgi)
{
	line(out, "  socket %s backlog %d mode %o", fcgi->url, fcgi->backlog,
	    (unsigned)fcgi->mode);
	if (fcgi->path != NULL)
		line(out, "  at %s of %d:%d", fcgi->path, (int)fcgi->uid, (int)fcgi->gid);
	else
		line(out, "  at %s port %d",
		    fcgi->address != NULL ? fcgi->address : "nowhere", fcgi->port);
}

static void
dump(struct buf *out, const struct config *config)
{
	dump_rows(out, &conf_supervisord, config, "");
	for (size_t i = 0; i < config->ninterfaces; i++)
		line(out, "interface %s", config->interfaces[i]);
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *listener = &config->listeners[i];

		line(out, "listener %s", listener->section);
		dump_rows(out, listener->is_unix ? &conf_unix_server : &conf_inet_server,
		    listener, "  ");
	}
	for (size_t i = 0; i < config->nusers; i++) {
		const struct user_config *user = &config->users[i];

		line(out, "user %s%s", user->name, user->slow ? " slow" : "");
		dump_rows(out, &conf_user_section, user, "  ");
	}
	for (size_t i = 0; i < config->ngroups; i++) {
		const struct group_config *group = config->groups[i];

		line(
		    out, "group %s priority %lld", group->name, (long long)group->priority);
		if (group->kind == GROUP_INTERFACE) {
			dump_rows(out, &conf_interface, &group->interface, "  ");
			for (size_t j = 0; j < group->interface.options.count; j++)
				line(out, "  option %s=%s",
				    group->interface.options.items[j].name,
				    group->interface.options.items[j].value);
		}
		if (group->kind == GROUP_LISTENER_POOL)
			dump_pool(out, &group->pool);
		if (group->kind == GROUP_FCGI)
			dump_socket(out, &group->fcgi);
		for (size_t j = 0; j < group->nprocesses; j++)
			dump_rows(out, &conf_program, group->processes[j], "  ");
	}
	/* Findings depend on the machine; tests/system/test_check.py has them. */
	for (size_t i = 0; i < config->nmessages; i++)
		if (!config->messages[i].is_finding)
			line(out, "%s %s", log_level_tag(config->messages[i].level),
			    config->messages[i].text);
}

/* New: the dump of the configuration of a command line, or "Error: …". */
static char *
outcome(int argc, char **argv)
{
	struct arguments arguments;
	struct config *config = NULL;
	struct buf out;
	char *error = NULL, *text;

	buf_init(&out, 0);
	if (arguments_parse(argc, argv, &arguments, &error) == -1 ||
	    config_load(&arguments, &config, &error) == -1) {
		line(&out, "Error: %s", error);
		assert_null(config);
		free(error);
	} else {
		dump(&out, config);
	}
	config_free(config);
	text = buf_steal(&out);
	assert_non_null(text);
	return text;
}

static bool
run_case(const char *directory)
{
	char *argv[ARGS_MAX], *args, *want = slurp(directory, "want"), *got;
	int argc = case_arguments(directory, argv, &args);
	bool same;

	got = outcome(argc, argv);
	same = str_equal(want, got) || (getuid() != 0 && is_for_root(directory));
	if (!same)
		print_error("%s:\nwanted:\n%s\ngot:\n%s\n", directory,
		    want != NULL ? want : "(no file)", got);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free(args);
	free(want);
	free(got);
	return same;
}

static void
test_valid(void **state UNUSED)
{
	run_cases(DATA "/valid", run_case, 40);
}

static void
test_invalid(void **state UNUSED)
{
	run_cases(DATA "/invalid", run_case, 60);
}

/* Without -c the file is searched beside the program's directory first. */
static void
test_search(void **state UNUSED)
{
	char directory[] = "/tmp/reeve-config-XXXXXX", *error = NULL;
	char *etc, *path, *program;
	struct arguments arguments = { 0 };
	struct config *config;
	FILE *file;

	assert_non_null(mkdtemp(directory));
	etc = xasprintf("%s/etc", directory);
	path = xasprintf("%s/supervisord.conf", etc);
	program = xasprintf("%s/bin/reeved", directory);
	assert_int_equal(mkdir(etc, 0700), 0);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("[supervisord]\nidentifier=found\n", file);
	fclose(file);
	arguments.program = program;
	assert_int_equal(config_load(&arguments, &config, &error), 0);
	assert_string_equal(config->file, path);
	assert_string_equal(config->here, etc);
	assert_string_equal(config->identifier, "found");
	assert_int_equal(config->nmessages, getuid() == 0 ? 1 : 0);
	config_free(config);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(etc), 0);
	assert_int_equal(rmdir(directory), 0);
	free(etc);
	free(path);
	free(program);
}

/* A group with a reference outlives its configuration. */
static void
test_group_reference(void **state UNUSED)
{
	char file[] = DATA "/valid/minimal/input.conf", *error = NULL;
	struct arguments arguments = { .configuration = file };
	struct config *config;
	struct group_config *group;

	assert_int_equal(config_load(&arguments, &config, &error), 0);
	assert_int_equal(config->ngroups, 1);
	group = group_config_ref(config->groups[0]);
	config_free(config);
	assert_string_equal(group->processes[0]->command, "/bin/cat");
	group_config_unref(group);
	group_config_unref(NULL);
	config_free(NULL);
}

/* Arguments that are not UTF-8 are rejected. */
static void
test_arguments_are_utf8(void **state UNUSED)
{
	char file[] = DATA "/valid/minimal/input.conf", *error = NULL;
	struct arguments arguments = { .configuration = file, .identifier = "a\xff" };
	struct config *config;

	assert_int_equal(config_load(&arguments, &config, &error), -1);
	assert_string_equal(error, "the value of --identifier is not valid UTF-8");
	free(error);
	setenv("BAD", "x\xff", 1);
	arguments.identifier = NULL;
	assert_int_equal(config_load(&arguments, &config, &error), 0);
	config_free(config);
	arguments.configuration = DATA "/invalid/expand-env-absent/input.conf";
	assert_int_equal(config_load(&arguments, &config, &error), -1);
	assert_non_null(strstr(error, "program:a.directory is not valid UTF-8 in section"));
	free(error);
	unsetenv("BAD");
	arguments.configuration = "/nonexistent\xff";
	assert_int_equal(config_load(&arguments, &config, &error), -1);
	free(error);
}

/* Clients are sent the path of the main log, which has the working directory. */
static void
test_odd_directory(void **state UNUSED)
{
	char odd[] = "/tmp/reeve-\xff-XXXXXX", *before = getcwd(NULL, 0), *error = NULL;
	struct arguments arguments = { .configuration = "x.conf" };
	struct config *config;
	FILE *file;

	assert_non_null(mkdtemp(odd));
	assert_int_equal(chdir(odd), 0);
	assert_non_null(file = fopen("x.conf", "w"));
	assert_true(fputs("[supervisord]\n", file) > 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(config_load(&arguments, &config, &error), -1);
	assert_non_null(strstr(error, "the current directory is not valid UTF-8"));
	assert_int_equal(unlink("x.conf"), 0);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(rmdir(odd), 0);
	free(error);
	free(before);
}

static void
set_environment(void)
{
	clearenv();
	setenv("FOO", "bar", 1);
	setenv("HOME", "/nonexistent/home", 1);
	setenv("TMPDIR", "/tmp", 1);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_group_reference),
		cmocka_unit_test(test_arguments_are_utf8),
		cmocka_unit_test(test_odd_directory),
	};
	char *text;

	set_environment();
	if (argc > 1) {
		text = outcome(argc, argv);
		fputs(text, stdout);
		free(text);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
