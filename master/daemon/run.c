#include "master/daemon/run.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/privs.h"
#include "common/str.h"
#include "master/child/backlog.h"
#include "master/child/child.h"
#include "master/control/commands.h"
#include "master/control/control.h"
#include "master/control/sequence.h"
#include "master/control/state_rows.h"
#include "master/control/state_stream.h"
#include "master/daemon/daemonize.h"
#include "master/daemon/group_lifecycle.h"
#include "master/daemon/lastlog.h"
#include "master/daemon/notify.h"
#include "master/daemon/pidfile.h"
#include "master/daemon/reload.h"
#include "master/daemon/reread.h"
#include "master/daemon/signals.h"
#include "master/event/dispatch.h"
#include "master/frontend/frontend.h"
#include "master/frontend/http_sockets.h"
#include "master/log/autolog.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG_END_MS 5000	/* for the readers of full logs, at the end */
#define FATAL_KILL_MS 10000	/* FATAL: from TERM to KILL */

/* --- what is asked for ------------------------------------------------------------ */

void
run_shutdown(struct master *master)
{
	master->restart_wanted = false;
	daemon_shutdown(master->daemon);
}

enum fault
run_restart(struct master *master, char **why)
{
	const char *text;
	size_t n;

	*why = NULL;
	if (daemon_state(master->daemon) == DAEMON_SHUTDOWN)
		return FAULT_SHUTDOWN_STATE;
	if (reload_check(master, why) == -1) {
		text = *why != NULL ? *why : strerror(ENOMEM);
		n = strlen(text);
		if (n > 0 && text[n - 1] == '.')
			n--;
		log_error("%.*s; not restarting, everything runs on", (int)n, text);
		return FAULT_CANT_REREAD;
	}
	master->restart_wanted = true;
	(void)daemon_restart(master->daemon);
	return FAULT_NONE;
}

void
run_fail(struct master *master, const struct process *process)
{
	if (daemon_is_stopping(master->daemon))
		return;
	log_warn("%s has exit_on_fatal: shutting down, to end with status %d",
	    process->config->name, process->ending);
	master->exit_status = process->ending;
	run_shutdown(master);
}

/* --- what the daemon's state leads to -------------------------------------------- */

static void
tell_service_manager(const struct master *master)
{
	notify_state(master->notify, daemon_state(master->daemon),
	    daemon_fatal_reason(master->daemon));
}

static void
state_changed(void *ctx)
{
	struct master *master = ctx;

	if (daemon_state(master->daemon) == DAEMON_FATAL)
		jobs_halt(master->jobs);
	else if (daemon_is_stopping(master->daemon))
		dispatch_stopping(master->dispatcher);
	tell_service_manager(master);
	state_stream_daemon(master->state_stream);
}

static void
frontend_ended(void *ctx)
{
	struct master *master = ctx;

	loop_stop(master->loop);
}

static void
all_written(void *ctx)
{
	struct master *master = ctx;

	if (master->frontend == NULL)
		frontend_ended(master);
	else
		frontend_stop(master->frontend, frontend_ended, master);
}

/* The last words of the processes have not been read yet, perhaps. */
static void
all_stopped(void *ctx)
{
	const struct master *master = ctx;

	backlogs_finish(master->backlogs, BACKLOG_END_MS, all_written, ctx);
}

/* Signals every watched child but the front end; how many there are. */
static size_t
signal_by_pid(const struct master *master, int signo)
{
	size_t cursor = 0, count = 0;
	pid_t pid;

	while ((pid = reaper_next(master->reaper, &cursor)) != 0) {
		if (pid == frontend_pid(master->frontend))
			continue;
		kill(pid, signo);
		count++;
	}
	return count;
}

static void
fatal_overdue(void *ctx, uint32_t unused)
{
	struct master *master = ctx;

	(void)unused;
	(void)signal_by_pid(master, SIGKILL);
	/* Armed also when nobody was left: an armed timer is what check_fatal_end looks
	 * for. */
	source_arm(master->fatal_timer, clock_mono_ms() + FATAL_KILL_MS);
}

static void
stop_by_pid(void *ctx)
{
	struct master *master = ctx;

	if (master->fatal_timer != NULL)
		return;
	master->fatal_timer = loop_timer(master->loop, fatal_overdue, master);
	if (master->fatal_timer == NULL || signal_by_pid(master, SIGTERM) == 0)
		all_stopped(master);
	else
		source_arm(master->fatal_timer, clock_mono_ms() + FATAL_KILL_MS);
}

