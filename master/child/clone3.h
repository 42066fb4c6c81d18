/* Clone3: the system call clone3(2), for a child that is born in a control group. The C
 * library has no function for it, and a child that shares our memory needs a stack of its
 * own, so each architecture has a few instructions here. */
#ifndef MASTER_CHILD_CLONE3_H
#define MASTER_CHILD_CLONE3_H

#include "common/compiler.h"

#include <stddef.h>
#include <sys/types.h>

#if defined(__x86_64__) || defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
#define CLONE3_HAS_STACK
#endif

/* Runs fn, which must not return, in a child in the control group (the descriptor of its
 * directory). flags are those of clone(2), without a signal; the child sends SIGCHLD.
 * Without a stack, or where there is no CLONE3_HAS_STACK, the child gets a copy of the
 * memory, as by fork. The pid, or -1 with errno; ENOSYS: the kernel or a filter has no
 * clone3. */
NODISCARD pid_t clone3_into_cgroup(int cgroup, unsigned long flags, void *stack,
    size_t size, int (*fn)(void *), void *arg);

#endif
