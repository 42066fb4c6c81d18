#include "rpcd/slice.h"

#include "common/compiler.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

static bool
kernel_knows_slices(void)
{
	struct utsname names;
	int major, minor;

	assert_int_equal(uname(&names), 0);
	assert_int_equal(sscanf(names.release, "%d.%d", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 12);
}

/* It is shorter, and the share of the CPU is as it was. */
static void
test_shorten(void **state UNUSED)
{
	struct sched_attr attr = {.size = sizeof(attr)};

	assert_int_equal(setpriority(PRIO_PROCESS, 0, 3), 0);
	slice_shorten();
	assert_int_equal(syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0), 0);
	assert_int_equal(attr.sched_policy, SCHED_NORMAL);
	assert_int_equal(attr.sched_nice, 3);
	if (kernel_knows_slices())
		assert_int_equal(attr.sched_runtime, 100 * 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shorten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
