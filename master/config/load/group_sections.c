/* The sections that are groups: [group:x], then the programs that are in no group, then
 * event listeners and FastCGI programs. */
#include "master/config/load/load_context.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

void
conf_group_add(struct conf_load *load, struct group_config *group)
{
	struct config *config = load->config;

	config->groups = xreallocarray(
	    config->groups, config->ngroups + 1, sizeof(struct group_config *));
	config->groups[config->ngroups++] = group;
}

/* New: the section of the group of this name; of several, the one read last. */
static char *
group_sections_section_of(const struct conf_load *load, const char *name)
{
	static const char *const kinds[] = {
		"fcgi-program", "eventlistener", "program", "group",
	};
	char *section = NULL;

	for (size_t i = 0; i < nitems(kinds); i++) {
		free(section);
		section = xasprintf("%s:%s", kinds[i], name);
		if (ini_has(load->ini, section))
			break;
	}
	return section;
}

/* As in supervisord, of several processes with one name the last one takes the place of the
 * first. */
static void
group_sections_drop_duplicates(struct conf_load *load, struct group_config *group)
{
	struct map *seen = map_new();
	size_t kept = 0;

	mem_must(seen == NULL);
	for (size_t i = 0; i < group->nprocesses; i++) {
		struct process_config *process = group->processes[i], **place;
		char *section;

		place = map_get(seen, process->name);
		if (place != NULL) {
			section = group_sections_section_of(load, group->name);
			conf_load_warn(load, section, NULL,
			    "group %s has more than one process named %s and runs only the "
			    "last one; set process_name=",
			    group->name, process->name);
			free(section);
			process_config_free(*place);
			*place = process;
			continue;
		}
		place = &group->processes[kept++];
		*place = process;
		mem_must(map_set(seen, process->name, place));
	}
	group->nprocesses = kept;
	map_free(seen);
}

/* New: the section of a member; NULL = failed. As in supervisord, the error has the section
 * `shown`, which was read before. */
static char *
group_sections_member_section(struct conf_load *load, const char *shown, const char *name)
{
	char *program = xasprintf("program:%s", name);
	char *fcgi = xasprintf("fcgi-program:%s", name), *section = NULL;
	bool is_program = ini_has(load->ini, program), is_fcgi = ini_has(load->ini, fcgi);

	if (!is_program && !is_fcgi)
		conf_load_fail(
		    load, "[%s] names unknown program or fcgi-program %s", shown, name);
	else if (is_program && is_fcgi)
		conf_load_fail(load,
		    "[%s] name %s is ambiguous (exists as program and fcgi-program)", shown,
		    name);
	else
		section = xstrdup(is_program ? program : fcgi);
	free(program);
	free(fcgi);
	return section;
}

static int
group_sections_read_members(struct conf_load *load, const char *section,
    const char *programs, struct group_config *group)
{
	char *copy = xstrdup(programs), *rest = copy[0] != '\0' ? copy : NULL, *item;
	char *shown = xstrdup(section), *next;
	int status = 0;

	while (status == 0 && (item = strsep(&rest, ",")) != NULL) {
		conf_load_at(load, section, "programs");
		next = group_sections_member_section(load, shown, str_strip(item));
		status = -1;
		if (next == NULL)
			break;
		free(shown);
		shown = next;
		mem_must(map_set(load->members, shown, group));
		status = conf_program_read(load, shown, group);
	}
	free(shown);
	free(copy);
	return status;
}

static int
group_sections_read_group(struct conf_load *load, const char *section, const char *raw_name)
{
	struct group_section values = { NULL, 0 };
	struct group_config *group;
	char *name = conf_load_name(load, raw_name);
	int status = -1;

	if (name != NULL)
		status = conf_load_rows(load, section, &conf_group, &values);
	if (status == 0) {
		group = group_config_new(GROUP_PROGRAMS, name, values.priority);
		conf_group_add(load, group);
		status = group_sections_read_members(load, section, values.programs, group);
	}
	conf_clear(&conf_group, &values);
	free(name);
	return status;
}

/* A program that is in no group is a group of its own. As in supervisord, its priority is
 * also read here, so that the error of a wrong one does not have the section. */
static int
group_sections_read_single(
    struct conf_load *load, const char *section, const char *raw_name)
{
	struct program_section values = { .numprocs = 0 };
	struct group_config *group;
	char *name = conf_load_name(load, raw_name);
	int status = -1;

	if (name != NULL)
		status = conf_load_row(load, section, conf_find(&conf_program, "priority"),
		    load->here, &values);
	if (status != -1) {
		group = group_config_new(GROUP_PROGRAMS, name, values.process.priority);
		conf_group_add(load, group);
		status = conf_program_read(load, section, group);
	}
	free(name);
	return status;
}

/* As in supervisord, of several groups with one name only the first is used. */
static void
group_sections_finish_groups(struct conf_load *load)
{
	struct config *config = load->config;
	struct map *seen = map_new();
	size_t kept = 0;

	mem_must(seen == NULL);
	if (config->ngroups > 1)
		qsort(config->groups, config->ngroups, sizeof(*config->groups),
		    group_config_compare);
	for (size_t i = 0; i < config->ngroups; i++) {
		struct group_config *group = config->groups[i];
		char *section;

		if (map_get(seen, group->name) != NULL) {
			section = group_sections_section_of(load, group->name);
			conf_load_at(load, section, NULL);
			conf_load_message(load, LEVEL_WARN,
			    "The group name %s is used more than once; only the one with "
			    "the lowest priority is run",
			    group->name);
			conf_load_at(load, NULL, NULL);
			free(section);
			group_config_unref(group);
			continue;
		}
		mem_must(map_set(seen, group->name, group));
		config->groups[kept++] = group;
	}
	config->ngroups = kept;
	map_free(seen);
}

int
conf_group_read(struct conf_load *load)
{
	static const struct {
		const char *kind;
		int (*read)(struct conf_load *, const char *section, const char *name);
	} passes[] = {
		{ "group", group_sections_read_group },
		{ "program", group_sections_read_single },
		{ "eventlistener", conf_pool_read_listener },
		{ "fcgi-program", conf_fcgi_read },
	};
	const char *section, *name;
	size_t cursor;
	int status = 0;

	load->members = map_new();
	mem_must(load->members == NULL);
	for (size_t i = 0; status == 0 && i < nitems(passes); i++) {
		cursor = 0;
		while (status == 0 && (section = ini_next(load->ini, &cursor)) != NULL) {
			conf_load_at(load, section, NULL);
			name = conf_load_named(section, passes[i].kind);
			if (name != NULL && map_get(load->members, section) == NULL)
				status = passes[i].read(load, section, name);
		}
	}
	for (size_t i = 0; status == 0 && i < load->config->ngroups; i++)
		group_sections_drop_duplicates(load, load->config->groups[i]);
	if (status == 0)
		group_sections_finish_groups(load);
	return status;
}
