/* Event type: names, hierarchy, and their list in the manual. */
#include "master/config/event_type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void
test_names(void **state UNUSED)
{
	for (int i = 0; i < EVENT_TYPE_MAX; i++)
		assert_int_equal(event_type_find(event_type_name((enum event_type)i)), i);
	assert_int_equal(event_type_find("event"), -1);
	assert_int_equal(event_type_find("PROCESS_STATE_"), -1);
	assert_int_equal(event_type_find(""), -1);
}

/* A name begins with its parent's name, unless that is EVENT. */
static void
test_hierarchy(void **state UNUSED)
{
	for (int i = 0; i < EVENT_TYPE_MAX; i++)
		for (int j = 0; j < EVENT_TYPE_MAX; j++) {
			const char *type = event_type_name((enum event_type)i);
			const char *wanted = event_type_name((enum event_type)j);
			size_t n = strlen(wanted);
			bool above = j == EVENT_ANY || i == j ||
			    (strncmp(type, wanted, n) == 0 && type[n] == '_');

			assert_int_equal(
			    event_type_is((enum event_type)i, (enum event_type)j), above);
		}
}

/* reeve-events(7) lists these types in the order of the hierarchy. */
static void
test_manual(void **state UNUSED)
{
	FILE *file = fopen("man/reeve-events.7", "r");
	char line[256], name[128];
	int type = 0, listed = 0;

	if (file == NULL)
		fail_msg("no manual: run the tests from the root of the tree");
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, ".It Ic %127[A-Z_0-9]", name) != 1)
			continue;
		listed++;
		if (type == EVENT_TYPE_MAX)
			fail_msg("the manual lists %s, which is none", name);
		assert_string_equal(name, event_type_name((enum event_type)type));
		type++;
	}
	fclose(file);
	assert_int_equal(listed, EVENT_TYPE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hierarchy),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
