#include "common/log.h"
#include "common/str.h"
#include "master/child/child_impl.h"
#include "master/child/spawn_report.h"
#include "master/config/command/command_line.h"

#include <stdlib.h>
#include <string.h>

/* A reason is logged when it changes, and at most once a minute while it stays the same. */
void
child_explain(struct process *process, char *failure)
{
	struct child *child = process->child;

	if (failure == NULL)
		return;
	if (!str_equal(child->explained, failure)) {
		log_limit_reset(&child->unspawned);
		free(child->explained);
		child->explained = strdup(failure);
	}
	log_limited(&child->unspawned, LEVEL_WARN, "%s was not started: %s",
	    process->config->name, failure);
	process_explain(process, failure);
}

void
child_explain_end(struct process *process, pid_t pid)
{
	const struct process_config *config = process->config;
	const char *object, *unused;
	struct spawn_error report;
	char **words;

	if (!spawn_report_take(pid, &report))
		return;
	words = command_line_split(config->command, &unused);
	object = words != NULL && words[0] != NULL ? words[0] : "";
	if (report.step == SPAWN_USER && config->user != NULL)
		object = config->user->name;
	else if (report.step == SPAWN_DIRECTORY && config->directory != NULL)
		object = config->directory;
	child_explain(process, spawn_error_text(&report, object));
	free(words);
}
