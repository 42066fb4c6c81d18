/* Spawn report: the report of each child arrives once, and is bounded. */
#include "master/child/spawn_report.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each of many children leaves a report, which can be taken once. */
static void
test_children(void **state UNUSED)
{
	struct spawn_error report;
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
		assert_int_equal(report.nhead, SPAWN_ERROR_HEAD);
		assert_memory_equal(report.head, "root:", 5);
		assert_false(spawn_report_take(pids[i], &report));
	}
}

/* Keeps errno, and truncates long texts. */
static void
test_bounds(void **state UNUSED)
{
	struct spawn_error report;
	char why[300];

	memset(why, 'w', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	errno = EXDEV;
	spawn_report_send(SPAWN_USER, 1, why, "/no/such/file");
	assert_int_equal(errno, EXDEV);
	assert_true(spawn_report_take(getpid(), &report));
	assert_int_equal(strlen(report.why), SPAWN_ERROR_WHY - 1);
	assert_int_equal(report.nhead, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_children),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
