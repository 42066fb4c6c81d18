#include "common/mem.h"
#include "master/child/cgroup/cgroup_dir.h"
#include "master/child/cgroup/cgroups.h"
#include "master/child/child_impl.h"
#include "master/config/limits.h"
#include "master/process/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_EVENTS "memory.events", "oom_kill"

/* Whether its group is the one that it has used. That of a process that was taken over is
 * another one. */
static bool
child_cgroup_is_known(const struct child *child, const char *path)
{
	return child->cgroup != NULL && strcmp(child->cgroup, path) == 0;
}

/* A process that clone3(2) creates in a group in which others were killed before is killed,
 * too (Linux 6.18). Therefore the group is made again. 0, or -1 with *detail new. */
static int
child_cgroup_renew(struct child *child, char **detail)
{
	if (!child->killed || child->cgroup == NULL)
		return 0;
	if (cgroup_dir_remove(child->cgroup) == -1) {
		*detail = mem_printf("%s: %s", child->cgroup, strerror(errno));
		return -1;
	}
	mem_freep(&child->cgroup);
	child->killed = false;
	return 0;
}

/* A descriptor, or -1 with *detail new. */
static int
child_cgroup_prepare(struct process *process, char **path, char **detail)
{
	const struct child *child = process->child;
	struct cgroups *cgroups = child->context->cgroups;
	int dir = cgroups_open(
	    cgroups, process->group->config->name, process->config->name, path, detail);

	if (dir == -1 ||
	    cgroups_limit(cgroups, dir, process->config,
		!child_cgroup_is_known(child, *path), detail) == 0)
		return dir;
	close(dir);
	mem_freep(path);
	return -1;
}

int
child_open_cgroup(struct process *process, char **why)
{
	struct child *child = process->child;
	char *path = NULL, *detail = NULL;
	int dir = -1;

	if (!limits_need_cgroup(process->config))
		return 0;
	if (child_cgroup_renew(child, &detail) == 0)
		dir = child_cgroup_prepare(process, &path, &detail);
	if (dir == -1) {
		*why = mem_printf(
		    "cannot prepare the control group for '%s'", process->config->name);
		child_explain(process, detail);
		return -1;
	}
	if (child->cgroup != NULL && !child_cgroup_is_known(child, path))
		(void)!cgroup_dir_remove(child->cgroup);
	free(child->cgroup);
	child->cgroup = path;
	child->oom_kills = cgroup_dir_number(dir, MEMORY_EVENTS);
	child->cpu_us = cgroup_dir_number(dir, "cpu.stat", "usage_usec");
	return dir;
}

enum exit_reason
child_exit_reason(const struct process *process)
{
	const struct child *child = process->child;
	int64_t kills;
	int dir;

	if (child->cgroup == NULL || child->oom_kills == -1 ||
	    (dir = cgroup_dir_open(child->cgroup)) == -1)
		return REASON_NONE;
	kills = cgroup_dir_number(dir, MEMORY_EVENTS);
	close(dir);
	return kills > child->oom_kills ? REASON_OUT_OF_MEMORY : REASON_NONE;
}

bool
child_cgroup_usage(const struct process *process, int64_t *cpu_ms, int64_t *memory)
{
	const struct child *child = process->child;
	int64_t cpu_us;
	int dir;

	if (child == NULL || child->cgroup == NULL ||
	    (dir = cgroup_dir_open(child->cgroup)) == -1)
		return false;
	cpu_us = cgroup_dir_number(dir, "cpu.stat", "usage_usec");
	*cpu_ms =
	    cpu_us == -1 || child->cpu_us == -1 ? -1 : (cpu_us - child->cpu_us) / 1000;
	*memory = cgroup_dir_number(dir, "memory.current", NULL);
	close(dir);
	return true;
}
