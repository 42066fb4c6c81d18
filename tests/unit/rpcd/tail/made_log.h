/* Made_log: a log without a name. */
#ifndef TESTS_MADE_LOG_H
#define TESTS_MADE_LOG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The descriptor of a new file that contains the text n times. */
static inline int
make_log(const char *text, size_t times)
{
	char path[] = "/tmp/test_log.XXXXXX";
	int fd = mkstemp(path);
	FILE *file;

	assert_true(fd >= 0);
	unlink(path);
	file = fdopen(dup(fd), "w");
	assert_non_null(file);
	for (size_t i = 0; i < times; i++)
		fputs(text, file);
	fclose(file);
	return fd;
}

#endif
