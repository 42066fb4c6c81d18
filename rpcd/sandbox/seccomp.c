/* The filter is a list of comparisons made from two tables, of arguments that kill and of
 * calls, each with the reason why it is there. */
#include "rpcd/sandbox/kernel.h"
#include "rpcd/sandbox/sandbox.h"

#include <errno.h>
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
#include <unistd.h>

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

/* What an allowed call must not be asked for. Consulted before the calls; the kernel looks
 * at no more than the low word where that is all that is named here. */
static const struct sandbox_denial {
	unsigned nr;
	unsigned argument;
	enum word word;
	enum test test;
	uint32_t value;
} denials[] = {
	/* No memory becomes executable. */
	{__NR_mmap, 2, LOW, HAS, PROT_EXEC},
	{__NR_mprotect, 2, LOW, HAS, PROT_EXEC},
	/* Nothing is sent but over connections that are there: TCP Fast Open connects, also
	 * a listening socket that was shut down before. */
	{__NR_sendto, 3, LOW, HAS, MSG_FASTOPEN},
	{__NR_sendto, 4, LOW, IS_NOT, 0},
	{__NR_sendto, 4, HIGH, IS_NOT, 0},
	{__NR_sendmsg, 2, LOW, HAS, MSG_FASTOPEN},
	/* Only F_GETFD, F_SETFD, F_GETFL, F_SETFL: F_SETOWN and F_SETSIG have the kernel
	 * signal others of our uid, and a copy of a listening socket had no row below. */
	{__NR_fcntl, 1, LOW, IS, F_DUPFD},
	{__NR_fcntl, 1, LOW, ABOVE, F_SETFL},
	/* Only TCP_NODELAY and TCP_CORK: IP_MINTTL, a packet filter or a key for signed
	 * segments leave a listening socket deaf, also for the next front end. */
	{__NR_setsockopt, 1, LOW, IS_NOT, IPPROTO_TCP},
	{__NR_setsockopt, 2, LOW, IS, TCP_MAXSEG},
	{__NR_setsockopt, 2, LOW, ABOVE, TCP_CORK},
};

enum answer { KILL = 1, ALLOW };

static const struct sandbox_call {
	unsigned nr;
	enum answer answer;
} calls[] = {
	/* The life of a request, most frequent first. */
	{__NR_epoll_pwait, ALLOW}, /* the loop's sleep, libmicrohttpd's events */
#ifdef __NR_epoll_wait
	{__NR_epoll_wait, ALLOW}, /* the same */
#endif
	{__NR_recvfrom, ALLOW},	   /* requests */
	{__NR_sendmsg, ALLOW},	   /* responses; frames to the master */
	{__NR_sendto, ALLOW},	   /* responses in one piece, without an address */
	{__NR_recvmsg, ALLOW},	   /* frames and descriptors from the master */
	{__NR_read, ALLOW},		   /* timerfd, eventfd */
	{__NR_write, ALLOW},	   /* eventfd, log lines */
	{__NR_writev, ALLOW},	   /* log lines; the C library's last words */
	{__NR_timerfd_settime, ALLOW}, /* the loop's timers */
	{__NR_epoll_ctl, ALLOW},	   /* connections come and go */
	{__NR_accept4, ALLOW},	   /* they come */
	{__NR_setsockopt, ALLOW},	   /* TCP_NODELAY, TCP_CORK */
	{__NR_getsockopt, ALLOW},	   /* who is at the other end (SO_PEERCRED) */
	{__NR_getsockname, ALLOW},	   /* libmicrohttpd asks it of what it accepts */
	{__NR_getpeername, ALLOW},	   /* is it this machine? */
	{__NR_shutdown, ALLOW},	   /* they go; the listening sockets stay */
	{__NR_close, ALLOW},	   /* they are gone */
	{__NR_fcntl, ALLOW},	   /* flags of a descriptor */
	/* Logs, by descriptors that the master opened. */
	{__NR_pread64, ALLOW},
	{__NR_fstat, ALLOW},
	{__NR_newfstatat, ALLOW}, /* what fstat() really calls */
	{__NR_lseek, ALLOW},
	/* Memory, which is data. */
	{__NR_brk, ALLOW},
	{__NR_mmap, ALLOW},
	{__NR_mprotect, ALLOW},
	{__NR_munmap, ALLOW},
	{__NR_mremap, ALLOW},
	{__NR_madvise, ALLOW},
	{__NR_futex, ALLOW},     /* locks of the libraries */
	{__NR_getrandom, ALLOW}, /* salts and seeds */
	/* Time, where the vdso cannot tell it. */
	{__NR_clock_gettime, ALLOW},
	{__NR_gettimeofday, ALLOW},
	/* The end. */
	{__NR_exit_group, ALLOW},
	{__NR_exit, ALLOW},
	{__NR_rt_sigreturn, ALLOW},
	{__NR_rt_sigprocmask, ALLOW},  /* abort() */
	{__NR_restart_syscall, ALLOW}, /* after a stop and a continue */
	{__NR_getpid, ALLOW},
	{__NR_gettid, ALLOW},

	/* Whoever calls these has taken the process over. What is in neither list answers
	 * ENOSYS: a library's try at something new, or its late look for a file. */
	{__NR_execve, KILL},
	{__NR_execveat, KILL},
	{__NR_clone, KILL},
	{__NR_clone3, KILL},
#ifdef __NR_fork
	{__NR_fork, KILL},
	{__NR_vfork, KILL},
#endif
	{__NR_ptrace, KILL},
	{__NR_process_vm_readv, KILL},
	{__NR_process_vm_writev, KILL},
	{__NR_kill, KILL},
	{__NR_pidfd_send_signal, KILL},
	{__NR_pidfd_getfd, KILL},
	{__NR_socket, KILL},
	{__NR_connect, KILL},
	{__NR_bind, KILL},
	{__NR_listen, KILL},
	{__NR_setuid, KILL},
	{__NR_setgid, KILL},
	{__NR_setresuid, KILL},
	{__NR_setresgid, KILL},
	{__NR_setgroups, KILL},
	{__NR_capset, KILL},
	{__NR_chroot, KILL},
	{__NR_mount, KILL},
	{__NR_umount2, KILL},
	{__NR_pivot_root, KILL},
	{__NR_unshare, KILL},
	{__NR_setns, KILL},
	{__NR_bpf, KILL},
	{__NR_perf_event_open, KILL},
	{__NR_keyctl, KILL},
	{__NR_add_key, KILL},
	{__NR_request_key, KILL},
	{__NR_init_module, KILL},
	{__NR_finit_module, KILL},
	{__NR_kexec_load, KILL},
	{__NR_reboot, KILL},
	{__NR_userfaultfd, KILL},
	{__NR_personality, KILL},
};

