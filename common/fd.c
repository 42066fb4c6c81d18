#include "common/fd.h"

#include "common/fail.h"

#include <errno.h>
#include <unistd.h>

void
fd_close(int fd)
{
	int saved = errno;

	if (fd != -1)
		(void)close(fd);
	errno = saved;
}

int
fd_fail(int fd, int error)
{
	fd_close(fd);
	return fail_with(error);
}
