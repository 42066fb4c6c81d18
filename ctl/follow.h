/* Follow: logs as they grow, until Ctrl-C: tail -f, maintail -f, fg. */
#ifndef CTL_FOLLOW_H
#define CTL_FOLLOW_H

#include "ctl/feed.h"

struct session;

/* Prints one log as it grows. */
void follow_log(struct session *, const struct feed_log *);
/* fg: prints both logs of a process, and sends it the lines of standard input. */
void follow_foreground(struct session *, const char *args);

#endif