/* FATAL trusts no counter: whether somebody is left is asked of the pid map. */
static void
check_fatal_end(struct master *master)
{
	if (master->fatal_timer == NULL || signal_by_pid(master, 0) > 0 ||
	    source_deadline(master->fatal_timer) == -1)
		return;
	source_arm(master->fatal_timer, -1);
	all_stopped(master);
}

/* The last events of a shutdown are those of the processes that it stops. */
static bool
is_busy(void *ctx, const struct group *group)
{
	const struct master *master = ctx;
	const struct pool *pool = dispatch_pool(master->dispatcher, group);

	return pool != NULL && pool_is_busy(pool);
}

static const struct daemon_ops daemon_ops = {
    .is_busy = is_busy,
    .changed = state_changed,
    .all_stopped = all_stopped,
    .stop_by_pid = stop_by_pid,
};

static void
turn_end(void *ctx)
{
	struct master *master = ctx;

	control_flush(master->control);
	dispatch_send(master->dispatcher, master->config->identifier);
	frontend_check(master->frontend);
	check_fatal_end(master);
}

/* --- start-up -------------------------------------------------------------------- */

static int
system_error(char **error, const char *what)
{
	*error = xasprintf("%s: %s", what, strerror(errno));
	return -1;
}

/* supervisord's setuid: nothing to do when we are that user already. */
static int
become_user(const struct config *config, char **error)
{
	const struct user *user = config->user;
	const char *what = reload_user_refusal(config);

	if (what != NULL) {
		*error = xstrdup(what);
		return -1;
	}
	if (user == NULL || user->uid == geteuid())
		return 0;
	if (privs_drop(user->uid, user->gid, user->groups, user->ngroups, &what) == 0)
		return 0;
	return system_error(error, what);
}

/* What could not be logged before there was a log, by level as supervisord does. */
static void
log_messages(const struct config *config)
{
	if (config->user == NULL && geteuid() == 0)
		log_critical(
		    "Supervisor is running as root.  Privileges were not dropped because "
		    "no user is specified in the config file.  If you intend to run as "
		    "root, "
		    "you can set user=root in the config file to avoid this message.");
	for (size_t i = 0; i < config->nmessages; i++)
		if (!config->messages[i].is_finding)
			config_log(&config->messages[i]);
	if (config->user != NULL)
		log_info("Set uid to user %d succeeded", (int)config->user->uid);
}

/* After supervisord's own lines, whose order tools know. */
static void
log_findings(const struct config *config)
{
	for (size_t i = 0; i < config->nmessages; i++)
		if (config->messages[i].is_finding)
			config_log(&config->messages[i]);
}

/* Takes the place of the main log while there is none: the messages wait with those of the
 * configuration. */
static void
early_sink(void *ctx, enum log_level level, const char *text, size_t len)
{
	struct config *config = ctx;

	config->messages = xreallocarray(config->messages, config->nmessages + 1,
	    sizeof(*config->messages));
	config->messages[config->nmessages++] =
	    (struct config_message){.level = level, .text = xstrndup(text, len)};
}

static int
raise_limits(struct master *master, char **error)
{
	struct config *config = master->config;
	int rc;

	log_init(early_sink, config, LEVEL_INFO);
	rc = limits_raise(config->minfds, config->minprocs, &master->child_nofile, error);
	log_init(NULL, NULL, LEVEL_INFO);
	return rc;
}

static int
open_mainlog(struct master *master, char **error)
{
	const struct config *config = master->config;
	bool echo = config->nodaemon && !config->silent;

	master->mainlog = mainlog_open(config->logfile, config->logfile_maxbytes,
	    config->logfile_backups, echo);
	if (master->mainlog == NULL) {
		*error = xasprintf("cannot open the log %s: %s", config->logfile,
		    strerror(errno));
		return -1;
	}
	if (config->logfile_syslog)
		mainlog_use_syslog(master->mainlog, master->syslog);
	log_init(mainlog_sink, master->mainlog, config->loglevel);
	lastlog_forget(master);
	log_messages(config);
	return 0;
}

/* Named after our own name, as supervisord's messages are after its. */
static int
make_syslog(struct master *master, char **error)
{
	const char *program = master->options->program, *slash = strrchr(program, '/');

	master->syslog = syslogger_new(master->loop, master->config->syslog_socket,
	    slash == NULL ? program : slash + 1);
	return master->syslog == NULL ? system_error(error, "cannot prepare syslog") : 0;
}

