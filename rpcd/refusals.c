#include "rpcd/refusals.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/rpcd.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_MS 1000

struct refusals {
	struct rpcd *rpcd;
	struct source *timer; /* the end of a second with refusals that were counted */
	int64_t window_ms;    /* the beginning of the second */
	unsigned reported;    /* in this second */
	json_int_t counted;   /* further ones */
	json_t *first;        /* the report of the first of these; NULL = none */
};

static void
refusals_answered(void *ctx UNUSED, enum fault fault UNUSED, const char *message UNUSED,
    json_t *result UNUSED, int fd)
{
	fd_close(fd);
}

static void
refusals_send(struct refusals *r, json_t *report_take)
{
	if (r->rpcd->master == NULL || r->rpcd->ending)
		json_decref(report_take);
	else
		(void)peer_call(r->rpcd->master, cmd_table[CMD_AUDIT_REFUSED].name,
		    report_take, false, refusals_answered, NULL);
}

/* Begins another second. */
static void
refusals_begin(struct refusals *r, int64_t now)
{
	if (r->first != NULL) {
		json_object_set_new(r->first, "count", json_integer(r->counted));
		refusals_send(r, r->first);
	}
	r->first = NULL;
	r->counted = 0;
	r->reported = 0;
	r->window_ms = now;
}

static void
refusals_due(void *ctx, uint32_t ready UNUSED)
{
	refusals_begin(ctx, clock_mono_ms());
}

struct refusals *
refusals_new(struct rpcd *rpcd)
{
	struct refusals *r = xcalloc(1, sizeof(*r));

	r->rpcd = rpcd;
	r->timer = loop_timer(rpcd->loop, refusals_due, r);
	mem_must(r->timer != NULL ? 0 : -1);
	return r;
}

void
refusals_free(struct refusals *r)
{
	if (r == NULL)
		return;
	source_free(r->timer);
	json_decref(r->first);
	free(r);
}

/* New: a report of one refusal. */
static json_t *
refusals_describe(
    const struct caller *caller, const char *method, const char *target, const char *why)
{
	json_t *report = json_pack("{s:o, s:s, s:s}", "by", caller_by(caller, method),
	    "method", method, "why", why);

	mem_must(report != NULL ? 0 : -1);
	if (target != NULL)
		json_object_set_new(report, "target",
		    json_stringn(target,
			str_utf8_cut(target, strnlen(target, REFUSALS_TARGET_MAX))));
	return report;
}

void
refusals_report(struct refusals *r, const struct caller *caller, const char *method,
    const char *target, const char *why)
{
	int64_t now = clock_mono_ms();

	if (r == NULL)
		return;
	if (now - r->window_ms >= SECOND_MS)
		refusals_begin(r, now);
	if (r->reported == REFUSALS_A_SECOND && r->counted++ > 0)
		return;
	if (r->reported < REFUSALS_A_SECOND) {
		r->reported++;
		refusals_send(r, refusals_describe(caller, method, target, why));
		return;
	}
	/* The others may have other targets. */
	r->first = refusals_describe(caller, method, NULL, why);
	source_arm(r->timer, r->window_ms + SECOND_MS);
}
