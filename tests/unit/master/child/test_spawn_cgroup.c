/* Spawn with a control group: a child is born there, or moves there where the kernel has no
 * clone3. Needs a machine on which this process can make a group. */
#include "master/child/cgroup/cgroup_dir.h"
#include "master/child/cgroup/cgroups.h"
#include "master/child/spawn_report.h"
#include "tests/unit/master/spawn_run.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static char group[4096];

/* A descriptor of a new group; skips the test where none can be made. */
static int
make_group(void)
{
	char *own = cgroups_find_own();

	if (own == NULL)
		skip();
	snprintf(group, sizeof(group), "%s/reeve-test-%d", own, (int)getpid());
	free(own);
	if (mkdir(group, 0755) == -1)
		skip();
	return cgroup_dir_open(group);
}

/* Kernels remove a group shortly after its last process has been reaped. */
static void
remove_group(int dir)
{
	for (int i = 0; i < 1000 && cgroup_dir_is_populated(dir); i++)
		usleep(10000);
	close(dir);
	assert_int_equal(cgroup_dir_remove(group), 0);
}

/* Spawns a shell in a group, as this user, and checks that it is there. */
static void
expect_there(void **state, const struct user *user)
{
	int dir = make_group();
	struct run run;

	run_shell(&run, state, "read line; grep ^0:: /proc/self/cgroup; id -u; exit 3");
	run.request.cgroup = dir;
	run.request.user = user;
	assert_int_equal(write(run.input, "x\n", 2), 2);
	finish(&run, launch(&run));
	assert_int_equal(WEXITSTATUS(run.status), 3);
	assert_string_equal(run.wrong, "");
	assert_non_null(strstr(run.text, strrchr(group, '/')));
	if (user != NULL)
		assert_non_null(strstr(run.text, "65534"));
	remove_group(dir);
}

static void
test_same_user(void **state)
{
	expect_there(state, NULL);
}

static void
test_other_user(void **state)
{
	const struct user nobody = { .uid = 65534, .gid = 65534 };

	if (getuid() != 0)
		skip();
	expect_there(state, &nobody);
}

/* Not a control group. */
static void
test_wrong_directory(void **state)
{
	struct scratch *scratch = *state;
	struct run run;
	int dir = cgroup_dir_open(scratch->dir);

	run_shell(&run, state, "exit 0");
	run.request.cgroup = dir;
	assert_int_equal(spawn_child(&run.request), -1);
	assert_int_equal(errno, EBADF);
	close(dir);
}

/* From now on this process has no clone3. */
static void
forbid_clone3(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(
		    BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { nitems(filter), filter };

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void
test_old_kernel(void **state)
{
	const struct user nobody = { .uid = 65534, .gid = 65534 };
	struct scratch *scratch = *state;
	struct spawn_error report;
	struct run run;
	pid_t pid;
	int dir;

	forbid_clone3();
	/* Without a file cgroup.procs the child reports the step. */
	dir = cgroup_dir_open(scratch->dir);
	run_shell(&run, state, "exit 0");
	run.request.cgroup = dir;
	pid = launch(&run);
	finish(&run, pid);
	assert_int_equal(WEXITSTATUS(run.status), 127);
	assert_true(spawn_report_take(pid, &report));
	assert_int_equal(report.step, SPAWN_CGROUP);
	assert_int_equal(report.errnum, ENOENT);
	close(dir);
	expect_there(state, NULL);
	if (getuid() == 0)
		expect_there(state, &nobody);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_same_user, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
		    test_other_user, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
		    test_wrong_directory, scratch_setup, scratch_teardown),
		/* The last one. */
		cmocka_unit_test_setup_teardown(
		    test_old_kernel, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
