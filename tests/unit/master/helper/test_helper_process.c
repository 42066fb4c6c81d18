/* Helper process: readiness, backoff, hangs, pauses, end and log lines; permanent and
 * one-shot. */
#include "tests/unit/master/helper/helper_world.h"

static void
test_not_ready(void **state)
{
	(void)state;
	setup(&permanent);
	assert_int_equal(helper_process_start(w.helper), 0);
	pass(9999);
	assert_int_equal(w.signal, 0);
	pass(1);
	assert_int_equal(w.signal, SIGKILL);
	assert_int_equal(w.lost, 1);
	assert_false(helper_process_ready(w.helper));
	reap(SIGKILL);
	assert_int_equal(w.lost, 1);
	assert_int_equal(helper_process_pid(w.helper), 0);
	expect_log("WARN helper (100) was not ready in time; killing it\n"
		   "WARN helper (100) was terminated by SIGKILL\n");
	pass(99);
	assert_int_equal(w.spawns, 1);
	pass(1);
	assert_int_equal(w.spawns, 2);
	teardown();
}

/* The lines are limited, and the delay between attempts grows. */
static void
test_crash_loop(void **state)
{
	(void)state;
	setup(&permanent);
	assert_int_equal(helper_process_start(w.helper), 0);
	for (int i = 0; i < 10; i++) {
		reap(1 << 8);
		pass(HELPER_BACKOFF_MAX_MS);
		assert_int_equal(w.spawns, 2 + i);
	}
	expect_log("WARN helper (100) exited with status 1\n");
	reap(1 << 8);
	pass(HELPER_BACKOFF_MAX_MS - 100);
	assert_int_equal(w.spawns, 11);
	pass(100);
	assert_int_equal(w.spawns, 12);
	/* A helper that was ready is replaced at once. Its end is another line. */
	assert_true(helper_process_ready(w.helper));
	reap(0);
	assert_int_equal(w.spawns, 13);
	expect_log("WARN helper (111) exited with status 0\n");
	teardown();
}

