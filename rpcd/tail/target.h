/* Target: the log that the path of a request names. Makes no system calls. */
#ifndef RPCD_TAIL_TARGET_H
#define RPCD_TAIL_TARGET_H

#include "common/compiler.h"

/* name NULL: the main log. */
struct tail_target {
	char *name;         /* owned: a namespec, which may not exist */
	const char *stream; /* "stdout" or "stderr" */
};

/* Parses "/logtail/NAME[/stdout|stderr]" or "/mainlogtail" of a raw URI: decodes %-escapes,
 * ignores what follows the path. 0, or -1: it cannot name a log. */
NODISCARD int tail_target_parse(const char *uri, struct tail_target *);
/* Parses "NAME:stdout" or "NAME:stderr". 0, or -1: it cannot name a log. */
NODISCARD int tail_target_read_name(const char *text, struct tail_target *);
void tail_target_clear(struct tail_target *);

#endif
