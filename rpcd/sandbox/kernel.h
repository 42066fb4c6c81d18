/* Kernel: the two measures that are small programs for the kernel. */
#ifndef RPCD_SANDBOX_KERNEL_H
#define RPCD_SANDBOX_KERNEL_H

#include "common/compiler.h"

#include <stddef.h>

/* No path can be opened, no TCP port bound or connected, no signal sent to, and no abstract
 * socket reached in, what is outside; as far as this kernel's Landlock goes. 0, or -1. */
NODISCARD int sandbox_landlock(void);
/* Only the calls of the table remain: dangerous ones kill, also by their arguments, unknown
 * ones answer ENOSYS. The first SANDBOX_LISTENERS listening sockets cannot be shut down.
 * 0, or -1. */
NODISCARD int sandbox_seccomp(const int *listeners, size_t nlisteners);

#endif
