/* The first line of each tests/data/conffile/NAME.conf has the expected result: after ";
 * want: " the path of the socket, after "; client: " the options of [supervisorctl], after
 * "; error: " or "; malformed: " the error, with "|" for a newline. HERE is the directory
 * of the file, CWD the current directory, FILE the file. */
#include "common/mem.h"
#include "common/str.h"
#include "ctl/daemon/conffile.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define DATA "tests/data/conffile"

/* New: the text with the first `from` replaced. */
static char *
replace(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from), *out;

	if (at == NULL)
		return text;
	out = xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	free(text);
	return out;
}

static char *
wanted(const char *file, const char *cwd)
{
	FILE *f = fopen(file, "r");
	char line[1000];
	char *here = xasprintf("%s/%s", cwd, DATA), *want;

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	want = replace(xstrdup(line), "HERE", here);
	want = replace(want, "CWD", cwd);
	want = replace(want, "FILE", file);
	free(here);
	return want;
}

/* New: the result of the file, in the form of its first line. */
static char *
result_of(const char *file, bool client)
{
	struct conffile c;
	char *why = NULL, *result;
	enum conffile_status status = conffile_read(file, &c, &why);

	if (status != CONFFILE_READ) {
		assert_true(status == CONFFILE_MALFORMED || status == CONFFILE_UNUSABLE);
		result = xasprintf(
		    "; %s: %s", status == CONFFILE_MALFORMED ? "malformed" : "error", why);
		free(why);
	} else if (client)
		result = xasprintf("; client: %s %s %s %s %s", c.serverurl,
		    c.username != NULL ? c.username : "-",
		    c.password != NULL ? c.password : "-",
		    c.prompt != NULL ? c.prompt : "-",
		    c.history_file != NULL ? c.history_file : "-");
	else
		result = xasprintf("; want: %s", c.control_socket);
	conffile_clear(&c);
	for (char *end = result; (end = strchr(end, '\n')) != NULL;)
		*end = '|';
	return result;
}

static void
check(const char *file)
{
	char cwd[PATH_MAX], *want, *result;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	want = wanted(file, cwd);
	result = result_of(file, str_starts(want, "; client: "));
	if (strcmp(result, want) != 0)
		print_error("%s\n", file);
	assert_string_equal(result, want);
	free(result);
	free(want);
}

static void
test_files(void **state)
{
	glob_t files;

	(void)state;
	setenv("REEVE_TEST_RUN", "/srv/run", 1);
	setenv("HOME", "/home/someone", 1);
	unsetenv("REEVE_TEST_NONE");
	assert_int_equal(glob(DATA "/*.conf", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 10);
	for (size_t i = 0; i < files.gl_pathc; i++)
		check(files.gl_pathv[i]);
	globfree(&files);
}

static void
test_missing(void **state)
{
	struct conffile c;
	char *why = NULL;

	(void)state;
	assert_int_equal(conffile_read("/nonexistent/x.conf", &c, &why), CONFFILE_UNUSABLE);
	assert_string_equal(why, "could not find config file /nonexistent/x.conf");
	free(why);
	assert_int_equal(conffile_read("/", &c, &why), CONFFILE_UNUSABLE);
	assert_string_equal(why, "could not read config file /");
	free(why);
}

/* The memory ends with the text, so that ASan reports a read beyond it. */
static void
test_ends(void **state)
{
	static const struct {
		const char *value, *want;	/* NULL = rejected */
	} rows[] = {
		{ "", "" },
		{ "%%", "%" },
		{ "a%%", "a%" },
		{ "%%%%", "%%" },
		{ "%(here)s", "/h" },
		{ "%(here)s%%", "/h%" },
		{ "\xc3", "\xc3" },
		{ "%", NULL },
		{ "a%", NULL },
		{ "%%%", NULL },
		{ "%(", NULL },
		{ "%()", NULL },
		{ "%()s", NULL },
		{ "%(here", NULL },
		{ "%(here)", NULL },
		{ "%(here)s%", NULL },
		{ "%(ENV_\xc3", NULL },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		char *value = xstrdup(rows[i].value), *why = NULL;
		char *got = conffile_expand(value, "/h", "x", &why);

		assert_int_equal(got == NULL, why != NULL);
		if (!str_equal(got, rows[i].want))
			fail_msg("<%s> became <%s>", value, got != NULL ? got : why);
		free(got);
		free(why);
		free(value);
	}
}

static void
test_nul_byte(void **state)
{
	char path[] = "/tmp/reeve-conffile-XXXXXX", *why = NULL, *want;
	struct conffile c;
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "[supervisord]\npidfile=/a\0b\n", 27), 27);
	close(fd);
	assert_int_equal(conffile_read(path, &c, &why), CONFFILE_UNUSABLE);
	want = xasprintf("%s: line 2 contains a NUL character", path);
	assert_string_equal(why, want);
	free(want);
	free(why);
	unlink(path);
}

/* The search begins near the program: DIR/bin/reevectl finds DIR/etc. */
static void
test_find(void **state)
{
	char dir[] = "/tmp/reeve-find-XXXXXX", *self, *conf, *etc, *found;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	self = xasprintf("%s/bin/reevectl", dir);
	etc = xasprintf("%s/etc", dir);
	conf = xasprintf("%s/supervisord.conf", etc);
	assert_int_equal(mkdir(etc, 0700), 0);
	f = fopen(conf, "w");
	assert_non_null(f);
	fclose(f);
	found = conffile_find(self);
	assert_non_null(found);
	assert_string_equal(found, conf);
	unlink(conf);
	rmdir(etc);
	rmdir(dir);
	free(found);
	free(conf);
	free(etc);
	free(self);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
