#include "master/daemon/signals.h"

#include "common/log.h"
#include "master/child/child.h"
#include "master/daemon/run.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>

static void
exit_signal(struct master *master, const char *name)
{
	log_warn("received %s indicating exit request", name);
	run_shutdown(master);
}

static void
got_term(void *ctx, uint32_t count)
{
	(void)count;
	exit_signal(ctx, "SIGTERM");
}

static void
got_int(void *ctx, uint32_t count)
{
	(void)count;
	exit_signal(ctx, "SIGINT");
}

static void
got_quit(void *ctx, uint32_t count)
{
	(void)count;
	exit_signal(ctx, "SIGQUIT");
}

/* Nobody has asked for a restart: the user has closed the window. */
static void
hang_up(struct master *master)
{
	bool stays = master->terminal == TERMINAL_NOHUP;

	master->terminal = TERMINAL_NONE;
	if (stays) {
		log_info("the terminal has gone; going on, as SIGHUP was ignored at the "
		    "start");
		return;
	}
	log_warn("received SIGHUP because the terminal has gone: shutting down");
	run_shutdown(master);
}

static void
got_hup(void *ctx, uint32_t count)
{
	struct master *master = ctx;

	(void)count;
	if (terminal_has_gone(master->terminal, loop_signal_is_of_kernel(master->loop))) {
		hang_up(master);
		return;
	}
	if (daemon_state(master->daemon) == DAEMON_SHUTDOWN) {
		log_warn(
		    "ignored SIGHUP indicating restart request (shutdown in progress)");
		return;
	}
	log_warn("received SIGHUP indicating restart request");
	run_restart(master, NULL, NULL, 0);
}

static void
got_usr2(void *ctx, uint32_t count)
{
	const struct master *master = ctx;
	const struct group *group;
	struct process *process;

	(void)count;
	log_info("received SIGUSR2 indicating log reopen request");
	mainlog_reopen(master->mainlog);
	for (group = groups_first(master->groups); group != NULL;
	     group = groups_next(group))
		TAILQ_FOREACH(process, &group->processes, in_group)
			child_reopen_logs(process);
}

static const struct {
	int signo;
	loop_fn *fn;
} signals[] = {
    {SIGTERM, got_term}, {SIGINT, got_int}, {SIGQUIT, got_quit}, {SIGHUP, got_hup},
    {SIGUSR2, got_usr2},
};

int
signals_take(struct master *master)
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
