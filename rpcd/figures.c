#include "rpcd/figures.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/queue.h"

#include <stdlib.h>

#define TOO_LATE "the master does not answer"

struct figures_asker {
	STAILQ_ENTRY(figures_asker) in_list;
	int64_t until;  /* clock_mono_ms() when it does not wait any longer */
	uint64_t fetch; /* number of the fetch that it waits for */
	figures_fn *fn;
	void *ctx;
};

struct figures {
	struct rpcd *rpcd;
	struct source *timer; /* for the first one that waits */
	STAILQ_HEAD(figures_askers, figures_asker) askers; /* in order of arrival */
	struct figures_list list, next;
	int64_t fetched_ms; /* -1 = never */
	bool known;         /* the last request was answered in time */
	bool fetching;
	uint64_t fetch; /* number of the current or next fetch */
};

static void
figures_clear(struct figures_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->pools[i].name);
	free(list->pools);
	*list = (struct figures_list){ 0 };
}

/* Calls the first one that waits, which is not in the list any more. */
static void
figures_call_first(struct figures *figures, const char *failure)
{
	struct figures_asker *asker = STAILQ_FIRST(&figures->askers);
	figures_fn *fn = asker->fn;
	void *ctx = asker->ctx;

	STAILQ_REMOVE_HEAD(&figures->askers, in_list);
	free(asker);
	fn(ctx, failure);
}

static void
figures_on_timer(void *ctx, uint32_t ready UNUSED)
{
	struct figures *figures = ctx;
	const struct figures_asker *asker;
	int64_t now = clock_mono_ms();

	while ((asker = STAILQ_FIRST(&figures->askers)) != NULL && asker->until <= now) {
		figures->known = false;
		figures_call_first(figures, TOO_LATE);
	}
	if (asker != NULL)
		source_arm(figures->timer, asker->until);
}

struct figures *
figures_new(struct rpcd *rpcd)
{
	struct figures *figures = xcalloc(1, sizeof(*figures));

	figures->rpcd = rpcd;
	figures->fetched_ms = -1;
	STAILQ_INIT(&figures->askers);
	figures->timer = loop_timer(rpcd->loop, figures_on_timer, figures);
	if (figures->timer != NULL)
		return figures;
	free(figures);
	return NULL;
}

void
figures_free(struct figures *figures)
{
	struct figures_asker *asker;

	if (figures == NULL)
		return;
	while ((asker = STAILQ_FIRST(&figures->askers)) != NULL) {
		STAILQ_REMOVE_HEAD(&figures->askers, in_list);
		free(asker);
	}
	figures_clear(&figures->list);
	figures_clear(&figures->next);
	source_free(figures->timer);
	free(figures);
}

/* ---- fetching ---- */

/* Ends the fetch and calls all that wait for it; they may ask again. */
static void
figures_end(struct figures *figures, const char *failure)
{
	uint64_t ended = figures->fetch++;
	const struct figures_asker *asker;

	figures->fetching = false;
	figures->known = failure == NULL;
	while ((asker = STAILQ_FIRST(&figures->askers)) != NULL && asker->fetch <= ended)
		figures_call_first(figures, failure);
	if (STAILQ_EMPTY(&figures->askers))
		source_arm(figures->timer, -1);
}

static void
figures_take(struct figures *figures)
{
	figures_clear(&figures->list);
	figures->list = figures->next;
	figures->next = (struct figures_list){ 0 };
	figures->fetched_ms = clock_mono_ms();
	figures_end(figures, NULL);
}

/* 0, or -1: the pool is malformed. */
static int
figures_add(struct figures_list *list, const json_t *json)
{
	json_int_t waiting, dropped;
	const char *name;

	if (json_unpack((json_t *)(uintptr_t)json, "{ss, sI, sI}", "name", &name, "waiting",
		&waiting, "dropped", &dropped) == -1)
		return -1;
	list->pools =
	    xreallocarray(list->pools, list->count + 1, sizeof(struct figures_pool));
	list->pools[list->count++] = (struct figures_pool){
		.name = xstrdup(name), .waiting = waiting, .dropped = dropped
	};
	return 0;
}

static peer_answer_fn figures_on_page;

/* NULL, or why no page could be requested. */
static const char *
figures_request_page(struct figures *figures)
{
	struct rpcd *rpcd = figures->rpcd;

	if (rpcd->master == NULL || rpcd->ending)
		return "reeve-rpcd is shutting down";
	if (peer_call(rpcd->master, cmd_table[CMD_DAEMON_FIGURES].name,
		json_pack("{sI}", "from", (json_int_t)figures->next.count), false,
		figures_on_page, figures) == 0)
		return "the master cannot be asked";
	figures->fetching = true;
	return NULL;
}

/* NULL, or why the page is wrong. */
static const char *
figures_read_page(struct figures_list *list, const json_t *page)
{
	const json_t *pools = json_object_get(page, "pools"), *pool;
	const json_t *restarts = json_object_get(page, "frontend_restarts");
	size_t i;

	if (!json_is_array(pools) || !json_is_integer(restarts))
		return "the master sent malformed figures";
	list->frontend_restarts = json_integer_value(restarts);
	json_array_foreach(pools, i, pool)
		if (figures_add(list, pool) == -1)
			return "the master sent a malformed pool";
	return NULL;
}

static void
figures_on_page(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct figures *figures = ctx;
	const char *failure =
	    fault != FAULT_NONE ? message : figures_read_page(&figures->next, result);

	fd_close(fd);
	if (failure == NULL && json_array_size(json_object_get(result, "pools")) > 0 &&
	    json_is_true(json_object_get(result, "more"))) {
		failure = figures_request_page(figures);
		if (failure == NULL)
			return;
	}
	if (failure == NULL) {
		figures_take(figures);
		return;
	}
	figures_clear(&figures->next);
	figures_end(figures, failure);
}

/* ---- the interface ---- */

void
figures_ask(struct figures *figures, figures_fn *fn, void *ctx)
{
	int64_t now = clock_mono_ms();
	bool fresh =
	    figures->fetched_ms != -1 && now - figures->fetched_ms < FIGURES_FRESH_MS;
	const char *failure = NULL;
	struct figures_asker *asker;

	if (!figures->fetching && !fresh)
		failure = figures_request_page(figures);
	if (!figures->fetching) {
		fn(ctx, failure);
		return;
	}
	asker = xcalloc(1, sizeof(*asker));
	asker->until = now + FIGURES_WAIT_MS;
	asker->fetch = figures->fetch;
	asker->fn = fn;
	asker->ctx = ctx;
	if (STAILQ_EMPTY(&figures->askers))
		source_arm(figures->timer, asker->until);
	STAILQ_INSERT_TAIL(&figures->askers, asker, in_list);
}

void
figures_forget(struct figures *figures, const void *ctx)
{
	struct figures_asker *asker, *next;

	STAILQ_FOREACH_SAFE(asker, &figures->askers, in_list, next) {
		if (asker->ctx != ctx)
			continue;
		STAILQ_REMOVE(&figures->askers, asker, figures_asker, in_list);
		free(asker);
	}
}

const struct figures_list *
figures_get(const struct figures *figures)
{
	return figures->known ? &figures->list : NULL;
}
