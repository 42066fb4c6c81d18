#include "master/daemon/startup.h"

#include "common/mem.h"
#include "common/privs.h"
#include "master/daemon/daemonize.h"
#include "master/daemon/lastlog.h"
#include "master/daemon/reread.h"
#include "master/daemon/restart_check.h"
#include "master/frontend/http_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
startup_failed(char **error, const char *what)
{
	*error = xasprintf("%s: %s", what, strerror(errno));
	return -1;
}

/* supervisord's setuid: nothing to do when we are that user already. */
int
startup_become_user(struct master *master, char **error)
{
	const struct config *config = master->config;
	const struct user *user = config->user;
	const char *what = restart_check_user_refusal(config);

	if (what != NULL) {
		*error = xstrdup(what);
		return -1;
	}
	if (user == NULL || user->uid == geteuid())
		return 0;
	if (privs_drop(user->uid, user->gid, user->groups, user->ngroups, &what) == 0)
		return 0;
	return startup_failed(error, what);
}

/* What could not be logged before there was a log, by level as supervisord does. */
static void
startup_log_messages(const struct config *config)
{
	if (config->user == NULL && geteuid() == 0)
		log_critical(
		    "Supervisor is running as root.  Privileges were not dropped because "
		    "no user is specified in the config file.  If you intend to run as "
		    "root, you can set user=root in the config file to avoid this "
		    "message.");
	for (size_t i = 0; i < config->nmessages; i++)
		if (!config->messages[i].is_finding)
			config_log(&config->messages[i]);
	if (config->user != NULL)
		log_info("Set uid to user %d succeeded", (int)config->user->uid);
}

/* After supervisord's own lines, whose order tools know. */
void
startup_log_findings(const struct config *config)
{
	for (size_t i = 0; i < config->nmessages; i++)
		if (config->messages[i].is_finding)
			config_log(&config->messages[i]);
}

/* Takes the place of the main log while there is none: the messages wait with those of the
 * configuration. */
static void
startup_early_sink(void *ctx, enum log_level level, const char *text, size_t len)
{
	struct config *config = ctx;

	config->messages = xreallocarray(
	    config->messages, config->nmessages + 1, sizeof(*config->messages));
	config->messages[config->nmessages++] =
	    (struct config_message){ .level = level, .text = xstrndup(text, len) };
}

int
startup_raise_limits(struct master *master, char **error)
{
	struct config *config = master->config;
	int rc;

	if (!master->first)
		return 0;
	log_init(startup_early_sink, config, LEVEL_INFO);
	rc = daemonize_raise_limits(
	    config->minfds, config->minprocs, &master->child_nofile, error);
	log_init(NULL, NULL, LEVEL_INFO);
	return rc;
}

int
startup_open_mainlog(struct master *master, char **error)
{
	const struct config *config = master->config;
	bool echo = config->nodaemon && !config->silent;

	master->mainlog = mainlog_open(
	    config->logfile, config->logfile_maxbytes, config->logfile_backups, echo);
	if (master->mainlog == NULL) {
		*error = xasprintf(
		    "cannot open the log %s: %s", config->logfile, strerror(errno));
		return -1;
	}
	if (config->logfile_syslog)
		mainlog_use_syslog(master->mainlog, master->syslog);
	log_init(mainlog_sink, master->mainlog, config->loglevel);
	lastlog_forget(master);
	if (master->state != NULL)
		return 0;
	startup_log_messages(config);
	http_sockets_announce(config);
	return 0;
}

/* What was in force before an upgrade, was checked for this restart, or stands in the
 * file. */
int
startup_load(struct master *master, char **error)
{
	if (master->state != NULL)
		return 0;
	return master->document == -1 ? reread_load(master, &master->config, error) :
					restart_check_read(master, &master->config, error);
}

/* Two daemons of one file would run every program twice. One that does not answer, but
 * whose number is in our pidfile, is taken for such. */
static int
startup_look_for_first(struct master *master, char **error)
{
	const struct config *config = master->config;
	struct second_daemon *second = &master->second;

	master->lock.fd = -1;
	second_daemon_clear(second);
	if (*config->control_socket == '\0')
		return 0;
	second_daemon_lock(&master->lock, config->control_socket);
	second_daemon_look(second, config->control_socket, master->config_path);
	if (second->kind != SECOND_SAME &&
	    (second->kind != SECOND_SILENT ||
		!second_daemon_has_pidfile(second, config->pidfile)))
		return 0;
	*error = http_sockets_in_use();
	return -1;
}

/* In the foreground, the messages of a start that is refused, as supervisord shows them. */
static void
startup_show_messages(const struct config *config)
{
	struct mainlog *console =
	    config->nodaemon && !config->silent ? mainlog_open(NULL, 0, 0, true) : NULL;

	if (console == NULL)
		return;
	log_init(mainlog_sink, console, config->loglevel);
	startup_log_messages(config);
	log_init(NULL, NULL, LEVEL_INFO);
	mainlog_free(console);
}

/* What must be ours alone, before anything is written that a daemon that runs could own. A
 * restart has its log still. */
int
startup_claim(struct master *master, char **error)
{
	struct http_sockets *kept = master->http_sockets;

	if (startup_look_for_first(master, error) == 0) {
		master->http_sockets = NULL;
		master->http_sockets = http_sockets_open(master->config, kept, error);
		if (master->http_sockets != NULL)
			return 0;
	}
	if (master->last_mainlog == NULL)
		startup_show_messages(master->config);
	lastlog_refused(master, *error);
	return -1;
}
