#include "ctl/terminal/interrupt.h"

#include "common/compiler.h"
#include "common/fd.h"
#include "common/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

const int interrupt_signals[INTERRUPT_SIGNALS] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };

/* The notice of the running command; static because a signal handler has no context. */
static const char *volatile notice_line;

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

	/* Unblocking a pending signal would end the program. */
	while (i->fd >= 0 && read(i->fd, &info, sizeof(info)) > 0)
		;
	fd_close(i->fd);
	sigprocmask(SIG_SETMASK, &i->before, NULL);
}

bool
interrupt_wait(const struct interrupt *i, FILE *out, int fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = i->fd, .events = POLLIN },
		{ .fd = fileno(out) },
		{ .fd = fd, .events = POLLIN },
	};

	if (poll(fds, nitems(fds), timeout_ms) == -1)
		return errno == EINTR;
	return fds[0].revents == 0 && (fds[1].revents & (POLLERR | POLLNVAL)) == 0;
}

static void
interrupt_on_signal(int signo)
{
	const char *line = notice_line;
	ssize_t ignored UNUSED =
	    line != NULL ? write(STDERR_FILENO, line, strlen(line)) : 0;

	(void)raise(signo);
}

void
interrupt_notice_begin(struct interrupt_notice *n, char *text, bool alone)
{
	struct sigaction report = { .sa_handler = interrupt_on_signal,
		.sa_flags = (int)SA_RESETHAND | SA_NODEFER };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	n->text = xasprintf("\n%s\n", text);
	free(text);
	notice_line = n->text;
	for (size_t i = 0; i < INTERRUPT_SIGNALS; i++) {
		int signo = interrupt_signals[i];

		(void)sigaction(signo, NULL, &n->before[i]);
		if (n->before[i].sa_handler != SIG_IGN)
			(void)sigaction(
			    signo, alone && signo == SIGHUP ? &ignore : &report, NULL);
	}
}

void
interrupt_notice_end(struct interrupt_notice *n)
{
	for (size_t i = 0; i < INTERRUPT_SIGNALS; i++)
		(void)sigaction(interrupt_signals[i], &n->before[i], NULL);
	notice_line = NULL;
	free(n->text);
}
