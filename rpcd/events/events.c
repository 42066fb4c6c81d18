#include "rpcd/events/events.h"

#include "common/clock.h"
#include "common/mem.h"
#include "rpcd/stats.h"

#include <malloc.h>
#include <stdlib.h>

static void
events_tell(struct events *events)
{
	struct events_member *member;

	TAILQ_FOREACH(member, &events->members, link)
		member->tick(member->ctx);
}

/* ---- figures ---- */

static int
events_compare(const void *a, const void *b)
{
	const struct event_stats *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The figures differ from those of the sample before. */
static bool
events_differ(const struct event_stats *a, const struct event_stats *b)
{
	return a->cpu_share != b->cpu_share || a->rss != b->rss || a->fds != b->fds;
}

/* New: the figures of all processes that have some, by id. */
static struct event_stats *
events_collect(const struct events *events, size_t *count)
{
	const struct mirror *mirror = events->rpcd->mirror;
	struct event_stats *all = xcalloc(mirror->count + 1, sizeof(*all));
	const struct process_stats *stats;

	*count = 0;
	for (size_t i = 0; i < mirror->count; i++) {
		stats = stats_find(events->rpcd->stats, mirror->rows[i]->id);
		if (stats != NULL)
			all[(*count)++] = (struct event_stats){ .id = mirror->rows[i]->id,
				.cpu_share = stats->cpu_share,
				.rss = stats->rss,
				.fds = stats->fds };
	}
	qsort(all, *count, sizeof(*all), events_compare);
	return all;
}

static void
events_on_stats(void *ctx, const char *failure)
{
	struct events *events = ctx;
	struct event_stats *all, *before;
	size_t n;

	events->asking = false;
	if (failure != NULL)
		return;
	all = events_collect(events, &n);
	events->sample++;
	for (size_t i = 0; i < n; i++) {
		before = events->nstats == 0 ?
		    NULL :
		    bsearch(&all[i], events->stats, events->nstats, sizeof(*all),
			events_compare);
		all[i].changed = before != NULL && !events_differ(before, &all[i]) ?
		    before->changed :
		    events->sample;
	}
	free(events->stats);
	events->stats = all;
	events->nstats = n;
	events_tell(events);
}

static void
events_on_timer(void *ctx, uint32_t ready UNUSED)
{
	struct events *events = ctx;

	/* The streams have left: return their memory to the system. */
	if (TAILQ_EMPTY(&events->members))
		(void)malloc_trim(0);
	if (TAILQ_EMPTY(&events->members) || events->ended)
		return;
	source_arm(events->timer, clock_mono_ms() + EVENTS_STATS_MS);
	if (++events->ticks % EVENTS_COMMENT_SAMPLES == 0)
		events_tell(events);
	if (events->asking)
		return;
	events->asking = true;
	stats_ask(events->rpcd->stats, events_on_stats, events);
}

/* ---- the interface ---- */

struct events *
events_new(struct rpcd *rpcd)
{
	struct events *events = xcalloc(1, sizeof(*events));

	events->rpcd = rpcd;
	TAILQ_INIT(&events->members);
	events->timer = loop_timer(rpcd->loop, events_on_timer, events);
	if (events->timer == NULL) {
		free(events);
		return NULL;
	}
	events->changes = changes_new(rpcd->mirror);
	return events;
}

void
events_free(struct events *events)
{
	if (events == NULL)
		return;
	stats_forget(events->rpcd->stats, events);
	changes_free(events->changes);
	source_free(events->timer);
	free(events->stats);
	free(events);
}

void
events_end(struct events *events)
{
	events->ended = true;
	events_tell(events);
}

void
events_join(struct events *events, struct events_member *member)
{
	if (TAILQ_EMPTY(&events->members))
		source_arm(events->timer, 0);
	TAILQ_INSERT_TAIL(&events->members, member, link);
}

void
events_leave(struct events *events, struct events_member *member)
{
	TAILQ_REMOVE(&events->members, member, link);
	if (!TAILQ_EMPTY(&events->members))
		return;
	source_arm(events->timer, clock_mono_ms() + EVENTS_STATS_MS);
	stats_forget(events->rpcd->stats, events);
	events->asking = false;
	free(events->stats);
	events->stats = NULL;
	events->nstats = 0;
}
