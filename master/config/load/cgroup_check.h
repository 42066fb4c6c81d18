/* Cgroup check: what a process wants of control groups and this machine does not have. */
#ifndef MASTER_CONFIG_LOAD_CGROUP_CHECK_H
#define MASTER_CONFIG_LOAD_CGROUP_CHECK_H

#include "common/compiler.h"
#include "master/config/group_config.h"

struct conf_load;

/* The control groups of version 2 of a machine. */
struct conf_cgroups {
	bool mounted;
	const char *controllers; /* as in cgroup.controllers of the topmost group */
};

/* Decides: the first option of the process that needs what the machine lacks, with *why
 * new; NULL = none. */
const char *conf_cgroup_missing(
    const struct process_config *, const struct conf_cgroups *, char **why);
/* For --check: 0, or -1 after conf_load_fail. */
NODISCARD int conf_check_cgroup(
    struct conf_load *, const char *section, const struct process_config *);

#endif
