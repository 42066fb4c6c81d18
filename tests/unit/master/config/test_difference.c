/* What makes a FastCGI program's group another one when the file is read again. */
#include "master/config/difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S(text) ((char *)(uintptr_t)(text))

static struct group_config
group(const char *url, const char *why)
{
	return (struct group_config){.kind = GROUP_FCGI, .name = S("f"),
	    .fcgi = {.url = S(url), .why = S(why), .mode = 0700, .backlog = 5}};
}

static void
test_socket(void **state)
{
	struct group_config live = group("tcp://a:1", NULL), same = live;
	struct group_config other = group("tcp://a:2", NULL), mode = live, owner = live;
	struct group_config backlog = live, programs = live;

	(void)state;
	mode.fcgi.mode = 0600;
	owner.fcgi.gid = 7;
	backlog.fcgi.backlog = 6;
	programs.kind = GROUP_PROGRAMS;
	assert_true(conf_difference_is_same(&live, &same));
	assert_false(conf_difference_is_same(&live, &other));
	assert_false(conf_difference_is_same(&live, &mode));
	assert_false(conf_difference_is_same(&live, &owner));
	assert_false(conf_difference_is_same(&live, &backlog));
	assert_false(conf_difference_is_same(&live, &programs));
}

/* A host that is found at last is worth a new group; one that is lost is not. */
static void
test_host(void **state)
{
	struct group_config known = group("tcp://a:1", NULL);
	struct group_config unknown = group("tcp://a:1", "who?");

	(void)state;
	assert_false(conf_difference_is_same(&unknown, &known));
	assert_true(conf_difference_is_same(&known, &unknown));
	assert_true(conf_difference_is_same(&unknown, &unknown));
	known.fcgi.address = S("127.0.0.1");
	assert_true(conf_difference_is_same(&known, &unknown));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_socket),
	    cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
