/* Refusals: reports to the master the calls of a listener that reeve-rpcd itself has
 * refused, for the audit log. A flood is reported by a count. */
#ifndef RPCD_REFUSALS_H
#define RPCD_REFUSALS_H

#include "rpcd/caller.h"

struct refusals;
struct rpcd;

#define REFUSALS_A_SECOND 10     /* reported one by one */
#define REFUSALS_TARGET_MAX 1200 /* bytes of a target; the audit log shows fewer */

struct refusals *refusals_new(struct rpcd *);
void refusals_free(struct refusals *); /* NULL is fine */
/* method: as the client has named it, or what it has tried; target: what the call is about,
 * or NULL; why: for an administrator. NULL refusals: does nothing. */
void refusals_report(struct refusals *, const struct caller *, const char *method,
    const char *target, const char *why);

#endif
