/* Tail stream: logs as they grow, until Ctrl-C: tail -f, maintail -f, fg. */
#ifndef CTL_TAIL_STREAM_H
#define CTL_TAIL_STREAM_H

#include "ctl/commands/namespec.h"
#include "ctl/daemon/log_stream.h"

struct session;

/* Prints one log as it grows. */
void tail_stream_log(struct session *, const struct log_request *);
/* Prints the logs of these processes as they grow, each line behind its process's name. */
void tail_stream_logs(struct session *, const struct log_request *,
    const struct words *names);
/* fg: prints both logs of a process, and sends it the lines of standard input. */
void tail_stream_foreground(struct session *, const char *args);

#endif
