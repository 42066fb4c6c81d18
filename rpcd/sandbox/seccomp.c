/* The filter is a program of comparisons. It is made from three tables: arguments for which
 * an allowed call kills the process, calls that are allowed, and calls that kill it. */
#include "common/fail.h"
#include "common/log.h"
#include "rpcd/sandbox/sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef SANDBOX_ARCH

#define X32_BIT 0x40000000U
#define FILTER_MAX 1024

enum word { LOW, HIGH };
enum test { IS, IS_NOT, ABOVE, HAS /* any of these bits */ };

/* Arguments with which an allowed call kills the process. They are checked before the table
 * of calls. Where a row has only the low word, the kernel ignores the high one. */
static const struct sandbox_denial {
	unsigned nr;       /* of the call */
	unsigned argument; /* its number, from 0 */
	enum word word;
	enum test test;
	uint32_t value;
} denials[] = {
	/* No executable memory. */
	{__NR_mmap, 2, LOW, HAS, PROT_EXEC},
	{__NR_mprotect, 2, LOW, HAS, PROT_EXEC},
	/* Send only on open connections. TCP Fast Open would connect to any address, even
	 * with a listening socket that was shut down. */
	{__NR_sendto, 3, LOW, HAS, MSG_FASTOPEN},
	{__NR_sendto, 4, LOW, IS_NOT, 0},
	{__NR_sendto, 4, HIGH, IS_NOT, 0},
	{__NR_sendmsg, 2, LOW, HAS, MSG_FASTOPEN},
	/* Only F_GETFD, F_SETFD, F_GETFL and F_SETFL. F_SETOWN and F_SETSIG would make the
	 * kernel send signals to other processes of the user. F_DUPFD would copy a
	 * listening socket, and the copy could be shut down. */
	{__NR_fcntl, 1, LOW, IS, F_DUPFD},
	{__NR_fcntl, 1, LOW, ABOVE, F_SETFL},
	/* Only TCP_NODELAY and TCP_CORK. Other options, such as IP_MINTTL, a packet filter
	 * or TCP_MD5SIG, could make a listening socket ignore all clients, also for the
	 * next reeve-rpcd. */
	{__NR_setsockopt, 1, LOW, IS_NOT, IPPROTO_TCP},
	{__NR_setsockopt, 2, LOW, IS, TCP_MAXSEG},
	{__NR_setsockopt, 2, LOW, ABOVE, TCP_CORK},
};

static const unsigned allowed[] = {
	/* Requests; the most frequent calls first. */
	__NR_epoll_pwait, /* event loop, libmicrohttpd */
#ifdef __NR_epoll_wait
	__NR_epoll_wait, /* event loop, libmicrohttpd */
#endif
	__NR_recvfrom, /* requests */
	__NR_sendmsg, /* responses; frames to the master */
	__NR_sendto, /* responses in one piece (without an address) */
	__NR_recvmsg, /* frames and descriptors from the master */
	__NR_read, /* timerfd, eventfd */
	__NR_write, /* eventfd, log lines */
	__NR_writev, /* log lines; messages of the C library before it aborts */
	__NR_timerfd_settime, /* timers of the event loop */
	__NR_epoll_ctl, /* connections opened and closed */
	__NR_accept4, /* new connections */
	__NR_setsockopt, /* TCP_NODELAY, TCP_CORK */
	__NR_getsockopt, /* credentials of a client (SO_PEERCRED) */
	__NR_getsockname, /* libmicrohttpd, for each new connection */
	__NR_getpeername, /* whether a client is on this machine */
	__NR_shutdown, /* connections (not listening sockets) */
	__NR_close, /* connections, logs */
	__NR_fcntl, /* flags of a descriptor */
	/* Logs, by descriptors from the master. fstat() may call newfstatat. */
	__NR_pread64, __NR_fstat, __NR_newfstatat, __NR_lseek,
	/* Memory; locks of the libraries; salts and seeds. */
	__NR_brk, __NR_mmap, __NR_mprotect, __NR_munmap, __NR_mremap, __NR_madvise,
	__NR_futex, __NR_getrandom,
	/* Time, on machines where the vDSO does not provide it. */
	__NR_clock_gettime, __NR_gettimeofday,
	/* Exit, abort(), return from signal handlers, SIGSTOP and SIGCONT. */
	__NR_exit_group, __NR_exit, __NR_rt_sigreturn, __NR_rt_sigprocmask,
	__NR_restart_syscall, __NR_getpid, __NR_gettid,
};

/* Calls that only an attacker who controls the process makes. A call in neither table fails
 * with ENOSYS, because a library may try a new call or open a file. */
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
	    [IS] = BPF_JEQ,
	    [IS_NOT] = BPF_JEQ,
	    [ABOVE] = BPF_JGT,
	    [HAS] = BPF_JSET,
	};
	bool negated = d->test == IS_NOT;

	seccomp_add(f, JUMP_IF(BPF_JEQ), d->nr, 0, 4);
	seccomp_add(f, LOAD,
	    offsetof(struct seccomp_data, args) + d->argument * sizeof(uint64_t) +
		(d->word == HIGH ? sizeof(uint32_t) : 0),
	    0, 0);
	seccomp_add(f, JUMP_IF(comparisons[d->test]), d->value, negated, !negated);
	seccomp_add(f, RETURN, SECCOMP_RET_KILL_PROCESS, 0, 0);
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
	struct sandbox_denial shutdown = { __NR_shutdown, 0, LOW, IS, 0 };

	/* A call of another architecture is an attack: the same number is another call. */
	seccomp_add(f, LOAD, offsetof(struct seccomp_data, arch), 0, 0);
	seccomp_add(f, JUMP_IF(BPF_JEQ), SANDBOX_ARCH, 1, 0);
	seccomp_add(f, RETURN, SECCOMP_RET_KILL_PROCESS, 0, 0);
	seccomp_add(f, LOAD, offsetof(struct seccomp_data, nr), 0, 0);
	seccomp_add(f, JUMP_IF(BPF_JGE), X32_BIT, 0, 1);
	seccomp_add(f, RETURN, SECCOMP_RET_KILL_PROCESS, 0, 0);
	for (size_t i = 0; i < nitems(denials); i++)
		seccomp_deny(f, &denials[i]);
	/* A shutdown of a listening socket would end it in all processes that share it, and
	 * would allow to connect it to another address. */
	for (size_t i = 0; i < s->nlisteners && i < SANDBOX_LISTENERS; i++) {
		shutdown.value = (uint32_t)s->listeners[i];
		seccomp_deny(f, &shutdown);
	}
	seccomp_return(f, allowed, nitems(allowed), SECCOMP_RET_ALLOW);
	seccomp_return(f, killed, nitems(killed), SECCOMP_RET_KILL_PROCESS);
	seccomp_add(f, RETURN, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
}

int
sandbox_seccomp(const struct sandbox *s)
{
	struct sandbox_filter filter = { .len = 0 };
	struct sock_fprog program = { .filter = filter.code };

	_Static_assert((nitems(denials) + SANDBOX_LISTENERS) * 5 +
		    (nitems(allowed) + nitems(killed)) * 2 + 7 <
		FILTER_MAX,
	    "the filter exceeds FILTER_MAX");
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
