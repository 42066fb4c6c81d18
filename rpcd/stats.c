#include "rpcd/stats.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/queue.h"

#include <stdlib.h>

struct stats_asker {
	STAILQ_ENTRY(stats_asker) in_list;
	uint64_t fetch; /* number of the fetch that it waits for */
	stats_fn *fn;
	void *ctx;
};

STAILQ_HEAD(stats_asker_list, stats_asker);

/* Rows by id, in ascending order as the master sends them. */
struct stats_rows {
	struct process_stats *list;
	size_t count, capacity;
};

struct stats {
	struct rpcd *rpcd;
	struct source *timer;           /* frees the rows */
	struct stats_asker_list askers; /* that wait, in order of arrival */
	struct stats_rows rows, next;
	int64_t fetched_ms; /* when the rows were complete; -1 = there are none */
	bool fetching;
	uint64_t fetch; /* number of the current or next fetch */
};

static void
stats_rows_clear(struct stats_rows *rows)
{
	free(rows->list);
	*rows = (struct stats_rows){ 0 };
}

static void
stats_expire(void *ctx, uint32_t ready UNUSED)
{
	struct stats *stats = ctx;

	stats_rows_clear(&stats->rows);
	stats->fetched_ms = -1;
}

struct stats *
stats_new(struct rpcd *rpcd)
{
	struct stats *stats = xcalloc(1, sizeof(*stats));

	stats->rpcd = rpcd;
	stats->fetched_ms = -1;
	STAILQ_INIT(&stats->askers);
	stats->timer = loop_timer(rpcd->loop, stats_expire, stats);
	if (stats->timer != NULL)
		return stats;
	free(stats);
	return NULL;
}

void
stats_free(struct stats *stats)
{
	struct stats_asker *asker;

	if (stats == NULL)
		return;
	while ((asker = STAILQ_FIRST(&stats->askers)) != NULL) {
		STAILQ_REMOVE_HEAD(&stats->askers, in_list);
		free(asker);
	}
	stats_rows_clear(&stats->rows);
	stats_rows_clear(&stats->next);
	source_free(stats->timer);
	free(stats);
}

/* ---- fetching ---- */

/* Ends the fetch and calls all that wait for it. A caller may remove others, or ask again
 * and wait for the next fetch. */
static void
stats_end(struct stats *stats, const char *failure)
{
	uint64_t ended = stats->fetch++;
	struct stats_asker *asker;

	stats->fetching = false;
	stats_rows_clear(&stats->next);
	while ((asker = STAILQ_FIRST(&stats->askers)) != NULL && asker->fetch <= ended) {
		stats_fn *fn = asker->fn;
		void *ctx = asker->ctx;

		STAILQ_REMOVE_HEAD(&stats->askers, in_list);
		free(asker);
		fn(ctx, failure);
	}
}

static void
stats_take(struct stats *stats)
{
	stats_rows_clear(&stats->rows);
	stats->rows = stats->next;
	stats->next = (struct stats_rows){ 0 };
	stats->fetched_ms = clock_mono_ms();
	source_arm(stats->timer, stats->fetched_ms + STATS_KEPT_MS);
	stats_end(stats, NULL);
}

/* 0, or -1: the row is malformed, or not after the one before. */
static int
stats_add(struct stats_rows *rows, const json_t *json)
{
	struct process_stats row;

	if (process_stats_read(json, &row) == -1 ||
	    (rows->count > 0 && row.id <= rows->list[rows->count - 1].id))
		return -1;
	if (rows->count == rows->capacity) {
		rows->capacity = rows->capacity == 0 ? 64 : rows->capacity * 2;
		rows->list = xreallocarray(rows->list, rows->capacity, sizeof(*rows->list));
	}
	rows->list[rows->count++] = row;
	return 0;
}

static peer_answer_fn stats_on_page;

/* NULL, or why no page could be requested. */
static const char *
stats_request_page(struct stats *stats)
{
	const struct stats_rows *rows = &stats->next;
	struct rpcd *rpcd = stats->rpcd;
	int64_t after = rows->count > 0 ? rows->list[rows->count - 1].id : 0;

	if (rpcd->master == NULL || rpcd->ending)
		return "FAILED: reeve-rpcd is shutting down";
	if (peer_call(rpcd->master, cmd_table[CMD_ALL_STATS].name,
		json_pack("{sI}", "after", (json_int_t)after), false, stats_on_page,
		stats) == 0)
		return "FAILED: the master cannot be asked";
	stats->fetching = true;
	return NULL;
}

static void
stats_on_page(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct stats *stats = ctx;
	const json_t *rows = json_object_get(result, "rows"), *row;
	const char *failure = fault != FAULT_NONE ? message : NULL;
	size_t i;

	fd_close(fd);
	json_array_foreach(rows, i, row)
		if (failure == NULL && stats_add(&stats->next, row) == -1)
			failure = "FAILED: the master sent a malformed row";
	if (failure == NULL && json_array_size(rows) > 0 &&
	    json_is_true(json_object_get(result, "more"))) {
		failure = stats_request_page(stats);
		if (failure == NULL)
			return;
	}
	if (failure == NULL)
		stats_take(stats);
	else
		stats_end(stats, failure);
}

/* ---- the interface ---- */

void
stats_ask(struct stats *stats, stats_fn *fn, void *ctx)
{
	bool fresh =
	    stats->fetched_ms != -1 && clock_mono_ms() - stats->fetched_ms < STATS_FRESH_MS;
	const char *failure = NULL;
	struct stats_asker *asker;

	if (!stats->fetching && !fresh)
		failure = stats_request_page(stats);
	if (!stats->fetching) {
		fn(ctx, failure);
		return;
	}
	asker = xcalloc(1, sizeof(*asker));
	asker->fetch = stats->fetch;
	asker->fn = fn;
	asker->ctx = ctx;
	STAILQ_INSERT_TAIL(&stats->askers, asker, in_list);
}

void
stats_forget(struct stats *stats, const void *ctx)
{
	struct stats_asker *asker, *next;

	for (asker = STAILQ_FIRST(&stats->askers); asker != NULL; asker = next) {
		next = STAILQ_NEXT(asker, in_list);
		if (asker->ctx != ctx)
			continue;
		STAILQ_REMOVE(&stats->askers, asker, stats_asker, in_list);
		free(asker);
	}
}

static int
stats_compare(const void *a, const void *b)
{
	const struct process_stats *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

const struct process_stats *
stats_find(const struct stats *stats, uint64_t id)
{
	const struct process_stats key = { .id = (int64_t)id };

	if (stats->rows.count == 0)
		return NULL;
	return bsearch(
	    &key, stats->rows.list, stats->rows.count, sizeof(key), stats_compare);
}
