/* Landlock by raw system calls, because the headers may be older than the kernel. */
#include "common/fd.h"
#include "common/sandbox/sandbox.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same numbers on every architecture. */
#define CALL_CREATE_RULESET 444
#define CALL_RESTRICT_SELF 446
#define CREATE_VERSION 1U

struct landlock_rights {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* All rights that each version of Landlock can restrict, and the size of its structure. */
static const struct {
	struct landlock_rights rights;
	size_t size;
} versions[] = {
	[1] = { { .fs = (1 << 13) - 1 }, 8 },	/* the first 13 rights to files */
	[2] = { { .fs = (1 << 14) - 1 }, 8 },	/* + link or rename to other directories */
	[3] = { { .fs = (1 << 15) - 1 }, 8 },	/* + truncate */
	[4] = { { .fs = (1 << 15) - 1, .net = 3 }, 16 },	/* + TCP bind, connect */
	[5] = { { .fs = (1 << 16) - 1, .net = 3 }, 16 },	/* + ioctl on devices */
	[6] = { { .fs = (1 << 16) - 1, .net = 3, .scoped = 3 }, 24 },	/* + scopes */
};

int
sandbox_landlock(const struct sandbox *s UNUSED)
{
	long version = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_VERSION);
	struct landlock_rights rights;
	long fd, rc;

	if (version < 1)
		return -1;
	if (version >= (long)nitems(versions))
		version = (long)nitems(versions) - 1;
	rights = versions[version].rights;
	fd = syscall(CALL_CREATE_RULESET, &rights, versions[version].size, 0);
	if (fd < 0)
		return -1;
	rc = syscall(CALL_RESTRICT_SELF, (int)fd, 0);
	fd_close((int)fd);
	return rc < 0 ? -1 : 0;
}
