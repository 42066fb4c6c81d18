#include "master/daemon/lastlog.h"

#include "common/log.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
lastlog_forget(struct master *master)
{
	mainlog_free(master->last_mainlog);
	master->last_mainlog = NULL;
	syslogger_free(master->last_syslog);
	master->last_syslog = NULL;
}

void
lastlog_keep(struct master *master)
{
	if (master->mainlog != NULL) {
		lastlog_forget(master);
		master->last_mainlog = master->mainlog;
		master->last_syslog = master->syslog;
	} else {
		syslogger_free(master->syslog);
	}
	master->mainlog = NULL;
	master->syslog = NULL;
}

void
lastlog_refused(const struct master *master, const char *error)
{
	const struct config *config = master->config;
	struct mainlog *log;

	if (master->last_mainlog != NULL ||
	    (log = mainlog_open(config->logfile, 0, 0, false, -1)) == NULL)
		return;
	if (config->logfile_syslog)
		mainlog_use_syslog(log, master->syslog);
	log_init(mainlog_sink, log, LEVEL_INFO);
	log_critical("%s (%d) was not started with %s: %s", master->arguments->program,
	    (int)getpid(), config->file, error);
	log_init(NULL, NULL, LEVEL_INFO);
	mainlog_free(log);
}

void
lastlog_failed(const struct master *master, const char *error)
{
	struct syslogger *syslog =
	    master->syslog != NULL ? master->syslog : master->last_syslog;
	const struct config *config = master->config;
	char *text;

	if (master->mainlog == NULL && master->last_mainlog == NULL)
		return;
	text = xasprintf(
	    "cannot continue, exiting: %s", error != NULL ? error : "out of memory");
	log_critical("%s", text);
	if (syslog != NULL && (config == NULL || !config->logfile_syslog))
		(void)syslogger_send(syslog, "CRIT", text, strlen(text));
	free(text);
}
