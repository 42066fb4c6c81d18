/* Target: which log the path of a request asks to tail. A pure
 * function of the raw text of the request line. */
#ifndef RPCD_TAIL_TARGET_H
#define RPCD_TAIL_TARGET_H

#include "common/compiler.h"

/* name NULL: the daemon's own log. */
struct tail_target {
	char *name;         /* owned: a namespec, not looked up yet */
	const char *stream; /* "stdout" or "stderr" */
};

/* "/logtail/NAME[/stdout|stderr]" or "/mainlogtail"; %-escapes are decoded, and what
 * follows the path is left out. 0, or -1: no such log can be. */
NODISCARD int tail_target_parse(const char *uri, struct tail_target *);
void tail_target_clear(struct tail_target *);

#endif
