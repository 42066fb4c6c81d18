/* Sandbox: reeve-rpcd's confinement, measure by measure. */
#ifndef RPCD_SANDBOX_SANDBOX_H
#define RPCD_SANDBOX_SANDBOX_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sandbox {
	uid_t uid;
	gid_t gid;
	bool is_root;         /* we may chroot and change ids */
	bool strict;          /* a measure that cannot be had is an error */
	const int *listeners; /* listening sockets, which must not be shut down */
	size_t nlisteners;
};

#define SANDBOX_FILES 16384  /* descriptors at most */
#define SANDBOX_LISTENERS 64 /* that are guarded; more are a missing measure */

/* Chroot to an empty removed directory, ids, bounding set, no_new_privs, rlimits, Landlock,
 * seccomp. What cannot be had is a WARN that names it. 0, or -1 (strict, or ids that could
 * not be dropped): the caller ends. */
NODISCARD int sandbox_enter(const struct sandbox *);

/* The two measures that are small programs for the kernel; 0, or -1. */
/* No path can be opened, no TCP port bound or connected, no signal sent to, and no abstract
 * socket reached in, what is outside; as far as this kernel's Landlock goes. */
NODISCARD int sandbox_landlock(const struct sandbox *);
/* Only the calls of the table remain: dangerous ones kill, also by their arguments, unknown
 * ones answer ENOSYS. The first SANDBOX_LISTENERS listening sockets cannot be shut down. */
NODISCARD int sandbox_seccomp(const struct sandbox *);

#endif