struct sandbox_filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short len;
};

static void
filter_load(struct sandbox_filter *f, size_t offset)
{
	f->code[f->len++] =
	    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void
filter_return(struct sandbox_filter *f, uint32_t what)
{
	f->code[f->len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what);
}

/* The next `skip` instructions are for the comparison that holds, or that does not. */
static void
filter_if(struct sandbox_filter *f, uint16_t comparison, uint32_t with, uint8_t skip)
{
	f->code[f->len++] =
	    (struct sock_filter)BPF_JUMP(BPF_JMP | comparison | BPF_K, with, 0, skip);
}

static void
filter_unless(struct sandbox_filter *f, uint16_t comparison, uint32_t with, uint8_t skip)
{
	f->code[f->len++] =
	    (struct sock_filter)BPF_JUMP(BPF_JMP | comparison | BPF_K, with, skip, 0);
}

/* Anything of another architecture is an attack: its numbers mean other calls. */
static void
filter_begin(struct sandbox_filter *f)
{
	filter_load(f, offsetof(struct seccomp_data, arch));
	filter_unless(f, BPF_JEQ, SANDBOX_ARCH, 1);
	filter_return(f, SECCOMP_RET_KILL_PROCESS);
	filter_load(f, offsetof(struct seccomp_data, nr));
	filter_if(f, BPF_JGE, X32_BIT, 1);
	filter_return(f, SECCOMP_RET_KILL_PROCESS);
}

/* Both architectures are little-endian. */
static size_t
filter_offset(unsigned argument, enum word word)
{
	size_t low = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);

	return word == LOW ? low : low + sizeof(uint32_t);
}

/* Leaves the call's number loaded, as it found it. */
static void
filter_denial(struct sandbox_filter *f, const struct sandbox_denial *d)
{
	static const uint16_t comparisons[] = {
	    [IS] = BPF_JEQ,
	    [IS_NOT] = BPF_JEQ,
	    [ABOVE] = BPF_JGT,
	    [HAS] = BPF_JSET,
	};

	filter_if(f, BPF_JEQ, d->nr, 4);
	filter_load(f, filter_offset(d->argument, d->word));
	if (d->test == IS_NOT)
		filter_unless(f, comparisons[d->test], d->value, 1);
	else
		filter_if(f, comparisons[d->test], d->value, 1);
	filter_return(f, SECCOMP_RET_KILL_PROCESS);
	filter_load(f, offsetof(struct seccomp_data, nr));
}

/* A listening socket that is shut down is dead for whoever else has it, and may be
 * connected elsewhere. */
static void
filter_listener(struct sandbox_filter *f, int fd)
{
	const struct sandbox_denial d = {__NR_shutdown, 0, LOW, IS, (uint32_t)fd};

	filter_denial(f, &d);
}

static void
filter_call(struct sandbox_filter *f, const struct sandbox_call *call)
{
	static const uint32_t answers[] = {
	    [KILL] = SECCOMP_RET_KILL_PROCESS,
	    [ALLOW] = SECCOMP_RET_ALLOW,
	};

	filter_if(f, BPF_JEQ, call->nr, 1);
	filter_return(f, answers[call->answer]);
}

int
sandbox_seccomp(const int *listeners, size_t nlisteners)
{
	struct sandbox_filter filter = {.len = 0};
	struct sock_fprog program = {.filter = filter.code};

	_Static_assert((nitems(denials) + SANDBOX_LISTENERS) * 5 + nitems(calls) * 2 + 7 <
			   FILTER_MAX,
	    "no room for the filter");
	filter_begin(&filter);
	for (size_t i = 0; i < nitems(denials); i++)
		filter_denial(&filter, &denials[i]);
	for (size_t i = 0; i < nlisteners && i < SANDBOX_LISTENERS; i++)
		filter_listener(&filter, listeners[i]);
	for (size_t i = 0; i < nitems(calls); i++)
		filter_call(&filter, &calls[i]);
	filter_return(&filter, SECCOMP_RET_ERRNO | ENOSYS);
	program.len = filter.len;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

int
sandbox_seccomp(const int *listeners, size_t nlisteners)
{
	(void)listeners;
	(void)nlisteners;
	errno = ENOSYS; /* no table for this architecture */
	return -1;
}

#endif
