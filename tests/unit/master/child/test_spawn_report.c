/* Spawn report: what a child writes and what is made of it; what comes out of a report is
 * bounded and readable whatever is in it. */
#include "master/child/spawn_report.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD(text) .head = text, .nhead = sizeof(text) - 1

static const struct {
	struct spawn_report report;
	const char *want;
} rows[] = {
	{ { SPAWN_USER, EPERM, "Could not set groups of effective user", "", 0 },
	    "cannot become user 'x y': "
	    "Could not set groups of effective user: Operation not "
	    "permitted" },
	{ { SPAWN_USER, 0, "Can't drop privilege as nonroot user", "", 0 },
	    "cannot become user 'x y': Can't drop privilege as nonroot user" },
	{ { SPAWN_DIRECTORY, ENOENT, "", "", 0 },
	    "cannot change to the directory 'x y': No such file or directory" },
	{ { SPAWN_DESCRIPTORS, ENOMEM, "", "", 0 },
	    "cannot prepare the descriptors of 'x y': Cannot allocate memory" },
	{ { SPAWN_EXEC, ENOENT, "", "", 0 },
	    "cannot execute 'x y': "
	    "No such file or directory" },
	{ { SPAWN_EXEC, ENOENT, "", HEAD("#!/bin/sh\r\n") },
	    "cannot execute 'x y': "
	    "No such file or directory; its interpreter '/bin/sh\\r' does "
	    "not exist: the lines of the file end with CR LF; convert it (dos2unix)" },
	{ { SPAWN_EXEC, ENOENT, "", HEAD("#!/usr/bin/env python\r\n") },
	    "cannot execute 'x y': "
	    "No such file or directory; its interpreter '/usr/bin/env' "
	    "does not exist: the lines of the file end with CR LF; convert it (dos2unix)" },
	{ { SPAWN_EXEC, ENOENT, "", HEAD("#! /no\377\n") },
	    "cannot execute 'x y': "
	    "No such file or directory; its interpreter '/no\\xff' does "
	    "not exist" },
	{ { SPAWN_EXEC, ENOENT, "", HEAD("#!/no") },
	    "cannot execute 'x y': "
	    "No such file or directory; its interpreter '/no' does not "
	    "exist" },
	{ { SPAWN_EXEC, ENOENT, "", HEAD("\177ELF") },
	    "cannot execute 'x y': "
	    "No such file or directory; its loader or libraries do not "
	    "exist" },
	{ { SPAWN_EXEC, ENOEXEC, "", HEAD("#!") },
	    "cannot execute 'x y': "
	    "Exec format error; its first line names no interpreter" },
	{ { SPAWN_EXEC, ENOEXEC, "", HEAD("#!/script\n") },
	    "cannot execute 'x y': "
	    "Exec format error; its interpreter is no program of this "
	    "machine" },
	{ { SPAWN_EXEC, ENOEXEC, "", HEAD("echo\n") },
	    "cannot execute 'x y': "
	    "Exec format error; it does not begin with #!: name the "
	    "interpreter there or in command=, as in command=/bin/sh FILE" },
	{ { SPAWN_EXEC, EACCES, "", HEAD("#!/bin/sh\n") },
	    "cannot execute 'x y': "
	    "Permission denied; the user may not execute it or its "
	    "interpreter, or the file system is mounted noexec" },
	{ { SPAWN_EXEC, ETXTBSY, "", HEAD("\177ELF") },
	    "cannot execute 'x y': "
	    "Text file busy" },
};

static void
test_texts(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		char *text = spawn_report_text(&rows[i].report, "x y");

		assert_string_equal(text, rows[i].want);
		free(text);
	}
}

/* A step that does not exist has no text. */
static void
test_unknown_step(void **state UNUSED)
{
	struct spawn_report report = {.step = (enum spawn_step)99};

	assert_null(spawn_report_text(&report, "x"));
}

/* Each of many children leaves its own, which is there once. */
static void
test_children(void **state UNUSED)
{
	struct spawn_report report;
	pid_t pids[200];

	assert_false(spawn_report_take(getpid(), &report));
	assert_int_equal(spawn_report_init(), 0);
	assert_false(spawn_report_take(getpid(), &report));
	for (size_t i = 0; i < nitems(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			spawn_report_send(SPAWN_EXEC, (int)i + 1, "why", "/etc/passwd");
			_exit(0);
		}
	}
	for (size_t i = 0; i < nitems(pids); i++) {
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
		assert_true(spawn_report_take(pids[i], &report));
		assert_int_equal(report.errnum, (int)i + 1);
		assert_string_equal(report.why, "why");
		assert_int_equal(report.nhead, SPAWN_REPORT_HEAD);
		assert_memory_equal(report.head, "root:", 5);
		assert_false(spawn_report_take(pids[i], &report));
	}
}

/* Keeps errno, and cuts what is too long. */
static void
test_bounds(void **state UNUSED)
{
	struct spawn_report report;
	char why[300];

	memset(why, 'w', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	errno = EXDEV;
	spawn_report_send(SPAWN_USER, 1, why, "/no/such/file");
	assert_int_equal(errno, EXDEV);
	assert_true(spawn_report_take(getpid(), &report));
	assert_int_equal(strlen(report.why), SPAWN_REPORT_WHY - 1);
	assert_int_equal(report.nhead, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_unknown_step),
	    cmocka_unit_test(test_children),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
