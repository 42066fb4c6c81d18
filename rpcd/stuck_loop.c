#include "rpcd/stuck_loop.h"

#include "common/compiler.h"
#include "common/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t stuck_loop_has_turned;
static volatile sig_atomic_t stuck_loop_seconds; /* since the last turn ended */

/* Writes directly, because the interrupted turn may be using the log. */
static void
stuck_loop_report(const char *line)
{
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;
}

static void
stuck_loop_tick(int signo UNUSED, siginfo_t *info, void *context UNUSED)
{
	int saved = errno;

	/* A process sent the signal; it does not mean that a second has passed. */
	if (info->si_code != SI_KERNEL)
		return;
	stuck_loop_seconds = stuck_loop_has_turned ? 0 : stuck_loop_seconds + 1;
	stuck_loop_has_turned = 0;
	if (stuck_loop_seconds == STUCK_LOOP_WARN_S)
		stuck_loop_report(
		    "WARN a turn of the event loop has used 2 s of processor time\n");
	if (stuck_loop_seconds >= STUCK_LOOP_END_S) {
		stuck_loop_report("ERRO a turn of the event loop has used 10 s of "
				  "processor time; exiting\n");
		_exit(EXIT_FAILURE);
	}
	errno = saved;
}

void
stuck_loop_watch(void)
{
	const struct itimerval second = { .it_interval = { 1, 0 }, .it_value = { 1, 0 } };
	struct sigaction action = {
	    .sa_sigaction = stuck_loop_tick, .sa_flags = SA_RESTART | SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGPROF, &action, NULL) < 0 ||
	    setitimer(ITIMER_PROF, &second, NULL) < 0)
		fatal("cannot watch the processor time: %s", strerror(errno));
}

void
stuck_loop_turned(void)
{
	stuck_loop_has_turned = 1;
}
