#include "master/daemon/subsystems.h"

#include "common/mem.h"
#include "master/child/cgroup/cgroups.h"
#include "master/child/child.h"
#include "master/child/oom_score.h"
#include "master/child/usage.h"
#include "master/control/audit.h"
#include "master/control/commands.h"
#include "master/control/config_request.h"
#include "master/control/control.h"
#include "master/control/sequence.h"
#include "master/control/state_stream.h"
#include "master/daemon/clock_watch.h"
#include "master/daemon/config_reader.h"
#include "master/daemon/daemon_signals.h"
#include "master/daemon/daemonize.h"
#include "master/daemon/frontend_ops.h"
#include "master/daemon/group_kinds.h"
#include "master/daemon/group_lifecycle.h"
#include "master/daemon/lastlog.h"
#include "master/daemon/peers_document.h"
#include "master/daemon/pidfile.h"
#include "master/daemon/run.h"
#include "master/daemon/startup.h"
#include "master/daemon/upgrade.h"
#include "master/event/dispatch.h"
#include "master/frontend/frontend.h"
#include "master/helper/verifier.h"
#include "master/log/autolog.h"
#include "master/log/backlog.h"
#include "master/survivors/survivors.h"
#include "master/upgrade/state_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- before the main log is open --- */

/* Frees a part that is one member of the master. */
#define SUBSYSTEM_FREE(member, destroy)                                           \
	static void subsystems_free_##member(struct master *master)               \
	{                                                                         \
		destroy(master->member);                                          \
		master->member = NULL;                                            \
	}

SUBSYSTEM_FREE(config, config_free)
SUBSYSTEM_FREE(audit, audit_free)

/* A daemon that is not root any more could not give its children another score. */
static int
subsystems_lower_oom_score(struct master *master UNUSED, char **error UNUSED)
{
	if (geteuid() == 0)
		(void)oom_score_lower(OOM_SCORE_DAEMON);
	return 0;
}

/* Looks for the programs of the helpers before anything is changed. An upgrade goes on
 * without them. */
static int
subsystems_find_helpers(struct master *master, char **error)
{
	char *path;
	bool found;

	if (master->config->nlisteners == 0 || master->state != NULL)
		return 0;
	path = frontend_find(master->self, error);
	found = path != NULL;
	free(path);
	if (!found || !verifier_is_needed(master->config))
		return found ? 0 : -1;
	path = verifier_find(master->self, error);
	free(path);
	return path == NULL ? -1 : 0;
}

/* Messages have the name of our program, as those of supervisord have. */
static int
subsystems_new_syslog(struct master *master, char **error)
{
	const char *program = master->arguments->program, *slash = strrchr(program, '/');

	master->syslog = syslogger_new(master->loop, master->config->syslog_socket,
	    slash == NULL ? program : slash + 1);
	return master->syslog != NULL ? 0 : startup_failed(error, "cannot prepare syslog");
}

static void
subsystems_end_reservation(struct master *master)
{
	second_daemon_unlock(&master->lock);
	second_daemon_clear(&master->second);
}

/* The sockets are reserved, so no other daemon with this configuration uses AUTO logs. */
static int
subsystems_clean_autologs(struct master *master, char **error UNUSED)
{
	if (!master->config->nocleanup && master->state == NULL)
		autolog_clean(master->config->childlogdir, master->config->identifier);
	return 0;
}

/* --- the daemon's parts --- */

