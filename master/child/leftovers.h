/* Leftovers: the processes that a program has left when its main process has ended. With
 * killmode=tree and killmode=cgroup they are killed, and the exit is reported when they
 * have ended. */
#ifndef MASTER_CHILD_LEFTOVERS_H
#define MASTER_CHILD_LEFTOVERS_H

#include "common/compiler.h"
#include "master/process/process.h"

#include <stdbool.h>

/* Before a start: makes the mark of its environment, if its killmode needs one. Out of
 * memory, the program runs without one. */
void leftovers_mark(struct process *);
/* A signal that ends its main process is about to be sent: notes its tree. */
void leftovers_note(struct process *);
/* The function kill_all of process_ops. */
int leftovers_kill_all(struct process *);
/* Its main process was reaped. True: child_ended is called when its other processes have
 * ended; false: there are none to wait for. */
NODISCARD bool leftovers_begin(struct process *, int wait_status);
/* Continues after an upgrade. 0, or -1 with errno. */
NODISCARD int leftovers_resume(struct process *);
void leftovers_clear(struct child *);

#endif
