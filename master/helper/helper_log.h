/* Frontend log: the lines that reeve-rpcd writes to its standard error, taken into the
 * main log (reeve-protocol(7), "The front end"). */
#ifndef MASTER_HELPER_HELPER_LOG_H
#define MASTER_HELPER_HELPER_LOG_H

#include "common/buf.h"
#include "common/compiler.h"
#include "common/loglimit.h"
#include "common/loop.h"

#include <stdint.h>

struct helper_log {
	int fd;			/* -1 = closed */
	struct source *source;
	struct buf line;
	int64_t window_ms;	/* when the present second began */
	unsigned lines;		/* taken in it */
	unsigned dropped;	/* since that was last logged */
	struct log_limit drops;
};

void helper_log_init(struct helper_log *);
/* Takes the read end. 0, or -1 with errno. */
NODISCARD int helper_log_open(struct helper_log *, struct loop *, int fd);
/* Reads what is left, then closes. */
void helper_log_close(struct helper_log *);

#endif
