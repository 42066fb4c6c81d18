/* A real child: spawned, written to, and reaped. */
#include "tests/unit/master/child_world.h"

static void
life_of_a_child(void **state)
{
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	char *why = NULL, *dir = new_dir();
	struct world w;

	(void)state;
	world_init(&w, loop, reaper, dir, PROGRAM);
	assert_int_equal(child_write_stdin(w.process, "x", 1, &why), FAULT_NOT_RUNNING);
	start_cat(&w);
	assert_int_equal(child_write_stdin(w.process, "hello\n", 6, &why), FAULT_NONE);
	wait_for_log(&w, "hello\n");
	assert_int_equal(child_clear_logs(w.process), FAULT_NONE);
	assert_true(log_is(&w, ""));
	kill(w.process->pid, SIGKILL);
	wait_for_end(&w);
	assert_string_equal(child_log_path(w.process, OUTPUT_STDERR), "");
	world_clear(&w);
	reaper_free(reaper);
	loop_free(loop);
	remove_dir(&w, dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(life_of_a_child),
	};

	if (spawn_init(NULL) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
