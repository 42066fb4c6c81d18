#include "master/helper/verifier/confinement.h"

#include "common/compiler.h"
#include "master/config/values/hash_cost.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifdef SANDBOX_HAS_FILTER

static const struct sandbox_denial denials[] = {
	/* No executable memory. */
	{__NR_mmap, 2, SANDBOX_LOW, SANDBOX_HAS, PROT_EXEC},
	{__NR_mprotect, 2, SANDBOX_LOW, SANDBOX_HAS, PROT_EXEC},
};

static const unsigned allowed[] = {
	/* The connection to the master, the event loop, log lines. */
	__NR_epoll_pwait,
#ifdef __NR_epoll_wait
	__NR_epoll_wait,
#endif
	__NR_recvmsg, __NR_sendmsg, __NR_read, __NR_write, __NR_epoll_ctl,
	__NR_timerfd_settime, __NR_close,
	/* Messages of the C library before it aborts. */
	__NR_writev,
	/* Memory, also that of the hashes; locks of the libraries; seeds. */
	__NR_brk, __NR_mmap, __NR_mprotect, __NR_munmap, __NR_mremap, __NR_madvise,
	__NR_futex, __NR_getrandom,
	/* Time, on machines where the vDSO does not provide it. */
	__NR_clock_gettime, __NR_gettimeofday,
	/* Exit, abort(), return from signal handlers, SIGSTOP and SIGCONT. */
	__NR_exit_group, __NR_exit, __NR_rt_sigreturn, __NR_rt_sigprocmask,
	__NR_restart_syscall, __NR_getpid, __NR_gettid,
};

#endif

const struct sandbox_policy verifier_policy = {
    .program = "reeve-verifier",
    .files = 32,
    .memory = HASH_COST_MAX_BYTES,
#ifdef SANDBOX_HAS_FILTER
    .denials = denials,
    .ndenials = nitems(denials),
    .allowed = allowed,
    .nallowed = nitems(allowed),
#endif
};
