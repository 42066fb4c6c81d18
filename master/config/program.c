/* [program:x] and its relatives → processes. The section's own options are judged
 * once, then every process judges those that may hold its process_num. */
#include "master/config/load.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/environment_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NUMPROCS_MAX 65536	/* more than the kernel has pids for */

/* What one section's reading needs. */
struct program {
	struct conf_load *load;
	const char *section;
	struct expand_names *names;	/* program_name, group_name and so on */
	char **texts;			/* per row: expanded, NULL = absent */
	struct program_section values;
	char key[32];			/* backs load->key */
};

static void
process_init(struct process_config *process)
{
	memset(process, 0, sizeof(*process));
	process->umask = -1;
}

static bool
is_section_row(const struct conf_option *option)
{
	return (option->flags & CONF_EACH) == 0;
}

/* Reads the options that belong to the section as a whole. */
static int
read_section_rows(struct program *program)
{
	struct process_config *process = &program->values.process;
	const char *section = program->section;

	for (size_t i = 0; i < conf_program.count; i++) {
		const struct conf_option *option = &conf_program.options[i];
		const char *value;
		int status;

		if (!is_section_row(option))
			continue;
		status = conf_load_text(program->load, section, option->name,
		    program->names, &program->texts[i]);
		if (status == -1)
			return -1;
		value = status == 1 ? program->texts[i] : option->fallback;
		if (value != NULL && conf_load_put(program->load, option, value,
		    &program->values) == -1)
			return -1;
		if (status == 0 && str_equal(option->name, "killasgroup"))
			process->killasgroup = process->stopasgroup;
	}
	return 0;
}

static const char *
raw_value(const struct program *program, const char *key)
{
	const char *text = ini_get(program->load->ini, program->section, key);

	return text != NULL ? text : conf_find(&conf_program, key)->fallback;
}

static int
check_section(struct program *program)
{
	const struct program_section *values = &program->values;
	struct conf_load *load = program->load;
	char *name = conf_load_name(load, raw_value(program, "process_name"));

	if (name == NULL)
		return -1;
	if (values->numprocs > 1 && strstr(name, "%(process_num)") == NULL)
		conf_load_fail(load, "%%(process_num) must be present within process_name "
		    "when numprocs > 1");
	free(name);
	if (values->process.stopasgroup && !values->process.killasgroup)
		conf_load_fail(load, "Cannot set stopasgroup=true and killasgroup=false");
	if (values->numprocs > NUMPROCS_MAX)
		conf_load_fail(load, "numprocs is larger than %d", NUMPROCS_MAX);
	return load->error != NULL ? -1 : 0;
}

/* The section's values once more, for a process of its own. */
static int
copy_section_rows(struct program *program, struct process_config *process)
{
	for (size_t i = 0; i < conf_program.count; i++) {
		const struct conf_option *option = &conf_program.options[i];
		const char *value = program->texts[i] != NULL ? program->texts[i] :
		    option->fallback;

		if (!is_section_row(option) || (option->flags & CONF_SECTION) != 0 ||
		    value == NULL)
			continue;
		if (conf_load_put(program->load, option, value,
		    process) == -1)
			return -1;
	}
	process->killasgroup = program->values.process.killasgroup;
	return 0;
}

/* environment=, whose variables then are names for the process's other options. */
static int
read_environment(struct program *program, struct expand_names *names,
    struct process_config *process)
{
	const struct conf_option *option = conf_find(&conf_program, "environment");
	int status = -1;
	char *text;

	conf_load_at(program->load, program->section, option->name);
	text = conf_load_expand(program->load, raw_value(program, option->name), names,
	    option->name);
	if (text != NULL)
		status = conf_load_put(program->load, option, text,
		    process);
	for (size_t i = 0; status == 0 && i < process->environment.count; i++)
		expand_set_env(names, process->environment.items[i].name,
		    process->environment.items[i].value);
	free(text);
	return status;
}

