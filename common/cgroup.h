/* Cgroup: control groups of version 2 by their names: where they are mounted, our own one,
 * and the name for that of a process. Works on text and makes no system call. */
#ifndef COMMON_CGROUP_H
#define COMMON_CGROUP_H

#include "common/compiler.h"

#include <stdbool.h>

#define CGROUP_NAME_MAX 200 /* bytes of a name from cgroup_name */

/* New: the directory of our own control group, from the texts of /proc/self/mountinfo and
 * /proc/self/cgroup. NULL with errno; ENOENT: version 2 is not mounted, or our group is not
 * below the mount. */
char *cgroup_own(const char *mountinfo, const char *membership);
/* New: where version 2 is mounted first. NULL with errno; ENOENT: nowhere. */
char *cgroup_mount(const char *mountinfo);
/* New: a name for the control group of a process, which no other process has and no file of
 * a control group: "GROUP:PROCESS", or "NAME" when both are the same. Other bytes than
 * letters, digits and _-.@ become %XX; a long name is cut and gets a checksum. NULL with
 * ENOMEM. */
char *cgroup_name(const char *group, const char *process);
/* Whether a list of words, as in cgroup.controllers, has the word. */
bool cgroup_has_word(const char *list, const char *word);

#endif
