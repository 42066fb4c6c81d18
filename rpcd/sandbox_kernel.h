/* Sandbox_kernel: the two measures that are small programs for the kernel. */
#ifndef RPCD_SANDBOX_KERNEL_H
#define RPCD_SANDBOX_KERNEL_H

#include "common/compiler.h"

/* No path can be opened, no TCP port bound or connected, no signal sent to, and no abstract
 * socket reached in, what is outside; as far as this kernel's Landlock goes. 0, or -1. */
NODISCARD int sandbox_landlock(void);
/* Only the calls of the table remain: dangerous ones kill, unknown ones answer ENOSYS.
 * 0, or -1. */
NODISCARD int sandbox_seccomp(void);

#endif
