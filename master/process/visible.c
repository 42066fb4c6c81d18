#include "master/process/visible.h"

bool
visible_process(const struct grant *grant, const struct process *process)
{
	return grant == NULL || grant_sees_all(grant) ||
	    grant_sees(grant, process->group->config->name, process->config->name);
}

bool
visible_group(
    const struct grant *grant, const struct groups *groups, const struct group *group)
{
	struct process *process;

	if (grant == NULL || grant_sees_group(grant, group->config->name))
		return true;
	VISIBLE_FOREACH(process, grant, groups, group)
	return true;
	return false;
}

struct group *
visible_find(const struct grant *grant, const struct groups *groups, const char *name)
{
	struct group *group = groups_find(groups, name);

	return group != NULL && visible_group(grant, groups, group) ? group : NULL;
}
