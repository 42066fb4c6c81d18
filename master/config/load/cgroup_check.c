#include "master/config/load/cgroup_check.h"

#include "common/cgroup.h"
#include "common/mem.h"
#include "master/config/limits.h"
#include "master/config/load/load_context.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX 1048576 /* bytes of mountinfo */

const char *
conf_cgroup_missing(
    const struct process_config *process, const struct conf_cgroups *machine, char **why)
{
	char text[LIMITS_TEXT];

	if (process->killmode == KILL_CGROUP && !machine->mounted) {
		*why =
		    xasprintf("no control groups of version 2 are mounted on this machine "
			      "for killmode=cgroup");
		return "killmode";
	}
	for (size_t i = 0; i < LIMITS; i++) {
		const struct limit *limit = &limits[i];

		if (!limits_text(process, i, text) ||
		    (machine->mounted &&
			cgroup_has_word(machine->controllers, limit->controller)))
			continue;
		*why = machine->mounted ?
		    xasprintf("this machine has no controller %s of control groups of "
			      "version 2 for %s",
			limit->controller, limit->option) :
		    xasprintf("no control groups of version 2 are mounted on this machine "
			      "for %s",
			limit->option);
		return limit->option;
	}
	return NULL;
}

/* New: the text of a file, "" if it cannot be read. */
static char *
cgroup_check_read(const char *path)
{
	char *text = xcalloc(1, TEXT_MAX);
	FILE *file = fopen(path, "re");
	size_t n = file != NULL ? fread(text, 1, TEXT_MAX - 1, file) : 0;

	text[n] = '\0';
	if (file != NULL)
		fclose(file);
	return text;
}

int
conf_check_cgroup(
    struct conf_load *load, const char *section, const struct process_config *process)
{
	char *mounts, *mount, *path, *controllers, *why;
	struct conf_cgroups machine;
	const char *key;

	if (!limits_need_cgroup(process))
		return 0;
	mounts = cgroup_check_read("/proc/self/mountinfo");
	mount = cgroup_mount(mounts);
	path = xasprintf("%s/cgroup.controllers", mount != NULL ? mount : "");
	controllers = cgroup_check_read(path);
	machine = (struct conf_cgroups){ mount != NULL, controllers };
	key = conf_cgroup_missing(process, &machine, &why);
	free(controllers);
	free(path);
	free(mount);
	free(mounts);
	if (key == NULL)
		return 0;
	conf_load_at(load, section, key);
	return conf_load_fail_take(load, why);
}