/* Creates and destroys a part that is one member of the master. */
#define SUBSYSTEM(member, new, destroy)                                           \
	static int subsystems_new_##member(struct master *master, char **error)   \
	{                                                                         \
		master->member = new;                                             \
		return master->member != NULL ? 0 :                               \
		    startup_failed(error, "cannot create " #member);              \
	}                                                                         \
	SUBSYSTEM_FREE(member, destroy)

/* Rows of the state stream. */

static int
subsystems_process_row(
    void *ctx UNUSED, const struct process *process, struct process_info *info)
{
	return process_info_of(process, child_log_path(process, OUTPUT_STDOUT),
	    child_log_path(process, OUTPUT_STDERR), info);
}

static int
subsystems_daemon_row(void *ctx, struct daemon_info *info)
{
	const struct master *master = ctx;
	const char *logfile = mainlog_path(master->mainlog);

	info->state = daemon_state_get(master->daemon);
	info->pid = getpid();
	info->start = daemon_state_start(master->daemon);
	info->has_main_interface = master->config->has_main_interface;
	info->fatal_reason = strdup(daemon_state_reason(master->daemon));
	info->identifier = strdup(master->config->identifier);
	info->logfile = strdup(logfile == NULL ? "" : logfile);
	if (info->fatal_reason != NULL && info->identifier != NULL && info->logfile != NULL)
		return 0;
	daemon_info_clear(info);
	return -1;
}

static const struct state_stream_ops subsystems_row_ops = {
    .process = subsystems_process_row, .daemon = subsystems_daemon_row};

SUBSYSTEM(state_stream,
    state_stream_new(&master->seq, master->checks ? -1 : peers_document_page(master->state),
	&subsystems_row_ops, master),
    state_stream_free)
SUBSYSTEM(groups, groups_new(master->kinds), groups_free)
SUBSYSTEM(daemon, daemon_state_new(master->loop, master->groups, &run_daemon_ops, master),
    daemon_state_free)
SUBSYSTEM(dispatcher, dispatch_new(master->loop, master->groups, &master->next_event),
    dispatch_free)
SUBSYSTEM(backlogs, backlogs_new(master->loop), backlogs_free)
static const struct jobs_ops subsystems_jobs_ops = {
    .check = child_check_command, .clear = child_clear_logs};
SUBSYSTEM(jobs, jobs_new(master->loop, master->groups, &subsystems_jobs_ops), jobs_free)
SUBSYSTEM(usage, usage_new(master->loop, master->groups, "/proc"), usage_free)
SUBSYSTEM(sequences, commands_sequences_new(master), sequences_free)
SUBSYSTEM(control, control_new(master), control_free)
SUBSYSTEM(
    clock_watch, clock_watch_new(master->loop, run_clock_was_set, master), clock_watch_free)
SUBSYSTEM(rpcinterfaces,
    rpcinterfaces_new(master->groups, &frontend_ops_rpcinterface, master),
    rpcinterfaces_free)

static int
subsystems_new_survivors(struct master *master, char **error)
{
	struct config config = *master->config;

	/* The running daemon uses the directory. */
	if (master->checks)
		config.state_directory = NULL;
	master->survivors =
	    survivors_new(master->loop, master->groups, master->fdstore, &config, error);
	if (master->survivors == NULL && *error == NULL)
		return startup_failed(error, "cannot create the record of processes");
	return master->survivors != NULL ? 0 : -1;
}

SUBSYSTEM_FREE(survivors, survivors_free)

SUBSYSTEM(
    config_requests, config_requests_new(master, config_reader_begin), config_requests_free)
SUBSYSTEM(config_reader, config_reader_new(master), config_reader_free)
SUBSYSTEM(upgrade, upgrade_new(master), upgrade_free)

static int
subsystems_add_group(struct master *master, struct group_config *config, char **error)
{
	if (group_lifecycle_add(master, config) != NULL)
		return 0;
	*error =
	    xasprintf("cannot create the group %s: %s (its AUTO logs are created in %s "
		      "and named after identifier=%s)",
		config->name, strerror(errno), master->config->childlogdir,
		master->config->identifier);
	return -1;
}

/* A FastCGI socket that cannot be created does not end the start: each spawn tries it. */
static int
subsystems_add_configured(struct master *master, char **error)
{
	for (size_t i = 0; i < master->config->ngroups; i++) {
		struct group_config *config = master->config->groups[i];
		char *why = NULL;

		if (group_lifecycle_check(master, config, &why) == -1)
			log_error("%s", why != NULL ? why : strerror(ENOMEM));
		free(why);
		if (subsystems_add_group(master, config, error) == -1)
			return -1;
	}
	return 0;
}

/* The groups that existed before an upgrade. */
static int
subsystems_add_inherited(struct master *master, char **error)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(master->state, "groups"), i, one) {
		const char *name = state_parts_name(one);
		struct group_config *config = config_group(master->others, name);

		if (config == NULL)
			config = config_group(master->config, name);
		if (config == NULL)
			return state_parts_fail(error, "no definition of the group", name);
		if (subsystems_add_group(master, config, error) == -1)
			return -1;
	}
	return 0;
}

