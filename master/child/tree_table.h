/* Tree table: which processes of the machine belong to the tree of a program. Makes no
 * system call.
 *
 * These belong to it: while the program's main process runs, this process and the members
 * of its process group; processes that were found before; processes whose environment has
 * the mark of the program's start; and all descendants of these. */
#ifndef MASTER_CHILD_TREE_TABLE_H
#define MASTER_CHILD_TREE_TABLE_H

#include "common/compiler.h"
#include "master/child/procstat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A pid may be used again; together with the time of its start it names one process. */
struct tree_process {
	pid_t pid, parent, group;
	uint64_t start;
	bool ended;  /* a zombie */
	bool marked; /* its environment has the mark */
	bool found;  /* it belongs to the tree */
};

struct tree_table {
	struct tree_process *list; /* by pid after tree_table_decide */
	size_t count, capacity;
};

/* Adds a process that was read. 0, or -1 with ENOMEM. */
NODISCARD int tree_table_add(struct tree_table *, const struct procstat *, bool marked);
/* All processes have been added: sets `found` of each. `main` is the program's main
 * process, or 0 when it has been reaped; `before` has the processes found before. Returns
 * how many were found that have not ended. */
size_t tree_table_decide(struct tree_table *, pid_t main, const struct tree_table *before);
/* Keeps only those that were found and have not ended. */
void tree_table_keep_found(struct tree_table *);
void tree_table_clear(struct tree_table *);

/* Whether an environment of n bytes, as in /proc/PID/environ, has the variable, which is
 * written NAME=VALUE. */
bool tree_table_has_variable(const char *environment, size_t n, const char *variable);

#endif
