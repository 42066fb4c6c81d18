/* Stop wait: describes which processes a stop waits for, and when they are killed. It
 * prints nothing. */
#ifndef CTL_COMMANDS_STOP_WAIT_H
#define CTL_COMMANDS_STOP_WAIT_H

#include "ctl/commands/namespec.h"

#include <jansson.h>
#include <stdint.h>

struct stop_wait;

/* New. config: rows with group, name and stopwaitsecs, borrowed for the call; names are
 * borrowed. */
struct stop_wait *stop_wait_new(const json_t *config, const struct words *names);
void stop_wait_free(struct stop_wait *); /* NULL is fine */
/* New: "waiting for cat and 2 more, SIGKILL in 8 s", for the named processes that are
 * STOPPING now (monotonic milliseconds); NULL without any. Called repeatedly. */
char *stop_wait_now(struct stop_wait *, const struct server_rows *, int64_t now_ms);
/* New: the same before a stop, for the processes that it will stop, if the server reports
 * no states during the stop: "waiting for cat and 2 more, SIGKILL after 10 s". */
char *stop_wait_ahead(struct stop_wait *, const struct server_rows *);

#endif