static int
subsystems_new_cgroups(struct master *master, char **error)
{
	master->cgroups = cgroups_new(cgroups_find_own, master->state != NULL);
	if (master->cgroups == NULL)
		return startup_failed(error, "cannot create cgroups");
	cgroups_begin(master->cgroups);
	return 0;
}

SUBSYSTEM_FREE(cgroups, cgroups_free)

static int
subsystems_add_programs(struct master *master, char **error)
{
	master->children = (struct child_context){
		.loop = master->loop,
		.reaper = master->reaper,
		.config = master->config,
		.nofile = &master->child_nofile,
		.syslog = master->syslog,
		.backlogs = master->backlogs,
		.dispatcher = master->dispatcher,
		.cgroups = master->cgroups,
		.resumes = master->state != NULL,
	};
	group_kinds_fill(master);
	return master->state != NULL ? subsystems_add_inherited(master, error) :
				       subsystems_add_configured(master, error);
}

/* --- process and sockets --- */

static int
subsystems_daemonize(struct master *master, char **error)
{
	const struct config *config = master->config;

	if (!master->first || config->nodaemon || master->reexecuted)
		return 0;
	if (daemonize(config->directory, config->umask) == -1)
		return startup_failed(error, "cannot fork into the background");
	master->terminal = TERMINAL_NONE;
	return 0;
}

static int
subsystems_receive_signals(struct master *master, char **error)
{
	if (daemon_signals_receive(master) == -1)
		return startup_failed(error, "cannot receive signals (signalfd)");
	master->children.reaper = master->reaper;
	return 0;
}

static int
subsystems_new_frontends(struct master *master, char **error)
{
	const struct frontend_use use = {
	    .loop = master->loop,
	    .reaper = master->reaper,
	    .config = master->config,
	    .http_sockets = master->http_sockets,
	    .page = state_stream_page(master->state_stream),
	    .resumes = master->state != NULL,
	    .ops = &frontend_ops,
	    .ctx = master,
	};

	master->frontends = frontends_new(&use, master->self, error);
	return master->frontends == NULL ? -1 : 0;
}

SUBSYSTEM_FREE(frontends, frontends_free)

/* Without its program, a user whose password needs it is an error when one is added. */
static int
subsystems_new_verifier(struct master *master, char **error)
{
	char *why = NULL, *path = verifier_find(master->self, &why);

	free(why);
	master->verifier = verifier_new(
	    master->loop, master->reaper, master->config, path, commands_verified);
	return master->verifier != NULL ? 0 :
					  startup_failed(error, "cannot create verifier");
}

SUBSYSTEM_FREE(verifier, verifier_free)

static int
subsystems_watch_turns(struct master *master, char **error UNUSED)
{
	loop_at_turn_end(master->loop, run_turn_end, master);
	return 0;
}

static void
subsystems_leave_turns(struct master *master)
{
	loop_at_turn_end(master->loop, NULL, NULL);
	source_free(master->fatal_timer);
	master->fatal_timer = NULL;
}

static int
subsystems_listen(struct master *master, char **error UNUSED)
{
	/* After an upgrade, the socket is in the document. */
	if (master->state == NULL)
		control_listen(master->control);
	return 0;
}

