/* Tree: finds and kills the processes of one program's tree (tree_table.h). It reads /proc
 * in steps of a few processes, so that a turn of the loop stays short, and sends signals by
 * pidfd, so that no other process that has got the same pid receives one.
 *
 * This is best effort: a process that has left the tree, with an environment that it has
 * overwritten or with another user, is not found. */
#ifndef MASTER_CHILD_TREE_H
#define MASTER_CHILD_TREE_H

#include "common/compiler.h"
#include "common/loop.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TREE_STEP 50     /* processes in a turn of the loop */
#define TREE_MAX_MS 5000 /* after the main process has ended, until it gives up */
#define TREE_VARIABLE "REEVE_SPAWN"

struct tree;

/* Called once, in a turn of its own: `left` processes could not be killed. The callback may
 * free the tree. */
typedef void tree_fn(void *ctx, size_t left);

/* New; `mark` is the value of TREE_VARIABLE in the environment of the program. Only
 * processes of the user uid are found by it. NULL with errno. */
struct tree *tree_new(struct loop *, const char *mark, uid_t uid, tree_fn *done, void *ctx);
void tree_free(struct tree *); /* NULL is fine; done is not called */
/* The main process runs: notes its tree, to find it after the end of this process. */
void tree_note(struct tree *, pid_t main);
/* The main process runs: kills it and its tree. */
void tree_kill(struct tree *, pid_t main);
/* The main process has been reaped: kills what is left until nothing is found, and then
 * calls done. */
void tree_finish(struct tree *);

#endif
