#include "ctl/commands/interrupt.h"

#include "common/fd.h"

#include <sys/signalfd.h>
#include <unistd.h>

bool
interrupt_is_ignored(int signo)
{
	struct sigaction action;

	return sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void
interrupt_begin(struct interrupt *i)
{
	sigset_t set;

	sigemptyset(&set);
	if (!interrupt_is_ignored(SIGINT))
		sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &i->before);
	i->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
interrupt_end(struct interrupt *i)
{
	struct signalfd_siginfo info;

	/* What is pending would end the program as soon as it may. */
	while (i->fd >= 0 && read(i->fd, &info, sizeof(info)) > 0)
		;
	fd_close(i->fd);
	sigprocmask(SIG_SETMASK, &i->before, NULL);
}
