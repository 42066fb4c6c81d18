#include "master/config/group_config.h"

#include "common/mem.h"
#include "master/config/document/document.h"
#include "master/config/group_kind.h"
#include "master/config/options/option_table.h"

#include <stdlib.h>
#include <string.h>

struct group_config *
group_config_new(enum group_kind kind, const char *name, int64_t priority)
{
	struct group_config *group = xcalloc(1, sizeof(*group));

	*group = (struct group_config){
		.refs = 1,
		.kind = kind,
		.name = xstrdup(name),
		.priority = priority,
	};
	return group;
}

/* The array grows to the next power of two whenever the count is one. */
void
group_config_append(struct group_config *group, struct process_config *process)
{
	size_t n = group->nprocesses;

	if ((n & (n - 1)) == 0)
		group->processes = xreallocarray(
		    group->processes, n == 0 ? 1 : 2 * n, sizeof(struct process_config *));
	group->processes[group->nprocesses++] = process;
}

int
group_config_compare(const void *a, const void *b)
{
	const struct group_config *x = *(struct group_config *const *)a;
	const struct group_config *y = *(struct group_config *const *)b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return strcmp(x->name, y->name);
}

void
process_config_free(struct process_config *process)
{
	if (process == NULL)
		return;
	conf_clear(&conf_program, process);
	free(process->section);
	free(process);
}

struct group_config *
group_config_ref(struct group_config *group)
{
	group->refs++;
	return group;
}

void
group_config_unref(struct group_config *group)
{
	void *part;

	if (group == NULL || --group->refs > 0)
		return;
	part = conf_group_part(group);
	for (size_t i = 0; i < group->nprocesses; i++)
		process_config_free(group->processes[i]);
	free(group->processes);
	if (part != NULL)
		conf_object_clear(&conf_objects[conf_group_kinds[group->kind]->part], part);
	free(group->name);
	free(group);
}
