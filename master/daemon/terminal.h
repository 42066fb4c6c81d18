/* Terminal: whether the daemon still has the terminal that it was started from. */
#ifndef MASTER_DAEMON_TERMINAL_H
#define MASTER_DAEMON_TERMINAL_H

#include <stdbool.h>

enum terminal {
	TERMINAL_NONE,		/* started without one, or it has gone */
	TERMINAL_PRESENT,
	TERMINAL_NOHUP,		/* present, and SIGHUP was ignored at the start */
};

/* Called at the start, before the disposition of SIGHUP is changed. */
enum terminal terminal_find(void);
/* Whether a SIGHUP is a hang-up (sent by the kernel, or the terminal cannot be opened any
 * more) and not a request. */
bool terminal_has_gone(enum terminal, bool sent_by_kernel);

#endif
