#include "master/daemon/startup.h"

#include "common/mem.h"
#include "common/privs.h"
#include "master/control/audit.h"
#include "master/daemon/daemonize.h"
#include "master/daemon/lastlog.h"
#include "master/daemon/reread.h"
#include "master/daemon/restart_check.h"
#include "master/daemon/state_document.h"
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

void
startup_log_config(const struct config *config, bool findings)
{
	for (size_t i = 0; i < config->nmessages; i++)
		if (config->messages[i].is_finding == findings)
			config_log(&config->messages[i]);
}

/* Messages that arose before the log was open. */
static void
startup_log_messages(const struct config *config)
{
	if (config->user == NULL && geteuid() == 0)
		log_critical(
		    "Supervisor is running as root.  Privileges were not dropped because "
		    "no user is specified in the config file.  If you intend to run as "
		    "root, you can set user=root in the config file to avoid this "
		    "message.");
	startup_log_config(config, false);
	if (config->user != NULL)
		log_info("Set uid to user %d succeeded", (int)config->user->uid);
}

/* Log sink before the main log is open: keeps the messages with those of the
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

	master->mainlog = mainlog_open(config->logfile, config->logfile_maxbytes,
	    config->logfile_backups, echo, state_document_log_fd(master->state, "mainlog"));
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

int
startup_open_audit(struct master *master, char **error)
{
	const struct config *config = master->config;

	master->audit =
	    audit_open(master->loop, config->audit_log, config->audit_log_maxbytes,
		config->audit_log_backups, state_document_log_fd(master->state, "audit"));
	if (master->audit != NULL)
		return 0;
	*error = xasprintf("cannot open the audit log %s: %s",
	    config->audit_log != NULL ? config->audit_log : "", strerror(errno));
	return -1;
}

/* The configuration comes from the state document of an upgrade, from the check before a
 * restart, or from the file. */
int
startup_load(struct master *master, char **error)
{
	if (master->state != NULL)
		return 0;
	return master->document == -1 ? reread_load(master, &master->config, error) :
					restart_check_read(master, &master->config, error);
}

/* Two daemons with one file would run every program twice. A process that does not answer
 * counts as a daemon with our file when its pid is in our pidfile. */
static int
startup_refuse_second(struct master *master, char **error)
{
	const struct config *config = master->config;
	struct second_daemon *second = &master->second;

	master->lock.fd = -1;
	second_daemon_clear(second);
	/* After an upgrade, the control socket is our own. */
	if (*config->control_socket == '\0' || master->state != NULL)
		return 0;
	second_daemon_lock(&master->lock, config->control_socket);
	second_daemon_find(second, config->control_socket, master->config_path);
	if (second->kind != SECOND_SAME &&
	    (second->kind != SECOND_SILENT ||
		!second_daemon_has_pidfile(second, config->pidfile)))
		return 0;
	*error = http_sockets_in_use();
	return -1;
}

/* In the foreground, prints the messages of a refused start, as supervisord does. */
static void
startup_show_messages(const struct config *config)
{
	struct mainlog *console =
	    config->nodaemon && !config->silent ? mainlog_open(NULL, 0, 0, true, -1) : NULL;

	if (console == NULL)
		return;
	log_init(mainlog_sink, console, config->loglevel);
	startup_log_messages(config);
	log_init(NULL, NULL, LEVEL_INFO);
	mainlog_free(console);
}

/* Comes before anything is written into files that a daemon with the same configuration may
 * use. A restart still has its log. */
int
startup_reserve_sockets(struct master *master, char **error)
{
	struct http_sockets *kept = master->http_sockets;

	if (master->checks)
		return 0;
	if (startup_refuse_second(master, error) == 0) {
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