/* A socket that cannot be made is its program's failure: each spawn will try again. */
static int
add_groups(struct master *master, char **error)
{
	for (size_t i = 0; i < master->config->ngroups; i++) {
		struct group_config *config = master->config->groups[i];
		char *why = NULL;

		if (group_lifecycle_check(config, &why) == -1)
			log_error("%s", why != NULL ? why : strerror(ENOMEM));
		free(why);
		if (group_lifecycle_add(master, config) == NULL) {
			*error = xasprintf("cannot make the group %s: %s (its AUTO logs "
			    "are made in %s and named after identifier=%s)", config->name,
			    strerror(errno), master->config->childlogdir,
			    master->config->identifier);
			return -1;
		}
	}
	return 0;
}

static int
make_rooms(struct master *master, char **error)
{
	master->groups = groups_new();
	if (master->groups == NULL)
		return system_error(error, "cannot allocate the groups");
	master->backlogs = backlogs_new(master->loop);
	master->dispatcher =
	    dispatch_new(master->loop, master->groups, &master->next_event);
	master->daemon = daemon_new(master->loop, master->groups, &daemon_ops, master);
	master->jobs = jobs_new(master->loop, master->groups);
	master->sequences = commands_sequences_new(master);
	master->state_stream = state_stream_new(&master->seq, &state_rows, master);
	master->control = control_new(master);
	if (master->backlogs == NULL || master->dispatcher == NULL ||
	    master->daemon == NULL || master->jobs == NULL || master->sequences == NULL ||
	    master->state_stream == NULL || master->control == NULL)
		return system_error(error, "cannot allocate the daemon's parts");
	jobs_check_with(master->jobs, child_check_command);
	jobs_clear_with(master->jobs, child_clear_logs);
	return add_groups(master, error);
}

static int
make_frontend(struct master *master, char **error)
{
	char *path;

	if (master->config->nlisteners == 0)
		return 0;
	path = frontend_find(master->self, error);
	if (path == NULL)
		return -1;
	master->frontend = frontend_new(master, path);
	if (master->frontend == NULL)
		return system_error(error, "cannot prepare reeve-rpcd");
	return 0;
}

static int
open_listeners(struct master *master, char **error)
{
	struct http_sockets *kept = master->http_sockets;

	master->http_sockets = NULL;
	master->http_sockets = http_sockets_open(master->config, kept, error);
	return master->http_sockets == NULL ? -1 : 0;
}

/* What was checked for this restart, or what the file says. */
static int
load(struct master *master, char **error)
{
	if (master->next == NULL)
		return reread_load(master, &master->config, error);
	master->config = master->next;
	master->next = NULL;
	return 0;
}

/* Two daemons of one file would run every program twice. One that does not answer, but
 * whose number is in our pidfile, is taken for such. */
static int
look_for_first(struct master *master, struct second_daemon_lock *lock, char **error)
{
	const struct config *config = master->config;
	struct second_daemon *second = &master->second;

	second_daemon_clear(second);
	if (*config->control_socket == '\0')
		return 0;
	second_daemon_lock(lock, config->control_socket);
	second_daemon_look(second, config->control_socket, master->config_path);
	if (second->kind != SECOND_SAME && (second->kind != SECOND_SILENT ||
	    !second_daemon_has_pidfile(second, config->pidfile)))
		return 0;
	*error = http_sockets_in_use();
	return -1;
}

/* In the foreground, the messages of a start that is refused, as supervisord shows them. */
static void
show_messages(const struct config *config)
{
	struct mainlog *console = config->nodaemon && !config->silent ?
	    mainlog_open(NULL, 0, 0, true) : NULL;

	if (console == NULL)
		return;
	log_init(mainlog_sink, console, config->loglevel);
	log_messages(config);
	log_init(NULL, NULL, LEVEL_INFO);
	mainlog_free(console);
}

/* What must be ours alone, before anything is written that a daemon that runs could own. A
 * restart has its log still. */
static int
claim(struct master *master, struct second_daemon_lock *lock, char **error)
{
	if (look_for_first(master, lock, error) == 0 && open_listeners(master, error) == 0)
		return 0;
	if (master->last_mainlog == NULL)
		show_messages(master->config);
	lastlog_refused(master, *error);
	return -1;
}

