/* [program:x] and sections like it: reads the options of the section as a whole, then those
 * of each process (numprocs.c). */
#include "common/mem.h"
#include "common/str.h"
#include "master/config/load/numprocs.h"

#include <stdlib.h>
#include <string.h>

#define NUMPROCS_MAX 65536 /* more processes than most systems have ids for */

/* The text of an option in the section; NULL = absent. */
static const char *
program_text(const struct conf_numprocs *program, const char *key)
{
	return program->texts[conf_find(&conf_program, key) - conf_program.options];
}

static int
program_read_section(struct conf_numprocs *program)
{
	struct process_config *process = &program->values.process;

	for (size_t i = 0; i < conf_program.count; i++) {
		const struct conf_option *option = &conf_program.options[i];
		const char *value;
		int status;

		if ((option->flags & CONF_EACH) != 0)
			continue;
		status = conf_load_text(program->load, program->section, option->name,
		    program->names, &program->texts[i]);
		if (status == -1)
			return -1;
		value = status == 1 ? program->texts[i] : option->fallback;
		if (value != NULL &&
		    conf_load_put(program->load, option, value, &program->values) == -1)
			return -1;
		if (status == 0 && str_equal(option->name, "killasgroup"))
			process->killasgroup = process->stopasgroup;
	}
	return 0;
}

/* killmode= is another way to set killasgroup=, and must not contradict it. */
static void
program_apply_killmode(struct conf_numprocs *program)
{
	struct process_config *process = &program->values.process;
	const char *mode = program_text(program, "killmode");
	const char *group = program_text(program, "killasgroup");
	bool reaches_others = process->killmode != KILL_PROCESS;

	if (mode == NULL)
		return;
	if ((group != NULL && process->killasgroup != reaches_others) ||
	    (process->stopasgroup && !reaches_others)) {
		conf_load_at(program->load, program->section, "killmode");
		conf_load_fail(program->load,
		    "killmode=%s contradicts %s=%s; remove one of them", mode,
		    group != NULL ? "killasgroup" : "stopasgroup",
		    group != NULL ? group : program_text(program, "stopasgroup"));
	}
	process->killasgroup = reaches_others;
}

/* The daemon ends with a main program, so nothing is left that could restart it. */
static void
program_check_main(const struct conf_numprocs *program, struct process_config *process)
{
	struct conf_load *load = program->load;

	if (!process->is_main)
		return;
	conf_load_at(load, program->section, "autorestart");
	if (process->autorestart != AUTORESTART_FALSE &&
	    ini_get(load->ini, program->section, "autorestart") != NULL)
		conf_load_fail(load,
		    "Cannot set autorestart with main=true, which ends the daemon instead");
	process->autorestart = AUTORESTART_FALSE;
}

static int
program_check(struct conf_numprocs *program)
{
	struct program_section *values = &program->values;
	struct conf_load *load = program->load;
	char *name = conf_load_name(load, conf_numprocs_raw(program, "process_name"));

	if (name == NULL)
		return -1;
	if (values->numprocs > 1 && strstr(name, "%(process_num)") == NULL)
		conf_load_fail(load,
		    "%%(process_num) must be present within process_name when numprocs > "
		    "1");
	free(name);
	if (values->process.stopasgroup && !values->process.killasgroup)
		conf_load_fail(load, "Cannot set stopasgroup=true and killasgroup=false");
	program_check_main(program, &values->process);
	if (values->numprocs > NUMPROCS_MAX)
		conf_load_fail(load, "numprocs is larger than %d", NUMPROCS_MAX);
	return load->error != NULL ? -1 : 0;
}

static int
program_read(struct conf_numprocs *program, struct group_config *group)
{
	struct conf_load *load = program->load;
	char *name = conf_load_name(load, strchr(program->section, ':') + 1);

	if (name == NULL)
		return -1;
	expand_set(program->names, "program_name", name);
	expand_set(program->names, "group_name", group->name);
	expand_set(program->names, "host_node_name", load->node);
	free(name);
	if (program_read_section(program) == -1)
		return -1;
	program_apply_killmode(program);
	if (program_check(program) == -1)
		return -1;
	if (program->values.numprocs < 1)
		conf_load_warn(load, program->section, "numprocs",
		    "[%s] numprocs=%lld makes no process", program->section,
		    (long long)program->values.numprocs);
	return conf_numprocs_expand(program, group);
}

/* Appends the section and its file to the error, which so needs no place. */
static void
program_add_suffix(struct conf_load *load, const char *section)
{
	const char *file = ini_file(load->ini, section);
	char *shown = str_repr(section);
	char *path = str_repr(file != NULL ? file : load->config->file);
	char *error = xasprintf("%s in section %s (file: %s)", load->error, shown, path);

	free(load->error);
	load->error = error;
	load->is_ours = false;
	free(shown);
	free(path);
}

int
conf_program_read(struct conf_load *load, const char *section, struct group_config *group)
{
	struct conf_numprocs program = {
		.load = load,
		.section = section,
		.names = expand_names_new(load->here),
		.texts = xcalloc(conf_program.count, sizeof(char *)),
		.values = { .process.umask = -1 },
	};
	int status = program_read(&program, group);

	if (status == -1)
		program_add_suffix(load, section);
	for (size_t i = 0; i < conf_program.count; i++)
		free(program.texts[i]);
	free(program.texts);
	conf_clear(&conf_program, &program.values);
	expand_names_free(program.names);
	return status;
}
