#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/compiler.h"
#include "common/fail.h"
#include "common/fd.h"

static void
assert_closed(int fd)
{
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(errno, EBADF);
}

static void
test_close_keeps_errno(void **state UNUSED)
{
	int fd = dup(0);

	assert_true(fd != -1);
	errno = ENOSPC;
	fd_close(fd);
	assert_int_equal(errno, ENOSPC);
	fd_close(-1);
	assert_int_equal(errno, ENOSPC);
	fd_close(fd); /* fails with EBADF, which is not reported */
	assert_int_equal(errno, ENOSPC);
	assert_closed(fd);
}

static void
test_fail(void **state UNUSED)
{
	int fd = dup(0);

	assert_true(fd != -1);
	assert_int_equal(fd_fail(fd, EMLINK), -1);
	assert_int_equal(errno, EMLINK);
	assert_closed(fd);
	assert_int_equal(fd_fail(-1, EPERM), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(fail_with(EAGAIN), -1);
	assert_int_equal(errno, EAGAIN);
	assert_null(fail_null(ENOMEM));
	assert_int_equal(errno, ENOMEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close_keeps_errno),
		cmocka_unit_test(test_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
