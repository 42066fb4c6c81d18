/* Tail stream: prints logs as they grow, until Ctrl-C. */
#ifndef CTL_COMMANDS_TAIL_STREAM_H
#define CTL_COMMANDS_TAIL_STREAM_H

#include "ctl/daemon/log_stream.h"

#include <stdbool.h>

#define TAIL_STREAM_MAX 256 /* logs at once */

struct session;
struct tail_stream;

/* Handles input besides the logs; the stream then continues after the last log ends. */
struct tail_stream_watch {
	int fd; /* polled for input */
	/* Called at each wake-up. `ready`: the fd has input; `log_ended`: a log has ended,
	 * perhaps because the daemon is gone. False ends the stream. */
	bool (*turn)(void *ctx, bool ready, bool log_ended);
	void *ctx;
};

/* New, without logs. From now on Ctrl-C ends the stream; prints a line that says so. */
struct tail_stream *tail_stream_begin(struct session *);
/* Adds a log whose lines get the prefix (NULL = none; taken), or prints why it cannot be
 * read. */
void tail_stream_add(struct tail_stream *, const struct log_request *, char *prefix);
/* Prints the new output of the logs. True while there are logs and a reader. */
bool tail_stream_print(struct tail_stream *);
/* Prints the logs as they grow, until they or the watch (NULL = none) end. False if no log
 * could be read; with a watch always true. */
bool tail_stream_run(struct tail_stream *, const struct tail_stream_watch *);
void tail_stream_end(struct tail_stream *);

#endif
