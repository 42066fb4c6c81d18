#include "master/config/load/numprocs.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/load/cgroup_check.h"
#include "master/config/values/environment_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *
conf_numprocs_raw(const struct conf_numprocs *program, const char *key)
{
	const char *text = ini_get(program->load->ini, program->section, key);

	return text != NULL ? text : conf_find(&conf_program, key)->fallback;
}

/* Sets the options that all processes of the section share. */
static int
numprocs_copy_section(struct conf_numprocs *program, struct process_config *process)
{
	for (size_t i = 0; i < conf_program.count; i++) {
		const struct conf_option *option = &conf_program.options[i];
		const char *value =
		    program->texts[i] != NULL ? program->texts[i] : option->fallback;

		if ((option->flags & (CONF_EACH | CONF_SECTION)) == 0 && value != NULL &&
		    conf_load_put(program->load, option, value, process) == -1)
			return -1;
	}
	process->killasgroup = program->values.process.killasgroup;
	process->autorestart = program->values.process.autorestart;
	return 0;
}

/* As in supervisord, the name of a log is expanded twice. */
static int
numprocs_read_logfile(struct conf_numprocs *program, const struct conf_option *option,
    const struct expand_names *names, struct process_config *process, bool *syslog)
{
	struct conf_load *load = program->load;
	char *once, *twice = NULL;
	int status = conf_load_text(load, program->section, option->name, names, &once);

	if (status == 0)
		return conf_load_put(load, option, option->fallback, process);
	if (status == 1)
		twice = conf_load_expand(load, once, names, option->name);
	status = -1;
	if (twice != NULL) {
		*syslog = strcasecmp(twice, "syslog") == 0;
		status = conf_load_put(load, option, twice, process);
	}
	free(once);
	free(twice);
	return status;
}

/* The options of an output. */
enum { LOGFILE, BACKUPS, MAXBYTES, SYSLOG, OUTPUT_OPTIONS };
static const char *const output_options[OUTPUT_MAX][OUTPUT_OPTIONS] = {
	[OUTPUT_STDOUT] = { "stdout_logfile", "stdout_logfile_backups",
	    "stdout_logfile_maxbytes", "stdout_syslog" },
	[OUTPUT_STDERR] = { "stderr_logfile", "stderr_logfile_backups",
	    "stderr_logfile_maxbytes", "stderr_syslog" },
};

static int
numprocs_read_output(struct conf_numprocs *program, const struct expand_names *names,
    enum output_id id, struct process_config *process)
{
	const char *const *options = output_options[id];
	struct output_config *output = &process->outputs[id];
	struct conf_load *load = program->load;
	bool syslog = false;

	if (numprocs_read_logfile(program, conf_find(&conf_program, options[LOGFILE]),
		names, process, &syslog) == -1)
		return -1;
	for (size_t i = BACKUPS; i < OUTPUT_OPTIONS; i++)
		if (conf_load_row(load, program->section,
			conf_find(&conf_program, options[i]), names, process) == -1)
			return -1;
	if (syslog) {
		conf_load_at(load, program->section, options[LOGFILE]);
		conf_load_message(load, LEVEL_WARN,
		    "For [%s], %s=syslog but this is deprecated and will be removed.  Use "
		    "%s=true to enable syslog instead.",
		    program->section, options[LOGFILE], options[SYSLOG]);
		output->syslog = true;
	}
	if (output->target == LOG_TO_AUTO && output->maxbytes == 0) {
		conf_load_at(load, program->section, options[MAXBYTES]);
		conf_load_message(load, LEVEL_WARN,
		    "For [%s], AUTO logging used for %s without rollover, set maxbytes > 0 "
		    "to avoid filling up filesystem unintentionally",
		    program->section, options[LOGFILE]);
	}
	return 0;
}

/* With redirect_stderr there is no log of standard error. */
static void
numprocs_redirect(struct conf_numprocs *program, struct process_config *process)
{
	struct output_config *output = &process->outputs[OUTPUT_STDERR];

	if (!process->redirect_stderr)
		return;
	conf_load_at(
	    program->load, program->section, output_options[OUTPUT_STDERR][LOGFILE]);
	if (output->target == LOG_TO_FILE)
		conf_load_message(program->load, LEVEL_WARN,
		    "For [%s], redirect_stderr=true but stderr_logfile has also been set "
		    "to a filename, the filename has been ignored",
		    program->section);
	mem_freep(&output->path);
	output->target = LOG_TO_NONE;
}

/* Reads the options that each process has, in supervisord's order. */
static int
numprocs_read_each(struct conf_numprocs *program, struct expand_names *names,
    struct process_config *process)
{
	struct conf_load *load = program->load;
	const char *section = program->section;
	char *raw;
	int status;

	if (conf_load_environment(load, section, conf_find(&conf_program, "environment"),
		names, process, names) == -1 ||
	    conf_load_row(
		load, section, conf_find(&conf_program, "directory"), names, process) == -1)
		return -1;
	for (size_t id = 0; id < OUTPUT_MAX; id++)
		if (numprocs_read_output(program, names, (enum output_id)id, process) == -1)
			return -1;
	numprocs_redirect(program, process);
	status = conf_load_row(
	    load, section, conf_find(&conf_program, "command"), names, process);
	if (status == 0)
		return conf_load_fail(
		    load, "program section %s does not specify a command", section);
	if (status == -1)
		return -1;
	conf_load_at(load, section, "process_name");
	raw = conf_load_name(load, conf_numprocs_raw(program, "process_name"));
	process->name = conf_load_expand(load, raw, names, "process_name");
	free(raw);
	return process->name != NULL ? 0 : -1;
}

static int
numprocs_read_process(
    struct conf_numprocs *program, int64_t number, struct group_config *group)
{
	struct expand_names *names = expand_names_new(program->names);
	struct process_config *process = xcalloc(1, sizeof(*process));
	struct environment all = { NULL, 0 };
	int status;

	process->umask = -1;
	process->section = xstrdup(program->section);
	expand_set_number(names, "process_num", number);
	expand_set_number(names, "numprocs", program->values.numprocs);
	status = numprocs_copy_section(program, process);
	if (status == 0)
		status = numprocs_read_each(program, names, process);
	if (status == 0)
		conf_warn_variables(program->load, program->section, &process->environment);
	/* The variables of [supervisord], then those of the process. */
	environment_list_merge(&all, &program->load->config->environment);
	environment_list_merge(&all, &process->environment);
	environment_list_clear(&process->environment);
	process->environment = all;
	if (status == 0)
		conf_warn_process(program->load, program->section, process);
	if (status == 0 && program->load->checks)
		status = conf_check_cgroup(program->load, program->section, process);
	group_config_append(group, process);
	expand_names_free(names);
	return status;
}

static int
numprocs_compare(const void *a, const void *b)
{
	const struct process_config *x = *(struct process_config *const *)a;
	const struct process_config *y = *(struct process_config *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

int
conf_numprocs_expand(struct conf_numprocs *program, struct group_config *group)
{
	const struct program_section *values = &program->values;
	size_t before = group->nprocesses;

	for (int64_t i = 0; i < values->numprocs; i++)
		if (numprocs_read_process(program, values->numprocs_start + i, group) == -1)
			return -1;
	if (group->nprocesses > before)
		qsort(group->processes + before, group->nprocesses - before,
		    sizeof(*group->processes), numprocs_compare);
	return 0;
}
