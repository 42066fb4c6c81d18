#include "rpcd/reports.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/rpcd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS 1000

struct reports {
	struct rpcd *rpcd;
	struct source *timer; /* the end of a second with refusals that were counted */
	int64_t window_ms;    /* the beginning of the second */
	unsigned reported;    /* in this second */
	json_int_t counted;   /* further ones */
	json_t *first;        /* the report of the first of these; NULL = none */
};

static void
reports_taken(void *ctx UNUSED, enum fault fault UNUSED, const char *message UNUSED,
    json_t *result UNUSED, int fd)
{
	fd_close(fd);
}

static void
reports_send(struct rpcd *rpcd, json_t *report_take)
{
	if (rpcd->master == NULL || rpcd->ending)
		json_decref(report_take);
	else
		(void)peer_call(rpcd->master, cmd_table[CMD_AUDIT_REPORT].name, report_take,
		    false, reports_taken, NULL);
}

json_t *
reports_call(const struct caller *caller, const char *method, const char *target)
{
	json_t *report =
	    json_pack("{s:o, s:s}", "by", caller_by(caller, method), "method", method);

	mem_must(report != NULL ? 0 : -1);
	if (target != NULL)
		json_object_set_new(report, "target",
		    json_stringn(
			target, str_utf8_cut(target, strnlen(target, REPORTS_TARGET_MAX))));
	return report;
}

/* ---- refusals ---- */

/* Begins another second. */
static void
reports_begin(struct reports *r, int64_t now)
{
	if (r->first != NULL) {
		json_object_set_new(r->first, "count", json_integer(r->counted));
		reports_send(r->rpcd, r->first);
	}
	r->first = NULL;
	r->counted = 0;
	r->reported = 0;
	r->window_ms = now;
}

static void
reports_due(void *ctx, uint32_t ready UNUSED)
{
	reports_begin(ctx, clock_mono_ms());
}

struct reports *
reports_new(struct rpcd *rpcd)
{
	struct reports *r = xcalloc(1, sizeof(*r));

	r->rpcd = rpcd;
	r->timer = loop_timer(rpcd->loop, reports_due, r);
	mem_must(r->timer != NULL ? 0 : -1);
	return r;
}

void
reports_free(struct reports *r)
{
	if (r == NULL)
		return;
	source_free(r->timer);
	json_decref(r->first);
	free(r);
}

void
reports_refused(struct reports *r, const struct caller *caller, const char *method,
    const char *target, const char *why)
{
	int64_t now = clock_mono_ms();
	json_t *report;

	if (r == NULL)
		return;
	if (now - r->window_ms >= SECOND_MS)
		reports_begin(r, now);
	if (r->reported == REPORTS_REFUSALS && r->counted++ > 0)
		return;
	/* The one with the count has no target: the others may have other ones. */
	report =
	    reports_call(caller, method, r->reported < REPORTS_REFUSALS ? target : NULL);
	json_object_set_new(report, "result", json_string(fault_name(FAULT_NOT_PERMITTED)));
	json_object_set_new(report, "why", json_string(why));
	if (r->reported < REPORTS_REFUSALS) {
		r->reported++;
		reports_send(r->rpcd, report);
		return;
	}
	r->first = report;
	source_arm(r->timer, r->window_ms + SECOND_MS);
}

/* ---- calls of programs ---- */

static void
reports_end(struct rpcd *rpcd, json_t *report_take, const char *result)
{
	if (report_take == NULL)
		return;
	json_object_set_new(report_take, "result", json_string(result));
	reports_send(rpcd, report_take);
}

void
reports_answered(struct rpcd *rpcd, json_t *report_take, enum fault fault)
{
	const char *result = fault == FAULT_NONE ? "ok" : fault_name(fault);
	char number[32];

	if (str_equal(result, "UNKNOWN")) { /* a code of the program's own */
		(void)snprintf(number, sizeof(number), "fault %d", (int)fault);
		result = number;
	}
	reports_end(rpcd, report_take, result);
}

void
reports_unanswered(struct rpcd *rpcd, json_t *report_take)
{
	reports_end(rpcd, report_take, "unknown");
}
