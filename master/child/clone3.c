#include "master/child/clone3.h"

#include "common/fail.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls clone3 with a new stack. The child calls fn(arg) there and never comes back, so
 * that it does not touch the stack frame of the parent. The result is that of the system
 * call, -errno after a failure. */
#if defined(__x86_64__)
static long
clone3_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
	long result = SYS_clone3;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "movq %[arg], %%rdi\n\t"
			 "callq *%[fn]\n\t"
			 "ud2\n"
			 "1:"
			 : "+a"(result)
			 : "D"(args), "S"(sizeof(*args)), [fn] "r"(fn), [arg] "r"(arg)
			 : "rcx", "r11", "cc", "memory");
	return result;
}
#elif defined(__aarch64__)
static long
clone3_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
	register long number __asm__("x8") = SYS_clone3;
	register long result __asm__("x0") = (long)args;
	register size_t size __asm__("x1") = sizeof(*args);

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x0, %[arg]\n\t"
			 "blr %[fn]\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(result)
			 : "r"(number), "r"(size), [fn] "r"(fn), [arg] "r"(arg)
			 : "cc", "memory");
	return result;
}
#elif defined(CLONE3_HAS_STACK)
static long
clone3_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
	register long number __asm__("a7") = SYS_clone3;
	register long result __asm__("a0") = (long)args;
	register size_t size __asm__("a1") = sizeof(*args);

	__asm__ volatile("ecall\n\t"
			 "bnez a0, 1f\n\t"
			 "mv a0, %[arg]\n\t"
			 "jalr %[fn]\n\t"
			 "ebreak\n"
			 "1:"
			 : "+r"(result)
			 : "r"(number), "r"(size), [fn] "r"(fn), [arg] "r"(arg)
			 : "memory");
	return result;
}
#endif

pid_t
clone3_into_cgroup(
    int cgroup, unsigned long flags, void *stack, size_t size, int (*fn)(void *), void *arg)
{
	struct clone_args args = {
		.flags = flags | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)cgroup,
	};
	long result;

#ifdef CLONE3_HAS_STACK
	if (stack != NULL) {
		args.stack = (uint64_t)(uintptr_t)stack;
		args.stack_size = size;
		result = clone3_call(&args, fn, arg);
		return result < 0 ? fail_with((int)-result) : (pid_t)result;
	}
#else
	(void)stack;
	(void)size;
	args.flags = CLONE_INTO_CGROUP;
#endif
	result = syscall(SYS_clone3, &args, sizeof(args));
	if (result == 0)
		_exit(fn(arg));
	return (pid_t)result;
}
