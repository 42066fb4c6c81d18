/* Queue: the BSD tail queues, with the removal-safe walks that glibc lacks. */
#ifndef COMMON_QUEUE_H
#define COMMON_QUEUE_H

#include <sys/queue.h>

#ifndef TAILQ_FOREACH_SAFE
#define TAILQ_FOREACH_SAFE(var, head, field, next)                        \
	for ((var) = TAILQ_FIRST(head);                                   \
	     (var) != NULL && ((next) = TAILQ_NEXT(var, field), 1);       \
	     (var) = (next))
#endif

#ifndef STAILQ_FOREACH_SAFE
#define STAILQ_FOREACH_SAFE(var, head, field, next)                       \
	for ((var) = STAILQ_FIRST(head);                                  \
	     (var) != NULL && ((next) = STAILQ_NEXT(var, field), 1);      \
	     (var) = (next))
#endif

#endif