static void
test_spawn_failure(void **state)
{
	(void)state;
	setup(&permanent);
	w.spawn_errno = EAGAIN;
	assert_int_equal(helper_process_start(w.helper), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(helper_process_pid(w.helper), 0);
	pass(1000);
	expect_log("ERRO cannot start helper: cannot create its process: Resource "
		   "temporarily unavailable\n");
	w.spawn_errno = 0;
	pass(1000);
	assert_int_equal(w.spawns, 1);
	helper_process_end(w.helper, done, &w);
	assert_int_equal(w.done, 0);
	reap(0);
	assert_int_equal(w.done, 1);
	pass(10000);
	assert_int_equal(w.spawns, 1);
	assert_int_equal(w.lost, 1);
	teardown();
}

static void
test_refused_connection(void **state)
{
	(void)state;
	setup(&permanent);
	w.refuses = true;
	assert_int_equal(helper_process_start(w.helper), 0);
	assert_int_equal(w.signal, SIGKILL);
	reap(SIGKILL);
	expect_log("WARN helper (100) could not be connected; killing it\n"
		   "WARN helper (100) was terminated by SIGKILL\n");
	teardown();
}

static void
test_hang(void **state)
{
	(void)state;
	setup(&permanent);
	start_ready();
	assert_false(helper_process_ready(w.helper));
	pass(60000);
	assert_string_equal(received(), "");
	helper_process_active(w.helper);
	pass(1000);
	assert_non_null(strstr(received(), "\"ping\""));
	pass(2000);
	expect_log("WARN helper (100) has not answered for 2 seconds\n");
	pass(7900);
	assert_int_equal(w.signal, 0);
	pass(100);
	assert_int_equal(w.signal, SIGKILL);
	expect_log("WARN helper (100) does not answer; killing it\n");
	assert_int_equal(w.lost, 1);
	teardown();
}

static void
test_answer(void **state)
{
	(void)state;
	setup(&permanent);
	start_ready();
	helper_process_active(w.helper);
	pass(3500);
	answer("{\"busy\":1}");
	expect_log("WARN helper (100) has not answered for 2 seconds\n"
		   "INFO helper (100) answers again\n");
	assert_int_equal(w.idle, 0);
	pass(1000);
	answer("{\"busy\":0}");
	assert_int_equal(w.idle, 1);
	/* Something that was sent is followed by a ping. */
	assert_int_equal(peer_notify(w.peer, "news", NULL, -1, 0), 0);
	helper_process_check(w.helper);
	pass(1000);
	assert_non_null(strstr(received(), "\"ping\""));
	teardown();
}

/* While the machine was paused, the helper could not answer either. */
static void
test_pause(void **state)
{
	(void)state;
	setup(&permanent);
	assert_int_equal(helper_process_start(w.helper), 0);
	pause_all(3600 * 1000);
	assert_int_equal(w.signal, 0);
	assert_true(helper_process_ready(w.helper));
	helper_process_active(w.helper);
	pass(1000);
	pause_all(3600 * 1000);
	assert_int_equal(w.signal, 0);
	answer("{}");
	assert_int_equal(w.idle, 1);
	helper_process_end(w.helper, done, &w);
	pause_all(3600 * 1000);
	assert_int_equal(w.signal, 0);
	pass(HELPER_GRACE_MS);
	assert_int_equal(w.signal, SIGKILL);
	reap(SIGKILL);
	expect_log("WARN helper (100) did not exit in time; killing it\n"
		   "WARN helper (100) was terminated by SIGKILL\n");
	teardown();
}

static void
test_stopped(void **state)
{
	(void)state;
	setup(&permanent);
	start_ready();
	w.stopped(w.reap_ctx, w.pid, SIGSTOP);
	assert_int_equal(w.signal, SIGCONT);
	expect_log("WARN helper (100) was stopped by SIGSTOP; continuing it\n");
	pass(3000);
	assert_int_equal(w.signal, SIGKILL);
	expect_log("WARN helper (100) does not answer; killing it\n");
	teardown();
}

static void
test_end_while_starting(void **state)
{
	(void)state;
	setup(&permanent);
	assert_int_equal(helper_process_start(w.helper), 0);
	helper_process_end(w.helper, done, &w);
	turns();
	/* The end of file is the request. */
	assert_int_equal(read(w.socket, &(char){ 0 }, 1), 0);
	assert_false(helper_process_ready(w.helper));
	assert_int_equal(w.done, 0);
	close_socket();
	assert_int_equal(w.lost, 1);
	assert_int_equal(w.signal, 0);
	reap(0);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.spawns, 1);
	teardown();
}

static void
test_end_while_waiting(void **state)
{
	(void)state;
	setup(&permanent);
	assert_int_equal(helper_process_start(w.helper), 0);
	reap(1 << 8);
	expect_log("WARN helper (100) exited with status 1\n");
	helper_process_end(w.helper, done, &w);
	assert_int_equal(w.done, 1);
	pass(10000);
	assert_int_equal(w.spawns, 1);
	teardown();
}

/* A process that is replaced while it is not ready ends; one that is ready goes on until it
 * has retired, and for a limited time then. */
static void
test_replace(void **state)
{
	(void)state;
	setup(&permanent);
	assert_int_equal(helper_process_start(w.helper), 0);
	helper_process_replace(w.helper);
	pass(1500);
	assert_int_equal(w.signal, SIGKILL);
	expect_log("WARN helper (100) did not exit in time; killing it\n");
	reap(SIGKILL);
	expect_log("WARN helper (100) was terminated by SIGKILL\n");
	assert_int_equal(w.spawns, 1);
	teardown();
	setup(&permanent);
	start_ready();
	helper_process_replace(w.helper);
	assert_true(helper_process_is_ready(w.helper));
	helper_process_retire(w.helper, w.now + 5000);
	assert_false(helper_process_is_ready(w.helper));
	assert_true(helper_process_has_retired(w.helper));
	pass(4999);
	assert_int_equal(w.lost, 0);
	pass(1);
	close_socket();
	assert_int_equal(w.lost, 1);
	reap(0);
	expect_log("");
	assert_int_equal(w.spawns, 1);
	teardown();
}

