/* Oom score: makes the kernel kill other processes than the daemon when memory runs out.
 * What the daemon starts has the score that the daemon was started with. The score is an
 * attribute of the process, like its descriptors. */
#ifndef MASTER_CHILD_OOM_SCORE_H
#define MASTER_CHILD_OOM_SCORE_H

#include <stdbool.h>

#define OOM_SCORE_DAEMON (-900)

/* Lowers the score of this process, unless it is as low already. False when the score stays
 * as it is: only root with CAP_SYS_RESOURCE may lower it below that of its parents. */
bool oom_score_lower(int score);
/* Sets it back, before another program is executed in this process. */
void oom_score_restore(void);
/* In a child before exec, without an allocation: gives it the score that was inherited. */
void oom_score_restore_child(void);

#endif
