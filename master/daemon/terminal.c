#include "master/daemon/terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static bool
terminal_opens(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

enum terminal
terminal_find(void)
{
	struct sigaction hup;

	if (!terminal_opens())
		return TERMINAL_NONE;
	return sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler == SIG_IGN ?
	    TERMINAL_NOHUP :
	    TERMINAL_PRESENT;
}

/* A shell passes the hang-up on to its jobs, and a user can send the same signal; only the
 * loss of the terminal tells them apart. */
bool
terminal_has_gone(enum terminal terminal, bool sent_by_kernel)
{
	return terminal != TERMINAL_NONE && (sent_by_kernel || !terminal_opens());
}
