#include "master/process/namespec.h"

#include "master/process/visible.h"

#include <stdlib.h>

enum fault
namespec_resolve(const struct groups *groups, const struct grant *grant, const char *spec,
    struct group **group, struct process **process)
{
	char *group_name = NULL, *name = NULL;
	enum fault fault = FAULT_BAD_NAME;

	*process = NULL;
	namespec_split(spec, &group_name, &name);
	*group = group_name != NULL ? groups_find(groups, group_name) : NULL;
	if (*group != NULL && name != NULL)
		*process = group_process(*group, name);
	if (*process != NULL && !visible_process(grant, *process))
		*process = NULL;
	if (*group != NULL &&
	    (name == NULL ? visible_group(grant, groups, *group) : *process != NULL))
		fault = FAULT_NONE;
	free(group_name);
	free(name);
	return fault;
}
