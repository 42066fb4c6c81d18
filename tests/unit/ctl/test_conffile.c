/* Each tests/data/conffile/NAME.conf says in its first line, after "; want: ",
 * the socket's path, or after "; error: " the error. HERE stands for the file's
 * directory, CWD for the current one, FILE for the file. */
#include "common/mem.h"
#include "common/str.h"
#include "ctl/conffile.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define DATA "tests/data/conffile"

/* New: the first `from` in text replaced. */
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

static void
check(const char *file)
{
	char cwd[PATH_MAX], *why = NULL, *got, *want, *said;

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	want = wanted(file, cwd);
	got = conffile_socket(file, &why);
	said = got != NULL ? xasprintf("; want: %s", got) : xasprintf("; error: %s", why);
	if (strcmp(said, want) != 0)
		print_error("%s\n", file);
	assert_string_equal(said, want);
	free(said);
	free(got);
	free(why);
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
	char *why = NULL;

	(void)state;
	assert_null(conffile_socket("/nonexistent/x.conf", &why));
	assert_string_equal(why, "could not find config file /nonexistent/x.conf");
	free(why);
	assert_null(conffile_socket("/", &why));
	assert_string_equal(why, "could not read config file /");
	free(why);
}

static void
test_nul_byte(void **state)
{
	char path[] = "/tmp/reeve-conffile-XXXXXX", *why = NULL, *want;
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, "[supervisord]\npidfile=/a\0b\n", 27), 27);
	close(fd);
	assert_null(conffile_socket(path, &why));
	want = xasprintf("could not read config file %s", path);
	assert_string_equal(why, want);
	free(want);
	free(why);
	unlink(path);
}

/* The search path begins beside the program: DIR/bin/reevectl finds DIR/etc. */
static void
test_find(void **state)
{
	char dir[] = "/tmp/reeve-find-XXXXXX", *why = NULL, *self, *conf, *etc, *found;
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
	found = conffile_find(self, &why);
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
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
