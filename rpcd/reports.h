/* Reports: tells the master, for the audit log, of the calls that reeve-rpcd does not pass
 * on to it: those that it has refused itself, and those that a program has answered. A
 * flood of refusals is reported by a count. */
#ifndef RPCD_REPORTS_H
#define RPCD_REPORTS_H

#include "proto/fault.h"
#include "rpcd/caller.h"

#include <jansson.h>

struct reports;
struct rpcd;

#define REPORTS_REFUSALS 10     /* reported one by one in a second */
#define REPORTS_TARGET_MAX 1200 /* bytes of a target; the audit log shows fewer */

/* For one listener. */
struct reports *reports_new(struct rpcd *);
void reports_free(struct reports *); /* NULL is fine */
/* method: as the client has named it, or what it has tried; target: what the call is about,
 * or NULL; why: for an administrator. NULL reports: does nothing. */
void reports_refused(struct reports *, const struct caller *, const char *method,
    const char *target, const char *why);

/* New: the report of a call that is passed to a program, without its outcome; it outlasts
 * the caller. */
json_t *reports_call(const struct caller *, const char *method, const char *target);
/* Sends it; report NULL: does nothing. */
void reports_answered(struct rpcd *, json_t *report_take, enum fault);
/* Sends it: the program may have made the change or not. */
void reports_unanswered(struct rpcd *, json_t *report_take);

#endif
