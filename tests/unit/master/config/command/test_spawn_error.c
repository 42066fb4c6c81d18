/* Spawn error: the texts of all steps and errors, for files of any content. */
#include "master/config/command/spawn_error.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#define HEAD(text) .head = text, .nhead = sizeof(text) - 1

static const struct {
	struct spawn_error error;
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
	    "Exec format error; its interpreter is not a program for "
	    "this machine" },
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
		char *text = spawn_error_text(&rows[i].error, "x y");

		assert_string_equal(text, rows[i].want);
		free(text);
	}
}

/* A step that does not exist has no text. */
static void
test_unknown_step(void **state UNUSED)
{
	struct spawn_error error = { .step = (enum spawn_step)99 };

	assert_null(spawn_error_text(&error, "x"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_unknown_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
