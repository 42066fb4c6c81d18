#include "rpcd/confinement.h"

#include "common/compiler.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifdef SANDBOX_HAS_FILTER

static const struct sandbox_denial denials[] = {
	/* No executable memory. */
	{__NR_mmap, 2, SANDBOX_LOW, SANDBOX_HAS, PROT_EXEC},
	{__NR_mprotect, 2, SANDBOX_LOW, SANDBOX_HAS, PROT_EXEC},
	/* Send only on open connections. TCP Fast Open would connect to any address, even
	 * with a listening socket that was shut down. */
	{__NR_sendto, 3, SANDBOX_LOW, SANDBOX_HAS, MSG_FASTOPEN},
	{__NR_sendto, 4, SANDBOX_LOW, SANDBOX_IS_NOT, 0},
	{__NR_sendto, 4, SANDBOX_HIGH, SANDBOX_IS_NOT, 0},
	{__NR_sendmsg, 2, SANDBOX_LOW, SANDBOX_HAS, MSG_FASTOPEN},
	/* Only F_GETFD, F_SETFD, F_GETFL and F_SETFL. F_SETOWN and F_SETSIG would make the
	 * kernel send signals to other processes of the user. F_DUPFD would copy a
	 * listening socket, and the copy could be shut down. */
	{__NR_fcntl, 1, SANDBOX_LOW, SANDBOX_IS, F_DUPFD},
	{__NR_fcntl, 1, SANDBOX_LOW, SANDBOX_ABOVE, F_SETFL},
	/* Only TCP_NODELAY, TCP_CORK and the exception below. Other options, such as
	 * IP_MINTTL, a packet filter or TCP_MD5SIG, could make a listening socket ignore
	 * all clients, also for the next reeve-rpcd. */
	{__NR_setsockopt, 1, SANDBOX_LOW, SANDBOX_IS_NOT, IPPROTO_TCP},
	{__NR_setsockopt, 2, SANDBOX_LOW, SANDBOX_IS, TCP_MAXSEG},
	{__NR_setsockopt, 2, SANDBOX_LOW, SANDBOX_ABOVE, TCP_CORK},
};

/* A listening socket with the smallest buffer would still serve all clients. */
static const struct sandbox_exception exceptions[] = {
	{__NR_setsockopt, {{1, SOL_SOCKET}, {2, SO_SNDBUF}}},
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
	__NR_setsockopt, /* TCP_NODELAY, TCP_CORK, SO_SNDBUF */
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

#endif

const struct sandbox_policy confinement_policy = {
    .program = "reeve-rpcd",
    .files = CONFINEMENT_FILES,
    .memory = (rlim_t)3 << 30,
#ifdef SANDBOX_HAS_FILTER
    .denials = denials,
    .ndenials = nitems(denials),
    .exceptions = exceptions,
    .nexceptions = nitems(exceptions),
    .allowed = allowed,
    .nallowed = nitems(allowed),
#endif
};
