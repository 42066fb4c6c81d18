/* Sandbox: confines reeve-rpcd by a list of measures. */
#ifndef RPCD_SANDBOX_SANDBOX_H
#define RPCD_SANDBOX_SANDBOX_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sandbox {
	uid_t uid;
	gid_t gid;
	bool is_root;         /* may chroot and change ids */
	bool strict;          /* a measure that is not possible is an error */
	const int *listeners; /* listening sockets, which must not be shut down */
	size_t nlisteners;
};

#define SANDBOX_FILES 16384  /* the limit of descriptors */
#define SANDBOX_LISTENERS 64 /* listening sockets that the filter can protect */

/* Enters an empty removed directory by chroot; drops ids and the bounding set; sets
 * no_new_privs, rlimits, Landlock and seccomp. Logs each measure that is not possible. 0,
 * or -1 when one was missed with `strict`, or ids were not dropped: then the caller must
 * end. */
NODISCARD int sandbox_enter(const struct sandbox *);

/* Two of the measures; 0, or -1 with errno. */
/* Forbids to open paths, to bind and connect TCP ports, to send signals to processes
 * outside the sandbox, and to connect to their abstract sockets, as far as the kernel
 * supports it. */
NODISCARD int sandbox_landlock(const struct sandbox *);
/* Allows only the system calls of a table. Dangerous calls or arguments kill the process,
 * other calls fail with ENOSYS. The first SANDBOX_LISTENERS sockets cannot be shut down. */
NODISCARD int sandbox_seccomp(const struct sandbox *);

#endif
