/* Cgroup check: what options need of a machine, and what they write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/str.h"
#include "master/config/limits.h"
#include "master/config/load/cgroup_check.h"

#include <stdlib.h>
#include <string.h>

static void
expect(const struct process_config *process, const struct conf_cgroups *machine,
    const char *want, const char *text)
{
	char *why = NULL;
	const char *key = conf_cgroup_missing(process, machine, &why);

	assert_true(str_equal(key, want));
	if (want != NULL && strstr(why, text) == NULL)
		fail_msg("%s", why);
	free(why);
}

static const struct conf_cgroups none = { false, "" };
static const struct conf_cgroups hybrid = { true, "hugetlb\n" };
static const struct conf_cgroups whole = {
	true, "cpuset cpu io memory hugetlb pids rdma\n"
};

static void
test_missing(void **state)
{
	const struct process_config plain = { .killmode = KILL_TREE };
	const struct process_config killed = { .killmode = KILL_CGROUP };
	const struct process_config limited = { .limits = { .pids_max = 3,
						    .memory_high = 1 } };
	const struct process_config cpu = { .limits = { .cpu_max = { 1, 2 } } };

	(void)state;
	expect(&plain, &none, NULL, NULL);
	expect(&killed, &none, "killmode", "no control groups of version 2 are mounted");
	expect(&killed, &hybrid, NULL, NULL);
	expect(
	    &limited, &none, "memory_high", "no control groups of version 2 are mounted");
	expect(&limited, &hybrid, "memory_high", "no controller memory of");
	expect(&limited, &whole, NULL, NULL);
	expect(&cpu, &hybrid, "cpu_max", "no controller cpu of");
	expect(&cpu, &whole, NULL, NULL);
	expect(&limited, &(struct conf_cgroups){ true, "memory" }, "pids_max",
	    "no controller pids of");
}

static void
test_texts(void **state)
{
	const struct process_config none_set = { .killmode = KILL_CGROUP };
	const struct process_config all = { .limits = { 1, 2, 3, 4, 5, { 6, 7 } } };
	static const char *const want[LIMITS] = { "1", "2", "6 7", "3", "default 4", "5" };
	char text[LIMITS_TEXT];

	(void)state;
	for (size_t i = 0; i < LIMITS; i++) {
		assert_false(limits_text(&none_set, i, text));
		assert_true(limits_text(&all, i, text));
		assert_string_equal(text, want[i]);
		/* The file is one of the controller. */
		assert_int_equal(strncmp(limits[i].file, limits[i].controller,
				     strlen(limits[i].controller)),
		    0);
	}
	assert_true(limits_exist(&all));
	assert_false(limits_exist(&none_set));
	assert_true(limits_need_cgroup(&all));
	assert_true(limits_need_cgroup(&none_set));
	assert_false(limits_need_cgroup(&(struct process_config){ .umask = 1 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
