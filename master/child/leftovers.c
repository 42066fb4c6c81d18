#include "master/child/leftovers.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/child/cgroup/cgroup_dir.h"
#include "master/child/cgroup/cgroup_end.h"
#include "master/child/child_impl.h"
#include "master/child/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define MARK_BYTES 16

static bool
leftovers_has_tree(const struct process *process)
{
	return process->config->killmode == KILL_TREE && process->child->mark != NULL;
}

/* They have ended, or cannot be killed. */
static void
leftovers_finish(struct process *process)
{
	leftovers_clear(process->child);
	child_ended(process, process->child->wait_status);
}

static void
leftovers_on_tree(void *ctx, size_t left)
{
	struct process *process = ctx;

	if (left > 0)
		log_warn(
		    "%zu processes of %s could not be killed", left, process->config->name);
	leftovers_finish(process);
}

static void
leftovers_on_cgroup(void *ctx, bool left)
{
	struct process *process = ctx;

	if (left)
		log_error("processes of %s could not be killed; they are in %s",
		    process->config->name, process->child->cgroup);
	leftovers_finish(process);
}

/* Whether its control group exists and is the means to end it. */
static bool
leftovers_has_cgroup(const struct process *process)
{
	return process->config->killmode == KILL_CGROUP && process->child->cgroup != NULL;
}

/* The tree of the process, borrowed; NULL with errno. */
static struct tree *
leftovers_tree(struct process *process)
{
	const struct user *user = process->config->user;
	struct child *child = process->child;

	if (child->tree == NULL)
		child->tree = tree_new(child->context->loop, child->mark,
		    user != NULL ? user->uid : geteuid(), leftovers_on_tree, process);
	return child->tree;
}

void
leftovers_mark(struct process *process)
{
	struct child *child = process->child;
	unsigned char random[MARK_BYTES];
	char *at;

	leftovers_clear(child);
	mem_freep(&child->mark);
	if (process->config->killmode != KILL_TREE ||
	    getrandom(random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		return;
	at = child->mark = calloc(1, 2 * sizeof(random) + 1);
	for (size_t i = 0; at != NULL && i < sizeof(random); i++)
		at += sprintf(at, "%02x", random[i]);
}

void
leftovers_note(struct process *process)
{
	struct tree *tree;

	if (!leftovers_has_tree(process))
		return;
	tree = leftovers_tree(process);
	if (tree != NULL)
		tree_note(tree, process->pid);
}

/* -1 with errno. */
static int
leftovers_kill_cgroup(const struct process *process)
{
	int dir = cgroup_dir_open(process->child->cgroup), rc;

	if (dir == -1)
		return -1;
	process->child->killed = true;
	rc = cgroup_dir_kill(dir);
	return rc == -1 ? fd_fail(dir, errno) : close(dir);
}

/* The main process is killed in any case. */
int
leftovers_kill_all(struct process *process)
{
	struct tree *tree = NULL;

	if (process->ended_ms != -1)
		return fail_with(ESRCH);
	reaper_expect(process->child->context->reaper, process->pid);
	if (leftovers_has_cgroup(process) && leftovers_kill_cgroup(process) == 0)
		return 0;
	if (leftovers_has_tree(process))
		tree = leftovers_tree(process);
	if (tree == NULL)
		return child_signal(process, process->pid, SIGKILL);
	tree_kill(tree, process->pid);
	return 0;
}

/* Begins to kill what is in the control group. 1, 0 when nothing is, or -1 with errno. */
static int
leftovers_end_cgroup(struct process *process)
{
	struct child *child = process->child;
	int dir = cgroup_dir_open(child->cgroup);

	/* After an upgrade the exit is reported in a later turn, whatever is found now. */
	if (dir == -1 && process->ended_ms == -1)
		return errno == ENOENT ? 0 : -1;
	if (process->ended_ms == -1 && !cgroup_dir_is_populated(dir))
		return close(dir);
	child->killed = true;
	child->cgroup_end =
	    cgroup_end_new(child->context->loop, dir, leftovers_on_cgroup, process);
	return child->cgroup_end != NULL ? 1 : -1;
}

/* The same for its tree, of which nothing is known yet. */
static int
leftovers_end_tree(struct process *process)
{
	struct tree *tree = leftovers_tree(process);

	if (tree == NULL)
		return -1;
	tree_finish(tree);
	return 1;
}

static int
leftovers_end(struct process *process)
{
	if (leftovers_has_cgroup(process))
		return leftovers_end_cgroup(process);
	return leftovers_has_tree(process) ? leftovers_end_tree(process) : 0;
}

bool
leftovers_begin(struct process *process, int wait_status)
{
	int rc = leftovers_end(process);

	if (rc == -1)
		log_error("processes that %s has left are not killed: %s",
		    process->config->name, strerror(errno));
	if (rc != 1)
		return false;
	process->child->wait_status = wait_status;
	process_ending(process);
	return true;
}

int
leftovers_resume(struct process *process)
{
	int rc = leftovers_end(process);

	return rc == 0 ? fail_with(EINVAL) : rc == 1 ? 0 : -1;
}

void
leftovers_clear(struct child *child)
{
	tree_free(child->tree);
	child->tree = NULL;
	cgroup_end_free(child->cgroup_end);
	child->cgroup_end = NULL;
}
