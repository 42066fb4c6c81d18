#include "master/child/pidfd.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first version of the kernel's struct pidfd_info; older headers do not have it. */
struct pidfd_exit_info {
	uint64_t mask; /* wanted, and received */
	uint64_t cgroup;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};

_Static_assert(sizeof(struct pidfd_exit_info) == 64, "the kernel's size");

#define PIDFD_WANT_EXIT (UINT64_C(1) << 3)
#define PIDFD_ASK _IOWR(0xff, 11, struct pidfd_exit_info)

int
pidfd_new(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int
pidfd_kill(int fd, int signo)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, signo, NULL, 0);
}

int
pidfd_exit_status(int fd, int *wait_status)
{
	struct pidfd_exit_info info = { .mask = PIDFD_WANT_EXIT };

	if (ioctl(fd, PIDFD_ASK, &info) == -1 || (info.mask & PIDFD_WANT_EXIT) == 0)
		return -1;
	*wait_status = info.exit_code;
	return 0;
}
