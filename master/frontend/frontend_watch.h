/* Frontend watch: notices a reeve-rpcd that hangs. It pings it after everything that it was
 * sent, while its clients have requests under way, and when a client waits to be accepted;
 * continues it when a signal has stopped it; and says when it must be killed. */
#ifndef MASTER_FRONTEND_FRONTEND_WATCH_H
#define MASTER_FRONTEND_FRONTEND_WATCH_H

#include "common/compiler.h"
#include "master/control/connection.h"

#include <sys/types.h>

struct frontend_watch;

/* Called from the loop when reeve-rpcd must be killed: it "drains nothing", for example.
 * The callee ends the watch. */
typedef void frontend_hangs_fn(void *ctx, const char *what);

/* New, at rest. NULL with errno. */
struct frontend_watch *frontend_watch_new(struct master *, frontend_hangs_fn *, void *ctx);
void frontend_watch_free(struct frontend_watch *);	/* NULL is fine */
/* reeve-rpcd is ready; client is borrowed until frontend_watch_end. */
void frontend_watch_begin(struct frontend_watch *, struct connection *, pid_t);
/* Its connection is over, or it is to end. */
void frontend_watch_end(struct frontend_watch *);
/* Its clients have requests under way. */
void frontend_watch_active(struct frontend_watch *);
/* The end of a turn, in which something may have been sent to it. */
void frontend_watch_check(struct frontend_watch *);
/* A signal has stopped the process; also before it is ready. */
void frontend_watch_stopped(struct frontend_watch *, pid_t, int signo);

#endif
