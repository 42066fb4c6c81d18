#include "master/control/state_rows.h"

#include "master/child/child.h"
#include "master/log/mainlog.h"
#include "master/master.h"

#include <string.h>
#include <unistd.h>

static int
process_row(void *ctx, const struct process *process, struct process_info *info)
{
	(void)ctx;
	return process_info_of(process, child_log_path(process, OUTPUT_STDOUT),
	    child_log_path(process, OUTPUT_STDERR), info);
}

static int
daemon_row(void *ctx, struct daemon_info *info)
{
	const struct master *master = ctx;
	const char *logfile = mainlog_path(master->mainlog);

	info->state = daemon_state(master->daemon);
	info->pid = getpid();
	info->has_main_interface = master->config->has_main_interface;
	info->fatal_reason = strdup(daemon_fatal_reason(master->daemon));
	info->identifier = strdup(master->config->identifier);
	info->logfile = strdup(logfile == NULL ? "" : logfile);
	if (info->fatal_reason != NULL && info->identifier != NULL && info->logfile != NULL)
		return 0;
	daemon_info_clear(info);
	return -1;
}

const struct state_stream_ops state_rows = {
    .process = process_row, .daemon = daemon_row};
