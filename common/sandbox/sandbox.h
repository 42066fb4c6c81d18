/* Sandbox: confines a helper process by a list of measures. Each program has a policy: its
 * limits and the system calls that it needs. */
#ifndef COMMON_SANDBOX_SANDBOX_H
#define COMMON_SANDBOX_SANDBOX_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#if defined(__x86_64__) || defined(__aarch64__)
#define SANDBOX_HAS_FILTER /* the tables of calls are for these architectures */
#endif

enum sandbox_word { SANDBOX_LOW, SANDBOX_HIGH };
enum sandbox_test {
	SANDBOX_IS,
	SANDBOX_IS_NOT,
	SANDBOX_ABOVE,
	SANDBOX_HAS, /* any of these bits */
};

/* An argument with which an allowed call kills the process. Where there is a row for the
 * low word only, the kernel ignores the high one. */
struct sandbox_denial {
	unsigned nr;       /* of the call */
	unsigned argument; /* its number, from 0 */
	enum sandbox_word word;
	enum sandbox_test test;
	uint32_t value;
};

/* Two arguments with which a call is allowed although a denial has one of them. */
struct sandbox_exception {
	unsigned nr;
	struct {
		unsigned argument;
		uint32_t value; /* of the low word */
	} is[2];
};

/* Of a program; borrowed. */
struct sandbox_policy {
	const char *program;                  /* its name */
	rlim_t files;                         /* limit of descriptors */
	rlim_t memory;                        /* limit of the address space, in bytes */
	const struct sandbox_denial *denials; /* checked before `allowed` */
	size_t ndenials;
	const struct sandbox_exception *exceptions; /* checked before `denials` */
	size_t nexceptions;
	const unsigned *allowed; /* system calls; the most frequent first */
	size_t nallowed;
};

struct sandbox {
	const struct sandbox_policy *policy;
	uid_t uid;
	gid_t gid;
	bool is_root;         /* may chroot and change ids */
	bool strict;          /* a measure that is not possible is an error */
	const int *listeners; /* listening sockets, which must not be shut down */
	size_t nlisteners;
};

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
/* Allows only the system calls of the policy. Dangerous calls or arguments kill the
 * process, other calls fail with ENOSYS. The first
 * SANDBOX_LISTENERS sockets cannot be shut down. */
NODISCARD int sandbox_seccomp(const struct sandbox *);

#endif
