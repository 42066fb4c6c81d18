/* The filter is a program of comparisons. It is made from three tables: arguments for which
 * an allowed call kills the process, calls that are allowed, and calls that kill it. The
 * first two belong to the program. */
#include "common/fail.h"
#include "common/log.h"
#include "common/sandbox/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifdef SANDBOX_HAS_FILTER

#ifdef __x86_64__
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#else
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif

#define X32_BIT 0x40000000U
#define FILTER_MAX 1024

/* Calls that only an attacker who controls the process makes, unless the program allows
 * them. A call in neither table fails with ENOSYS, because a library may try a new call or
 * open a file. */
static const unsigned killed[] = {
	__NR_execve, __NR_execveat, __NR_clone, __NR_clone3, __NR_ptrace,
	__NR_process_vm_readv, __NR_process_vm_writev, __NR_kill,
	__NR_pidfd_send_signal, __NR_pidfd_getfd, __NR_socket, __NR_connect, __NR_bind,
	__NR_listen, __NR_setuid, __NR_setgid, __NR_setresuid, __NR_setresgid,
	__NR_setgroups, __NR_capset, __NR_chroot, __NR_mount, __NR_umount2,
	__NR_pivot_root, __NR_unshare, __NR_setns, __NR_bpf, __NR_perf_event_open,
	__NR_keyctl, __NR_add_key, __NR_request_key, __NR_init_module,
	__NR_finit_module, __NR_kexec_load, __NR_reboot, __NR_userfaultfd,
	__NR_personality,
#ifdef __NR_fork
	__NR_fork, __NR_vfork,
#endif
};

struct sandbox_filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short len;
};

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define JUMP_IF(comparison) (BPF_JMP | (comparison) | BPF_K)
#define RETURN (BPF_RET | BPF_K)

static void
seccomp_add(struct sandbox_filter *f, unsigned code, size_t value, unsigned skip_if,
    unsigned skip_unless)
{
	f->code[f->len++] = (struct sock_filter)BPF_JUMP(
	    (uint16_t)code, (uint32_t)value, (uint8_t)skip_if, (uint8_t)skip_unless);
}

/* Adds a check of an argument. The number of the call is loaded before and after it. Both
 * architectures are little-endian. */
static void
seccomp_deny(struct sandbox_filter *f, const struct sandbox_denial *d)
{
	static const uint16_t comparisons[] = {
	    [SANDBOX_IS] = BPF_JEQ,
	    [SANDBOX_IS_NOT] = BPF_JEQ,
	    [SANDBOX_ABOVE] = BPF_JGT,
	    [SANDBOX_HAS] = BPF_JSET,
	};
	bool negated = d->test == SANDBOX_IS_NOT;

	seccomp_add(f, JUMP_IF(BPF_JEQ), d->nr, 0, 4);
	seccomp_add(f, LOAD,
	    offsetof(struct seccomp_data, args) + d->argument * sizeof(uint64_t) +
		(d->word == SANDBOX_HIGH ? sizeof(uint32_t) : 0),
	    0, 0);
	seccomp_add(f, JUMP_IF(comparisons[d->test]), d->value, negated, !negated);
	seccomp_add(f, RETURN, SECCOMP_RET_KILL_PROCESS, 0, 0);
	seccomp_add(f, LOAD, offsetof(struct seccomp_data, nr), 0, 0);
}

static void
seccomp_except(struct sandbox_filter *f, const struct sandbox_exception *e)
{
	seccomp_add(f, JUMP_IF(BPF_JEQ), e->nr, 0, 6);
	for (size_t i = 0; i < nitems(e->is); i++) {
		seccomp_add(f, LOAD,
		    offsetof(struct seccomp_data, args) +
			e->is[i].argument * sizeof(uint64_t),
		    0, 0);
		seccomp_add(f, JUMP_IF(BPF_JEQ), e->is[i].value, 0, i == 0 ? 3 : 1);
	}
	seccomp_add(f, RETURN, SECCOMP_RET_ALLOW, 0, 0);
	seccomp_add(f, LOAD, offsetof(struct seccomp_data, nr), 0, 0);
}

static void
seccomp_return(struct sandbox_filter *f, const unsigned *calls, size_t n, uint32_t result)
{
	for (size_t i = 0; i < n; i++) {
		seccomp_add(f, JUMP_IF(BPF_JEQ), calls[i], 0, 1);
		seccomp_add(f, RETURN, result, 0, 0);
	}
}

static void
seccomp_make(struct sandbox_filter *f, const struct sandbox *s)
{
	const struct sandbox_policy *policy = s->policy;
	struct sandbox_denial shutdown = { __NR_shutdown, 0, SANDBOX_LOW, SANDBOX_IS, 0 };

	/* A call of another architecture is an attack: the same number is another call. */
	seccomp_add(f, LOAD, offsetof(struct seccomp_data, arch), 0, 0);
	seccomp_add(f, JUMP_IF(BPF_JEQ), SANDBOX_ARCH, 1, 0);
	seccomp_add(f, RETURN, SECCOMP_RET_KILL_PROCESS, 0, 0);
	seccomp_add(f, LOAD, offsetof(struct seccomp_data, nr), 0, 0);
	seccomp_add(f, JUMP_IF(BPF_JGE), X32_BIT, 0, 1);
	seccomp_add(f, RETURN, SECCOMP_RET_KILL_PROCESS, 0, 0);
	for (size_t i = 0; i < policy->nexceptions; i++)
		seccomp_except(f, &policy->exceptions[i]);
	for (size_t i = 0; i < policy->ndenials; i++)
		seccomp_deny(f, &policy->denials[i]);
	/* A shutdown of a listening socket would end it in all processes that share it, and
	 * would allow to connect it to another address. */
	for (size_t i = 0; i < s->nlisteners && i < SANDBOX_LISTENERS; i++) {
		shutdown.value = (uint32_t)s->listeners[i];
		seccomp_deny(f, &shutdown);
	}
	seccomp_return(f, policy->allowed, policy->nallowed, SECCOMP_RET_ALLOW);
	seccomp_return(f, killed, nitems(killed), SECCOMP_RET_KILL_PROCESS);
	seccomp_add(f, RETURN, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
}

int
sandbox_seccomp(const struct sandbox *s)
{
	struct sandbox_filter filter = { .len = 0 };
	struct sock_fprog program = { .filter = filter.code };

	if (s->policy->nexceptions * 7 + (s->policy->ndenials + SANDBOX_LISTENERS) * 5 +
		(s->policy->nallowed + nitems(killed)) * 2 + 7 >
	    FILTER_MAX)
		return fail_with(E2BIG);
#ifdef REEVE_SANITIZED
	log_info(
	    "confinement: no system call filter and no memory limit in a sanitizer build");
	return 0;
#endif
	seccomp_make(&filter, s);
	program.len = filter.len;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

int
sandbox_seccomp(const struct sandbox *s UNUSED)
{
	return fail_with(ENOSYS); /* the tables are for other architectures */
}

#endif