static void
test_end_of_file(void **state)
{
	(void)state;
	setup(&permanent);
	start_ready();
	close_socket();
	assert_int_equal(w.lost, 1);
	assert_int_equal(w.signal, 0);
	pass(HELPER_EXIT_MS);
	assert_int_equal(w.signal, SIGKILL);
	reap(SIGKILL);
	expect_log(
	    "WARN helper (100) has closed its connection and did not exit; killing it\n"
	    "WARN helper (100) was terminated by SIGKILL\n");
	teardown();
}

static void
test_violation(void **state)
{
	(void)state;
	setup(&permanent);
	start_ready();
	dprintf(w.socket, "no JSON\n");
	turns();
	assert_int_equal(w.signal, SIGKILL);
	assert_int_equal(w.lost, 1);
	expect_log(""); /* reported by the owner's connection */
	teardown();
}

static void
test_log(void **state)
{
	(void)state;
	setup(&permanent);
	start_ready();
	dprintf(w.stderr_fd, "ERRO a\tb\nno level\nWARN last words");
	turns();
	expect_log("ERRO helper: a?b\nWARN helper: no level\n");
	reap(SIGSEGV);
	expect_log("WARN helper: last words\n"
		   "WARN helper (100) was terminated by SIGSEGV\n");
	assert_int_equal(helper_process_start(w.helper), 0);
	for (int i = 0; i < 200; i++)
		dprintf(w.stderr_fd, "INFO %d\n", i);
	turns();
	assert_non_null(strstr(buf_data(&w.log), "INFO helper: 96\n"));
	assert_null(strstr(buf_data(&w.log), "INFO helper: 150\n"));
	buf_clear(&w.log);
	teardown();
}

static void
test_one_shot(void **state)
{
	(void)state;
	setup(&one_shot);
	assert_int_equal(helper_process_start(w.helper), 0);
	pass(29000);
	dprintf(w.socket, "{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{}}\n");
	reap(3 << 8);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.end.wait_status, 3 << 8);
	assert_null(w.end.killed);
	assert_int_equal(w.lost, 0);
	expect_log("WARN helper (100) exited with status 3\n");
	pass(60000);
	assert_int_equal(w.spawns, 1);
	teardown();
}

static void
test_one_shot_late(void **state)
{
	(void)state;
	setup(&one_shot);
	w.spawn_errno = ENOMEM;
	assert_int_equal(helper_process_start(w.helper), -1);
	assert_int_equal(errno, ENOMEM);
	pass(10000);
	assert_int_equal(w.done, 0);
	expect_log("ERRO cannot start helper: cannot create its process: Cannot allocate "
		   "memory\n");
	w.spawn_errno = 0;
	assert_int_equal(helper_process_start(w.helper), 0);
	pass(30000);
	assert_int_equal(w.signal, SIGKILL);
	assert_int_equal(w.lost, 1);
	reap(SIGKILL);
	assert_int_equal(w.done, 1);
	assert_string_equal(w.end.killed, "did not finish in time");
	expect_log("WARN helper (100) did not finish in time; killing it\n"
		   "WARN helper (100) was terminated by SIGKILL\n");
	teardown();
}

static void
test_freed(void **state)
{
	(void)state;
	setup(&one_shot);
	assert_int_equal(helper_process_start(w.helper), 0);
	helper_process_free(w.helper);
	w.helper = NULL;
	drop_peer();
	assert_int_equal(w.signal, SIGKILL);
	reap(SIGKILL);
	assert_int_equal(w.done, 0);
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_not_ready),
	    cmocka_unit_test(test_crash_loop),
	    cmocka_unit_test(test_spawn_failure),
	    cmocka_unit_test(test_refused_connection),
	    cmocka_unit_test(test_hang),
	    cmocka_unit_test(test_answer),
	    cmocka_unit_test(test_pause),
	    cmocka_unit_test(test_stopped),
	    cmocka_unit_test(test_end_while_starting),
	    cmocka_unit_test(test_end_while_waiting),
	    cmocka_unit_test(test_replace),
	    cmocka_unit_test(test_end_of_file),
	    cmocka_unit_test(test_violation),
	    cmocka_unit_test(test_log),
	    cmocka_unit_test(test_one_shot),
	    cmocka_unit_test(test_one_shot_late),
	    cmocka_unit_test(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
