#include "master/child/child_impl.h"

#include "common/log.h"
#include "common/str.h"
#include "master/child/spawn_report.h"
#include "master/config/command/command_line.h"

#include <stdlib.h>
#include <string.h>

/* The same reason is logged once a minute, another one at once. */
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

/* New: the command's first word. */
static char *
spawn_failure_program(const struct process *process)
{
	const char *why;
	char **words = command_line_split(process->config->command, &why), *program;

	program = strdup(words != NULL && words[0] != NULL ? words[0] : "");
	if (words != NULL)
		free(words);
	return program;
}

void
child_explain_end(struct process *process, pid_t pid)
{
	const struct process_config *config = process->config;
	struct spawn_error report;
	char *program;

	if (!spawn_report_take(pid, &report))
		return;
	program = spawn_failure_program(process);
	if (report.step == SPAWN_USER && config->user != NULL)
		child_explain(process, spawn_error_text(&report, config->user->name));
	else if (report.step == SPAWN_DIRECTORY && config->directory != NULL)
		child_explain(process, spawn_error_text(&report, config->directory));
	else if (program != NULL)
		child_explain(process, spawn_error_text(&report, program));
	free(program);
}
