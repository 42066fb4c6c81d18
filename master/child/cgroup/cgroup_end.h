/* Cgroup end: kills the processes of a control group and waits until they have ended. */
#ifndef MASTER_CHILD_CGROUP_CGROUP_END_H
#define MASTER_CHILD_CGROUP_CGROUP_END_H

#include "common/compiler.h"
#include "common/loop.h"

#include <stdbool.h>

#define CGROUP_END_MAX_MS 5000 /* then processes are left: the kernel cannot end them */

struct cgroup_end;

/* Called once, in a turn of its own. The callback may free the object. */
typedef void cgroup_end_fn(void *ctx, bool left);

/* New; takes the descriptor of the group's directory, -1 = it does not exist. NULL with
 * errno. */
struct cgroup_end *cgroup_end_new(struct loop *, int dir_take, cgroup_end_fn *, void *ctx);
void cgroup_end_free(struct cgroup_end *); /* NULL is fine; the function is not called */

#endif