/* A failure leaves nothing behind but the main log. */
static int
start(struct master *master, bool first, struct second_daemon_lock *lock, char **error)
{
	const struct config *config;

	if (load(master, error) == -1)
		return -1;
	config = master->config;
	if (become_user(config, error) == -1)
		return -1;
	if (first && raise_limits(master, error) == -1)
		return -1;
	if (make_frontend(master, error) == -1 || make_syslog(master, error) == -1 ||
	    claim(master, lock, error) == -1 || open_mainlog(master, error) == -1)
		return -1;
	http_sockets_announce(config);
	/* With the sockets ours, no other daemon of this configuration lives whose AUTO
	 * logs these could be. */
	if (!config->nocleanup)
		autolog_clean(config->childlogdir, config->identifier);
	return make_rooms(master, error);
}

static int
go_on(struct master *master, bool first, struct safepath_id *pidfile,
    struct second_daemon_lock *lock, char **error)
{
	const struct config *config = master->config;
	struct group *group;

	if (first && !config->nodaemon && !master->reexecuted) {
		if (daemonize(config->directory, config->umask) == -1)
			return system_error(error, "cannot fork into the background");
		master->terminal = TERMINAL_NONE;
	}
	if (signals_take(master) == -1)
		return system_error(error, "cannot receive signals (signalfd)");
	loop_at_turn_end(master->loop, turn_end, master);
	control_listen(master->control);
	/* Another daemon's pidfile is left alone. */
	if (!second_daemon_has_pidfile(&master->second, config->pidfile))
		(void)pidfile_write(config->pidfile, pidfile);
	second_daemon_unlock(lock);
	log_findings(config);
	if (master->frontend != NULL)
		frontend_start(master->frontend);
	dispatch_running(master->dispatcher);
	for (group = groups_first(master->groups); group != NULL;
	     group = groups_next(group))
		group_lifecycle_autostart(group);
	/* The sockets are bound: whoever connects before the front end is up waits. */
	tell_service_manager(master);
	return 0;
}

/* --- the end of a run ---------------------------------------------------------------- */

/* Everything of one run goes, in the reverse order of its coming; HTTP sockets stay bound
 * for the next one (design 6). */
static void
finish(struct master *master, const struct safepath_id *pidfile)
{
	loop_at_turn_end(master->loop, NULL, NULL);
	control_free(master->control);
	master->control = NULL;
	frontend_free(master->frontend);
	master->frontend = NULL;
	sequences_free(master->sequences);
	master->sequences = NULL;
	jobs_free(master->jobs);
	master->jobs = NULL;
	group_lifecycle_remove_all(master);
	backlogs_free(master->backlogs);
	master->backlogs = NULL;
	dispatch_free(master->dispatcher);
	master->dispatcher = NULL;
	daemon_free(master->daemon);
	master->daemon = NULL;
	state_stream_free(master->state_stream);
	master->state_stream = NULL;
	source_free(master->fatal_timer);
	master->fatal_timer = NULL;
	if (master->config != NULL)
		pidfile_remove(master->config->pidfile, pidfile);
	second_daemon_clear(&master->second);
	config_free(master->config);
	master->config = NULL;
}

static enum run_outcome
outcome_of(const struct master *master)
{
	struct daemon_memory memory;

	if (!master->restart_wanted)
		return RUN_EXIT;
	/* Nothing of a process with a broken invariant is built upon. */
	daemon_get(master->daemon, &memory);
	return memory.by_pid ? RUN_REEXEC : RUN_RESTART;
}

enum run_outcome
run(struct master *master, bool first, char **error)
{
	enum run_outcome outcome = RUN_ERROR;
	struct safepath_id pidfile = {0};
	struct second_daemon_lock lock = {.fd = -1};

	master->restart_wanted = false;
	master->exit_status = 0;
	if (start(master, first, &lock, error) == 0 &&
	    go_on(master, first, &pidfile, &lock, error) == 0) {
		if (loop_run(master->loop) == 0)
			outcome = outcome_of(master);
		else
			(void)system_error(error, "the event loop failed (epoll_wait)");
	}
	if (outcome == RUN_ERROR)
		lastlog_failed(master, *error);
	finish(master, &pidfile);
	second_daemon_unlock(&lock);
	lastlog_keep(master);
	if (outcome == RUN_ERROR || outcome == RUN_EXIT)
		lastlog_end(master);
	if (outcome != RUN_RESTART)
		reload_forget(master);
	if (outcome == RUN_ERROR || outcome == RUN_EXIT) {
		http_sockets_free(master->http_sockets);
		master->http_sockets = NULL;
	}
	return outcome;
}
