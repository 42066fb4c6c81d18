/* Cgroup dir: files of a control group, in a directory that has none of the kernel's own
 * behaviour. */
#include "master/child/cgroup/cgroup_dir.h"

#include "tests/unit/master/child/cgroup/fake_groups.h"

#include <signal.h>
#include <sys/wait.h>

static void
test_parse(void **state)
{
	(void)state;
	assert_int_equal(cgroup_dir_parse("populated 1\nfrozen 0\n", "populated"), 1);
	assert_int_equal(cgroup_dir_parse("populated 1\nfrozen 7\n", "frozen"), 7);
	assert_int_equal(
	    cgroup_dir_parse("low 0\noom 3\noom_kill 2\noom_group_kill 0", "oom_kill"), 2);
	assert_int_equal(cgroup_dir_parse("oom_kill 12", "oom_kill"), 12);
	assert_int_equal(cgroup_dir_parse("4096\n", NULL), 4096);
	assert_int_equal(cgroup_dir_parse("max\n", NULL), -1);
	assert_int_equal(cgroup_dir_parse("", NULL), -1);
	assert_int_equal(cgroup_dir_parse("", "a"), -1);
	assert_int_equal(cgroup_dir_parse("a\n", "a"), -1);
	assert_int_equal(cgroup_dir_parse("a x\n", "a"), -1);
	assert_int_equal(cgroup_dir_parse("a -1\n", "a"), -1);
	assert_int_equal(cgroup_dir_parse("ab 1\n", "a"), -1);
	assert_int_equal(cgroup_dir_parse("a 99999999999999999999\n", "a"), -1);
}

static int
open_group(struct scratch *scratch, const char *group)
{
	int dir = cgroup_dir_open(fake_path(scratch, group, ""));

	assert_true(dir >= 0);
	return dir;
}

static void
test_files(void **state)
{
	struct scratch *scratch = *state;
	char text[CGROUP_DIR_TEXT];
	int dir;

	fake_group(scratch, "g");
	dir = open_group(scratch, "g");
	assert_false(cgroup_dir_is_populated(dir));
	fake_write(scratch, "g", "cgroup.events", "populated 1\nfrozen 0\n");
	assert_true(cgroup_dir_is_populated(dir));
	assert_int_equal(cgroup_dir_read(dir, "absent", text), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(cgroup_dir_write(dir, "absent", "1"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(cgroup_dir_number(dir, "absent", NULL), -1);
	/* A file can be replaced by a link only by somebody who may do everything. */
	assert_int_equal(symlink("cgroup.events", fake_path(scratch, "g", "link")), 0);
	assert_int_equal(cgroup_dir_read(dir, "link", text), -1);
	assert_int_equal(errno, ELOOP);
	close(dir);
	assert_int_equal(cgroup_dir_open(fake_path(scratch, "g", "cgroup.procs")), -1);
	assert_int_equal(errno, ENOTDIR);
}

static pid_t
fork_sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void
test_kill(void **state)
{
	struct scratch *scratch = *state;
	pid_t outer = fork_sleeper(), inner = fork_sleeper();
	char text[64];
	int dir, status;

	fake_group(scratch, "g");
	fake_group(scratch, "g/inner");
	dir = open_group(scratch, "g");
	fake_write(scratch, "g", "cgroup.kill", "");
	assert_int_equal(cgroup_dir_kill(dir), 1);
	fake_expect(scratch, "g", "cgroup.kill", "1");
	/* An older kernel: by the lists. Neither 0 nor we are killed. */
	assert_int_equal(unlink(fake_path(scratch, "g", "cgroup.kill")), 0);
	snprintf(text, sizeof(text), "0\n%d\n%d\n", (int)outer, (int)getpid());
	fake_write(scratch, "g", "cgroup.procs", text);
	snprintf(text, sizeof(text), "%d\n", (int)inner);
	fake_write(scratch, "g/inner", "cgroup.procs", text);
	assert_int_equal(cgroup_dir_kill(dir), 0);
	assert_int_equal(waitpid(outer, &status, 0), outer);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(waitpid(inner, &status, 0), inner);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	close(dir);
}

/* In a directory that is no control group the list does not change, so the last pid of the
 * last pass remains. */
static void
test_move(void **state)
{
	struct scratch *scratch = *state;
	int from, to;

	fake_group(scratch, "from");
	fake_group(scratch, "to");
	from = open_group(scratch, "from");
	to = open_group(scratch, "to");
	assert_int_equal(cgroup_dir_move(from, to), 0);
	fake_expect(scratch, "to", "cgroup.procs", "");
	fake_write(scratch, "from", "cgroup.procs", "12\n");
	assert_int_equal(cgroup_dir_move(from, to), 0);
	fake_expect(scratch, "to", "cgroup.procs", "12");
	assert_int_equal(unlink(fake_path(scratch, "to", "cgroup.procs")), 0);
	assert_int_equal(cgroup_dir_move(from, to), -1);
	assert_int_equal(errno, ENOENT);
	close(from);
	close(to);
}

static void
test_remove(void **state)
{
	struct scratch *scratch = *state;

	assert_int_equal(mkdir(fake_path(scratch, "g", ""), 0755), 0);
	assert_int_equal(mkdir(fake_path(scratch, "g/a", ""), 0755), 0);
	assert_int_equal(mkdir(fake_path(scratch, "g/a/b", ""), 0755), 0);
	assert_int_equal(mkdir(fake_path(scratch, "g/c", ""), 0755), 0);
	assert_int_equal(cgroup_dir_remove(fake_path(scratch, "g", "")), 0);
	assert_int_equal(access(fake_path(scratch, "g", ""), F_OK), -1);
	assert_int_equal(cgroup_dir_remove(fake_path(scratch, "g", "")), 0);
	/* Here files keep it, elsewhere processes. */
	fake_group(scratch, "kept");
	assert_int_equal(cgroup_dir_remove(fake_path(scratch, "kept", "")), -1);
	assert_int_equal(errno, ENOTEMPTY);
	/* The groups inside are not removed while there are processes. */
	assert_int_equal(mkdir(fake_path(scratch, "kept/inner", ""), 0755), 0);
	fake_write(scratch, "kept", "cgroup.events", "populated 1\n");
	assert_int_equal(cgroup_dir_remove(fake_path(scratch, "kept", "")), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(access(fake_path(scratch, "kept/inner", ""), F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test_setup_teardown(test_files, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(test_kill, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(test_move, scratch_setup, fake_teardown),
		cmocka_unit_test_setup_teardown(test_remove, scratch_setup, fake_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