/* The pidfile of another daemon that runs is left alone. */
static int
subsystems_write_pidfile(struct master *master, char **error UNUSED)
{
	const char *path = master->config->pidfile;

	if (master->checks)
		return 0;
	if (master->state == NULL)
		master->pidfile = (struct safepath_id){ 0 };
	if (master->state == NULL && !second_daemon_has_pidfile(&master->second, path))
		(void)pidfile_write(path, &master->pidfile);
	second_daemon_unlock(&master->lock);
	return 0;
}

static void
subsystems_remove_pidfile(struct master *master)
{
	pidfile_remove(master->config->pidfile, &master->pidfile);
}

/* --- the table --- */

static const struct subsystem {
	const char *name;
	int (*create)(struct master *, char **error);
	void (*destroy)(struct master *);	/* NULL = kept, or destroyed with another */
} subsystems[] = {
	{"configuration", startup_load, subsystems_free_config},
	{"user", startup_become_user, NULL},
	{"memory", subsystems_lower_oom_score, NULL},
	{"limits", startup_raise_limits, NULL},
	{"programs of the helpers", subsystems_find_helpers, NULL},
	{"syslog", subsystems_new_syslog, lastlog_keep},
	{"sockets", startup_reserve_sockets, subsystems_end_reservation},
	{"main log", startup_open_mainlog, NULL},	/* kept together with syslog */
	{"audit log", startup_open_audit, subsystems_free_audit},
	{"AUTO logs", subsystems_clean_autologs, NULL},
	{"state stream", subsystems_new_state_stream, subsystems_free_state_stream},
	{"groups", subsystems_new_groups, subsystems_free_groups},
	{"daemon state", subsystems_new_daemon, subsystems_free_daemon},
	{"events", subsystems_new_dispatcher, subsystems_free_dispatcher},
	{"backlogs", subsystems_new_backlogs, subsystems_free_backlogs},
	{"jobs", subsystems_new_jobs, subsystems_free_jobs},
	{"usage", subsystems_new_usage, subsystems_free_usage},
	{"sequences", subsystems_new_sequences, subsystems_free_sequences},
	{"rpcinterfaces", subsystems_new_rpcinterfaces, subsystems_free_rpcinterfaces},
	{"control groups", subsystems_new_cgroups, subsystems_free_cgroups},
	{"survivors", subsystems_new_survivors, subsystems_free_survivors},
	{"clock", subsystems_new_clock_watch, subsystems_free_clock_watch},
	{"programs", subsystems_add_programs, group_lifecycle_release_all},
	{"control", subsystems_new_control, subsystems_free_control},
	{"configuration requests", subsystems_new_config_requests,
	    subsystems_free_config_requests},
	{"configuration reader", subsystems_new_config_reader,
	    subsystems_free_config_reader},
	{"upgrade", subsystems_new_upgrade, subsystems_free_upgrade},
	{"background", subsystems_daemonize, NULL},
	{"signals", subsystems_receive_signals, NULL},
	{"reeve-rpcd processes", subsystems_new_frontends, subsystems_free_frontends},
	{"reeve-verifier", subsystems_new_verifier, subsystems_free_verifier},
	{"loop iterations", subsystems_watch_turns, subsystems_leave_turns},
	{"control socket", subsystems_listen, NULL},	/* closed by control */
	{"pidfile", subsystems_write_pidfile, subsystems_remove_pidfile},
};

int
subsystems_create(struct master *master, char **error)
{
	/* The one that fails is destroyed as well, because it may exist in part. */
	while (master->created < nitems(subsystems))
		if (subsystems[master->created++].create(master, error) == -1)
			return -1;
	return 0;
}

void
subsystems_destroy(struct master *master)
{
	const struct subsystem *subsystem;

	while (master->created > 0) {
		subsystem = &subsystems[--master->created];
		if (subsystem->destroy != NULL)
			subsystem->destroy(master);
	}
}
