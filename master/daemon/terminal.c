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
terminal_look(void)
{
	struct sigaction hup;

	if (!terminal_opens())
		return TERMINAL_NONE;
	return sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler == SIG_IGN ?
	    TERMINAL_NOHUP :
	    TERMINAL_THERE;
}

/* A shell that receives the hang-up sends SIGHUP on to its jobs, as a user may too: then
 * the terminal itself makes the difference. */
bool
terminal_has_gone(enum terminal terminal, bool sent_by_kernel)
{
	return terminal != TERMINAL_NONE && (sent_by_kernel || !terminal_opens());
}
