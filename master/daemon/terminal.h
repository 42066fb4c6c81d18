/* Terminal: whether the daemon still has the terminal that it was started from. */
#ifndef MASTER_DAEMON_TERMINAL_H
#define MASTER_DAEMON_TERMINAL_H

#include <stdbool.h>

enum terminal {
	TERMINAL_NONE,		/* started without one, or it has gone before */
	TERMINAL_THERE,
	TERMINAL_NOHUP,		/* there, and SIGHUP was ignored at the start */
};

/* At the start, before any signal's disposition is changed. */
enum terminal terminal_look(void);
/* On SIGHUP: whether it means a hang-up, which the kernel sends or which has taken the
 * terminal away, and not a request. */
bool terminal_has_gone(enum terminal, bool sent_by_kernel);

#endif