/* Log file names are expanded twice (reference 4.3). */
static int
read_logfile(struct program *program, const struct conf_option *option,
    const struct expand_names *names, struct process_config *process, bool *syslog)
{
	struct conf_load *load = program->load;
	char *once, *twice = NULL;
	int status = conf_load_text(load, program->section, option->name, names, &once);

	if (status == 0)
		return conf_load_put(load, option, option->fallback,
		    process);
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

/* Messages that follow are about this option of a channel. */
static void
set_place(struct program *program, const char *word, const char *option)
{
	snprintf(program->key, sizeof(program->key), "%s_%s", word, option);
	conf_load_at(program->load, program->section, program->key);
}

static void
check_channel(struct program *program, const char *word, struct output_config *channel,
    bool syslog)
{
	if (syslog) {
		set_place(program, word, "logfile");
		conf_load_say(program->load, LEVEL_WARN, "For [%s], %s_logfile=syslog but "
		    "this is deprecated and will be removed.  Use %s_syslog=true to enable "
		    "syslog instead.", program->section, word, word);
		channel->syslog = true;
	}
	set_place(program, word, "logfile_maxbytes");
	if (channel->target == LOG_TO_AUTO && channel->maxbytes == 0)
		conf_load_say(program->load, LEVEL_WARN, "For [%s], AUTO logging used for "
		    "%s_logfile without rollover, set maxbytes > 0 to avoid filling up "
		    "filesystem unintentionally", program->section, word);
}

static int
read_channel(struct program *program, const struct expand_names *names, enum output_id id,
    struct process_config *process)
{
	static const char *const words[] = {
		[OUTPUT_STDOUT] = "stdout", [OUTPUT_STDERR] = "stderr",
	};
	static const char *const keys[] = {
		"logfile_backups", "logfile_maxbytes", "syslog",
	};
	bool syslog = false;
	char name[32];

	snprintf(name, sizeof(name), "%s_logfile", words[id]);
	if (read_logfile(program, conf_find(&conf_program, name), names, process,
	    &syslog) == -1)
		return -1;
	for (size_t i = 0; i < nitems(keys); i++) {
		snprintf(name, sizeof(name), "%s_%s", words[id], keys[i]);
		if (conf_load_row(program->load, program->section,
		    conf_find(&conf_program, name), names, process) == -1)
			return -1;
	}
	check_channel(program, words[id], &process->outputs[id], syslog);
	return 0;
}

/* Standard error goes where standard output goes: no log of its own. */
static void
redirect(struct program *program, struct process_config *process)
{
	struct output_config *channel = &process->outputs[OUTPUT_STDERR];

	if (!process->redirect_stderr)
		return;
	set_place(program, "stderr", "logfile");
	if (channel->target == LOG_TO_FILE)
		conf_load_say(program->load, LEVEL_WARN, "For [%s], redirect_stderr=true "
		    "but stderr_logfile has also been set to a filename, the filename has "
		    "been ignored", program->section);
	mem_freep(&channel->path);
	channel->target = LOG_TO_NONE;
}

static int
read_command(struct program *program, const struct expand_names *names,
    struct process_config *process)
{
	int status = conf_load_row(program->load, program->section,
	    conf_find(&conf_program, "command"), names, process);

	if (status == 0)
		return conf_load_fail(program->load,
		    "program section %s does not specify a command", program->section);
	return status == 1 ? 0 : -1;
}

static int
read_name(struct program *program, const struct expand_names *names,
    struct process_config *process)
{
	char *raw;

	conf_load_at(program->load, program->section, "process_name");
	raw = conf_load_name(program->load, raw_value(program, "process_name"));
	process->name = conf_load_expand(program->load, raw, names, "process_name");
	free(raw);
	return process->name != NULL ? 0 : -1;
}

/* The options judged for each process, in supervisord's order. */
static int
read_each(struct program *program, struct expand_names *names,
    struct process_config *process)
{
	if (read_environment(program, names, process) == -1)
		return -1;
	if (conf_load_row(program->load, program->section,
	    conf_find(&conf_program, "directory"), names, process) == -1)
		return -1;
	for (size_t id = 0; id < OUTPUT_MAX; id++)
		if (read_channel(program, names, (enum output_id)id, process) == -1)
			return -1;
	redirect(program, process);
	if (read_command(program, names, process) == -1)
		return -1;
	return read_name(program, names, process);
}

/* What the process gets: [supervisord]'s variables, then its own. */
static void
inherit_environment(struct program *program, struct process_config *process)
{
	struct environment merged = { NULL, 0 };

	environment_list_merge(&merged, &program->load->config->environment);
	environment_list_merge(&merged, &process->environment);
	environment_list_clear(&process->environment);
	process->environment = merged;
}

static int
read_process(struct program *program, int64_t number, struct group_config *group)
{
	struct expand_names *names = expand_names_new(program->names);
	struct process_config *process = xmalloc(sizeof(*process));
	int status;

	process_init(process);
	expand_set_number(names, "process_num", number);
	expand_set_number(names, "numprocs", program->values.numprocs);
	status = copy_section_rows(program, process);
	if (status == 0)
		status = read_each(program, names, process);
	if (status == 0)
		conf_warn_variables(program->load, program->section, &process->environment);
	inherit_environment(program, process);
	if (status == 0)
		conf_warn_process(program->load, program->section, process);
	conf_group_append(group, process);
	expand_names_free(names);
	return status;
}

static int
compare_processes(const void *a, const void *b)
{
	const struct process_config *x = *(struct process_config *const *)a;
	const struct process_config *y = *(struct process_config *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
read_processes(struct program *program, struct group_config *group)
{
	size_t before = group->nprocesses;

	for (int64_t i = 0; i < program->values.numprocs; i++)
		if (read_process(program, program->values.numprocs_start + i, group) == -1)
			return -1;
	if (group->nprocesses > before)
		qsort(group->processes + before, group->nprocesses - before,
		    sizeof(*group->processes), compare_processes);
	return 0;
}

static int
read_program(struct program *program, struct group_config *group)
{
	struct conf_load *load = program->load;
	char *name = conf_load_name(load, strchr(program->section, ':') + 1);

	if (name == NULL)
		return -1;
	expand_set(program->names, "program_name", name);
	expand_set(program->names, "group_name", group->name);
	expand_set(program->names, "host_node_name", load->node);
	free(name);
	if (read_section_rows(program) == -1 || check_section(program) == -1)
		return -1;
	conf_warn_section(load, program->section, &program->values);
	return read_processes(program, group);
}

/* Errors get the section and its file added. */
static void
add_suffix(struct conf_load *load, const char *section)
{
	const char *file = ini_file(load->ini, section);
	char *shown = str_repr(section);
	char *path = str_repr(file != NULL ? file : load->config->file);
	char *error = xasprintf("%s in section %s (file: %s)", load->error, shown, path);

	free(load->error);
	load->error = error;
	free(shown);
	free(path);
}

int
conf_program_read(struct conf_load *load, const char *section, struct group_config *group)
{
	struct program program = {
		.load = load,
		.section = section,
		.names = expand_names_new(load->here),
		.texts = xcalloc(conf_program.count, sizeof(char *)),
	};
	int status;

	process_init(&program.values.process);
	status = read_program(&program, group);
	if (status == -1)
		add_suffix(load, section);
	for (size_t i = 0; i < conf_program.count; i++)
		free(program.texts[i]);
	free(program.texts);
	conf_clear(&conf_program, &program.values);
	expand_names_free(program.names);
	return status;
}
