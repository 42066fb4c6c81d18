/* Audit line: the text of one record of the audit log, a JSON object on a line. All texts
 * may be chosen by an attacker: they are cut, escaped, and made valid UTF-8. */
#ifndef MASTER_CONTROL_AUDIT_LINE_H
#define MASTER_CONTROL_AUDIT_LINE_H

#include "common/buf.h"
#include "common/compiler.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define AUDIT_TEXT_MAX 1024 /* bytes of one text; a longer one ends with "..." */

/* The facts about a call. Texts are borrowed and need not be UTF-8; NULL = unknown. */
struct audit_entry {
	int64_t time_us; /* of the request, since the epoch */
	const char *user;
	bool has_process; /* uid and pid come from the kernel */
	uid_t uid;
	pid_t pid;
	const char *program; /* one of our children that has a connection */
	const char *from, *listener, *forwarded;
	const char *max_role; /* of the reeve-rpcd that has sent it */
	bool claimed;         /* user, from, listener, forwarded and method are its words */
	const char *method, *command, *target, *signal;
	int64_t bytes, events; /* of stdin or event data; -1 = none */
};

/* Begins a line with everything but the outcome. 0, or -1 with ENOMEM. */
NODISCARD int audit_line_begin(struct buf *, const struct audit_entry *);
/* Ends it. result: "ok", the name of a fault, or a claim; job: of a job that was begun
 * (result "job N"), or 0. */
NODISCARD int audit_line_end(
    struct buf *, const char *result, uint64_t job, const char *why, uint64_t count);
/* A whole line: so many records were lost, because of this error. */
NODISCARD int audit_line_lost(struct buf *, int64_t time_us, uint64_t count, int error);

#endif
