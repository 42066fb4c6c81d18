/* Handover: passes a document through a sealed memfd; descriptors kept by an exec. */
#include "master/upgrade/handover.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
new_fd(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd > 2);
	return fd;
}

static bool
is_kept(int fd)
{
	return (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
}

/* A document with two descriptors, one in an object and one in an array. */
static json_t *
naming(int one, int other)
{
	json_t *doc = json_pack(
	    "{s:{s:i},s:[i,{s:{s:i}}]}", "a", "fd", one, "list", 2, "b", "fd", other);

	assert_non_null(doc);
	return doc;
}

static void
test_round_trip(void **state UNUSED)
{
	int one = new_fd(), other = new_fd(), unnamed = new_fd(), fd;
	json_t *doc = naming(one, other), *again;
	char *why = NULL;

	fd = handover_write(doc);
	assert_true(fd != -1);
	assert_false(is_kept(fd));
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(handover_keep(doc, true), 0);
	assert_true(is_kept(one) && is_kept(other) && !is_kept(unnamed));
	again = handover_read(fd, &why);
	assert_non_null(again);
	assert_true(json_equal(doc, again));
	assert_true(!is_kept(one) && !is_kept(other));
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	json_decref(doc);
	json_decref(again);
	close(one);
	close(other);
	close(unnamed);
}

static void
test_descriptor_is_missing(void **state UNUSED)
{
	int one = new_fd(), other = new_fd(), fd;
	json_t *doc = naming(one, other);
	char *why = NULL;

	fd = handover_write(doc);
	close(one);
	assert_int_equal(handover_keep(doc, true), -1);
	assert_null(handover_read(fd, &why));
	assert_string_equal(
	    why, "state document: a descriptor is missing: Bad file descriptor");
	free(why);
	json_decref(doc);
	close(other);
}

static void
test_truncated(void **state UNUSED)
{
	char path[] = "/tmp/reeve-handover-XXXXXX", *why = NULL;
	int fd = mkstemp(path);

	unlink(path);
	assert_int_equal(write(fd, "{\"a\":", 5), 5);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_null(handover_read(fd, &why));
	assert_non_null(strstr(why, "state document: cannot be read:"));
	free(why);
	assert_null(handover_read(-1, &why));
	free(why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_descriptor_is_missing),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
