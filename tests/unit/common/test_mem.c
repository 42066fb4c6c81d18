#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/mem.h"
#include "tests/unit/common/no_log.h"

/* Lets an impossible allocation return NULL under the sanitizer as well. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static volatile size_t huge = SIZE_MAX / 2;

static void
die_malloc(void)
{
	free(xmalloc(huge));
}

static void
die_calloc(void)
{
	free(xcalloc(huge, huge));
}

static void
die_reallocarray(void)
{
	free(xreallocarray(NULL, huge, 4));
}

static void
die_check(void)
{
	mem_must(0);
	mem_must(-1);
}

/* The exit status is 1 if the allocation ended the program, 0 if it returned. */
static int
status_of(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid == 0) {
		log_init(no_log, NULL, LEVEL_CRITICAL);
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
test_exhausted(void **state)
{
	(void)state;
	assert_int_equal(status_of(die_malloc), 1);
	assert_int_equal(status_of(die_calloc), 1);
	assert_int_equal(status_of(die_reallocarray), 1);
	assert_int_equal(status_of(die_check), 1);
}

static void
test_nothing(void **state)
{
	void *p;

	(void)state;
	p = xmalloc(0);
	assert_non_null(p);
	free(p);
	p = xcalloc(0, 8);
	assert_non_null(p);
	p = xreallocarray(p, 0, 0);
	assert_non_null(p);
	mem_freep(&p);
	assert_null(p);
	mem_freep(&p);
}

static void
test_text(void **state)
{
	char *a, *b, *c, *d;

	(void)state;
	a = xstrdup("abc");
	b = xstrndup("abcdef", 4);
	c = xasprintf("%s-%d", "x", 7);
	d = mem_printf("%s-%d", "x", 7);
	assert_string_equal(a, "abc");
	assert_string_equal(b, "abcd");
	assert_string_equal(c, "x-7");
	assert_string_equal(d, "x-7");
	xappendf(&c, "%s%d", ", ", 8);
	assert_string_equal(c, "x-7, 8");
	mem_freep(&a);
	mem_freep(&b);
	mem_freep(&c);
	mem_freep(&d);
	assert_null(c);
}

/* A text too long for memory. */
static void
test_text_without_memory(void **state)
{
	volatile int width = INT_MAX;

	(void)state;
	errno = 0;
	assert_null(mem_printf("%*s%*s", width, "", width, ""));
	assert_int_equal(errno, ENOMEM);
}

static void
test_wipe(void **state)
{
	char secret[8] = "secret";
	static const char zero[8];

	(void)state;
	mem_wipe(secret, sizeof(secret));
	assert_memory_equal(secret, zero, sizeof(secret));
	mem_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_without_memory),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
