#include "master/daemon/daemon_signals.h"

#include "common/log.h"
#include "master/child/child.h"
#include "master/control/audit.h"
#include "master/control/daemon_ops.h"
#include "master/daemon/run.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

#define DAEMON_SIGNALS_EXIT(name)                                                       \
	static void daemon_signals_got_##name(void *ctx, uint32_t count UNUSED)         \
	{                                                                               \
		log_warn("received %s indicating exit request", #name);                 \
		run_shutdown(ctx);                                                      \
	}

DAEMON_SIGNALS_EXIT(SIGTERM)
DAEMON_SIGNALS_EXIT(SIGINT)
DAEMON_SIGNALS_EXIT(SIGQUIT)

/* The SIGHUP is no request: the user has closed the terminal's window. */
static void
daemon_signals_hang_up(struct master *master)
{
	bool stays = master->terminal == TERMINAL_NOHUP;

	master->terminal = TERMINAL_NONE;
	if (stays) {
		log_info("the terminal has gone; continuing, because SIGHUP was ignored at "
			 "the start");
		return;
	}
	log_warn("received SIGHUP because the terminal has gone: shutting down");
	run_shutdown(master);
}

static void
daemon_signals_got_hup(void *ctx, uint32_t count UNUSED)
{
	struct master *master = ctx;

	if (terminal_has_gone(master->terminal, loop_signal_is_from_kernel(master->loop))) {
		daemon_signals_hang_up(master);
		return;
	}
	if (daemon_state_get(master->daemon) == DAEMON_SHUTDOWN) {
		log_warn(
		    "ignored SIGHUP indicating restart request (shutdown in progress)");
		return;
	}
	log_warn("received SIGHUP indicating restart request");
	run_restart(master, NULL, NULL, 0);
}

static void
daemon_signals_got_usr1(void *ctx, uint32_t count UNUSED)
{
	struct master *master = ctx;

	log_info("received SIGUSR1 indicating upgrade request");
	master->ops->upgrade(master, NULL, 0);
}

static void
daemon_signals_got_usr2(void *ctx, uint32_t count UNUSED)
{
	const struct master *master = ctx;
	struct process *process;

	log_info("received SIGUSR2 indicating log reopen request");
	mainlog_reopen(master->mainlog);
	audit_reopen(master->audit);
	GROUPS_FOREACH_PROCESS(process, master->groups, NULL)
		child_reopen_logs(process);
}

static const struct {
	int signo;
	loop_fn *fn;
} signals[] = {
    {SIGTERM, daemon_signals_got_SIGTERM},
    {SIGINT, daemon_signals_got_SIGINT},
    {SIGQUIT, daemon_signals_got_SIGQUIT},
    {SIGHUP, daemon_signals_got_hup},
    {SIGUSR1, daemon_signals_got_usr1},
    {SIGUSR2, daemon_signals_got_usr2},
};

int
daemon_signals_receive(struct master *master)
{
	if (master->reaper != NULL)
		return 0;
	for (size_t i = 0; i < nitems(signals); i++)
		if (loop_signal(master->loop, signals[i].signo, signals[i].fn, master) ==
		    NULL)
			return -1;
	master->reaper = reaper_new(master->loop);
	return master->reaper == NULL ? -1 : 0;
}
