#include "master/child/leftovers.h"

#include "common/fail.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
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

/* The processes of the tree have ended, or `left` of them could not be killed. */
static void
leftovers_on_tree(void *ctx, size_t left)
{
	struct process *process = ctx;

	if (left > 0)
		log_warn(
		    "%zu processes of %s could not be killed", left, process->config->name);
	leftovers_clear(process->child);
	child_ended(process, process->child->wait_status);
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

int
leftovers_kill_all(struct process *process)
{
	struct tree *tree = NULL;

	if (process->ended_ms != -1)
		return fail_with(ESRCH);
	reaper_expect(process->child->context->reaper, process->pid);
	if (leftovers_has_tree(process))
		tree = leftovers_tree(process);
	if (tree == NULL)
		return kill(process->pid, SIGKILL);
	tree_kill(tree, process->pid);
	return 0;
}

bool
leftovers_begin(struct process *process, int wait_status)
{
	struct tree *tree;

	if (!leftovers_has_tree(process))
		return false;
	if ((tree = leftovers_tree(process)) == NULL) {
		log_error("processes that %s has left are not killed: %s",
		    process->config->name, strerror(errno));
		return false;
	}
	process->child->wait_status = wait_status;
	process_ending(process);
	tree_finish(tree);
	return true;
}

int
leftovers_resume(struct process *process)
{
	struct tree *tree;

	if (!leftovers_has_tree(process))
		return fail_with(EINVAL);
	if ((tree = leftovers_tree(process)) == NULL)
		return -1;
	tree_finish(tree);
	return 0;
}

void
leftovers_clear(struct child *child)
{
	tree_free(child->tree);
	child->tree = NULL;
}
