#include "ctl/terminal/interrupt.h"

#include "common/compiler.h"
#include "common/mem.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void
test_wait(void **state)
{
	struct interrupt i;
	int input[2];
	FILE *out = tmpfile();

	(void)state;
	assert_non_null(out);
	assert_int_equal(pipe(input), 0);
	interrupt_begin(&i);
	assert_true(interrupt_wait(&i, out, input[0], 0));
	assert_int_equal(write(input[1], "x", 1), 1);
	assert_true(interrupt_wait(&i, out, input[0], -1));
	raise(SIGINT);
	assert_false(interrupt_wait(&i, out, input[0], -1));
	interrupt_end(&i);
	fclose(out);
	close(input[0]);
	close(input[1]);
}

static void
test_reader_has_gone(void **state)
{
	struct interrupt i;
	int ends[2];
	FILE *out;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	out = fdopen(ends[1], "w");
	assert_non_null(out);
	interrupt_begin(&i);
	assert_true(interrupt_wait(&i, out, -1, 0));
	close(ends[0]);
	assert_false(interrupt_wait(&i, out, -1, -1));
	interrupt_end(&i);
	fclose(out);
}

/* As in a background job of a shell script. */
static void
test_ignored(void **state)
{
	struct interrupt i;

	(void)state;
	signal(SIGINT, SIG_IGN);
	assert_true(interrupt_is_ignored(SIGINT));
	interrupt_begin(&i);
	raise(SIGINT);
	assert_true(interrupt_wait(&i, stdout, -1, 0));
	interrupt_end(&i);
	signal(SIGINT, SIG_DFL);
	assert_false(interrupt_is_ignored(SIGINT));
}

/* Checks the output of a process with a notice on a signal, and its end. */
static void
on_signal(int signo, bool alone, bool ended, const char *want)
{
	char text[64] = "";
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		struct interrupt_notice notice;

		prctl(PR_SET_DUMPABLE, 0);
		dup2(ends[1], STDERR_FILENO);
		interrupt_notice_begin(&notice, xstrdup("stopped, not started"), alone);
		if (ended)
			interrupt_notice_end(&notice);
		raise(signo);
		_exit(7);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(read(ends[0], text, sizeof(text) - 1), strlen(want));
	assert_string_equal(text, want);
	close(ends[0]);
	if (alone && signo == SIGHUP)
		assert_int_equal(WEXITSTATUS(status), 7);
	else
		assert_int_equal(WTERMSIG(status), signo);
}

static void
test_notice(void **state)
{
	(void)state;
	for (size_t i = 0; i < INTERRUPT_SIGNALS; i++) {
		on_signal(interrupt_signals[i], false, false, "\nstopped, not started\n");
		on_signal(interrupt_signals[i], false, true, "");
	}
	on_signal(SIGTERM, true, false, "\nstopped, not started\n");
	on_signal(SIGHUP, true, false, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_reader_has_gone),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_notice),
	};

	/* The caller of the tests may ignore some signals. */
	for (size_t i = 0; i < INTERRUPT_SIGNALS; i++)
		signal(interrupt_signals[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
