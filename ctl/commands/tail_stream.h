/* Tail stream: logs printed as they grow, until Ctrl-C. */
#ifndef CTL_TAIL_STREAM_H
#define CTL_TAIL_STREAM_H

#include "ctl/daemon/log_stream.h"

#include <stdbool.h>

#define TAIL_STREAM_MAX 256 /* logs at once */

struct session;
struct tail_stream;

/* What goes on besides the logs, and also without them. */
struct tail_stream_watch {
	int fd; /* polled for input */
	/* Called whenever something came. `ready`: the fd has input; `doubt`: a log has
	 * ended, perhaps because the daemon has gone. False ends the stream. */
	bool (*turn)(void *ctx, bool ready, bool doubt);
	void *ctx;
};

/* New: no logs yet. Ctrl-C ends the stream from now on, which is printed. */
struct tail_stream *tail_stream_begin(struct session *);
/* Adds a log whose lines get the prefix (NULL = none; taken), or prints why it cannot be
 * read. */
void tail_stream_add(struct tail_stream *, const struct log_request *, char *prefix);
/* Prints what the logs have now. True while there are logs and a reader. */
bool tail_stream_print(struct tail_stream *);
/* Prints the logs as they grow, until they have ended or the watch (NULL = none) ends.
 * False when no log could be read; with a watch always true. */
bool tail_stream_run(struct tail_stream *, const struct tail_stream_watch *);
void tail_stream_end(struct tail_stream *);

#endif
