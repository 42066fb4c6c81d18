/* The filter is a list of comparisons made from one table of calls, each with the reason
 * why it is there. */
#include "rpcd/sandbox_kernel.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef SANDBOX_ARCH

#define X32_BIT 0x40000000U
#define FILTER_MAX 512

enum answer { KILL = 1, ALLOW, DATA_ONLY /* allowed unless it makes memory executable */ };

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
	{__NR_sendto, ALLOW},	   /* responses in one piece */
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
	{__NR_shutdown, ALLOW},	   /* they go */
	{__NR_close, ALLOW},	   /* they are gone */
	{__NR_fcntl, ALLOW},	   /* flags of a descriptor */
	/* Logs, by descriptors that the master opened. */
	{__NR_pread64, ALLOW},
	{__NR_fstat, ALLOW},
	{__NR_newfstatat, ALLOW}, /* what fstat() really calls */
	{__NR_lseek, ALLOW},
	/* Memory, which is data. */
	{__NR_brk, ALLOW},
	{__NR_mmap, DATA_ONLY},
	{__NR_mprotect, DATA_ONLY},
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

/* mmap and mprotect have the protection as third argument; only its low word has a meaning,
 * and both architectures are little-endian. */
static void
filter_data_only(struct sandbox_filter *f, unsigned nr)
{
	filter_if(f, BPF_JEQ, nr, 4);
	filter_load(f, offsetof(struct seccomp_data, args[2]));
	filter_if(f, BPF_JSET, PROT_EXEC, 1);
	filter_return(f, SECCOMP_RET_KILL_PROCESS);
	filter_return(f, SECCOMP_RET_ALLOW);
}

static void
filter_call(struct sandbox_filter *f, const struct sandbox_call *call)
{
	static const uint32_t answers[] = {
	    [KILL] = SECCOMP_RET_KILL_PROCESS,
	    [ALLOW] = SECCOMP_RET_ALLOW,
	};

	if (call->answer == DATA_ONLY) {
		filter_data_only(f, call->nr);
		return;
	}
	filter_if(f, BPF_JEQ, call->nr, 1);
	filter_return(f, answers[call->answer]);
}

int
sandbox_seccomp(void)
{
	struct sandbox_filter filter = {.len = 0};
	struct sock_fprog program = {.filter = filter.code};

	_Static_assert(nitems(calls) * 5 + 7 < FILTER_MAX, "no room for the filter");
	filter_begin(&filter);
	for (size_t i = 0; i < nitems(calls); i++)
		filter_call(&filter, &calls[i]);
	filter_return(&filter, SECCOMP_RET_ERRNO | ENOSYS);
	program.len = filter.len;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

#else

int
sandbox_seccomp(void)
{
	errno = ENOSYS; /* no table for this architecture */
	return -1;
}

#endif
