/* The metrics of calls. */
#include "common/mem.h"
#include "rpcd/metrics/metrics.h"
#include "rpcd/metrics/text.h"

#define OTHERS "other" /* label of the methods of other namespaces */

static const struct metric rows[] = {
	{"reeve_rpc_duration_seconds", METRIC_HISTOGRAM, METRIC_SECONDS_OF_US,
	    "calls by method and by the time to their result; the calls of a multicall "
	    "count one by one"},
	{"reeve_rpc_faults_total", METRIC_COUNTER, 0, "calls that ended with a fault"},
};

const struct metric *
metrics_rpc_nth(size_t n)
{
	return n < nitems(rows) ? &rows[n] : NULL;
}

static void
rpc_write_bucket(struct buf *out, const struct buf *labels, const char *bound, uint64_t n)
{
	struct buf all;

	buf_init(&all, 0);
	mem_must(buf_append(&all, buf_data(labels), buf_len(labels)));
	metric_label(&all, "le", bound);
	metric_part(out, &rows[0], "_bucket", buf_data(&all), buf_len(&all), (int64_t)n, 0);
	buf_clear(&all);
}

static uint64_t
rpc_calls(const struct timing *timing)
{
	uint64_t calls = 0;

	for (size_t i = 0; i <= TIMINGS_BOUNDS; i++)
		calls += timing->counts[i];
	return calls;
}

static void
rpc_write_timing(struct buf *out, const struct timing *timing, const struct buf *labels)
{
	char bound[METRIC_NUMBER_SIZE];
	uint64_t calls = 0;

	for (size_t i = 0; i < TIMINGS_BOUNDS; i++) {
		calls += timing->counts[i];
		(void)metric_number(bound, timings_bounds_us[i], METRIC_SECONDS_OF_US);
		rpc_write_bucket(out, labels, bound, calls);
	}
	calls += timing->counts[TIMINGS_BOUNDS];
	rpc_write_bucket(out, labels, "+Inf", calls);
	metric_part(out, &rows[0], "_sum", buf_data(labels), buf_len(labels),
	    (int64_t)timing->sum_us, METRIC_SECONDS_OF_US);
	metric_part(
	    out, &rows[0], "_count", buf_data(labels), buf_len(labels), (int64_t)calls, 0);
}

/* Methods that were never called are left out. */
static void
rpc_write_row(struct buf *out, const struct timings *timings, const struct metric *metric)
{
	struct buf labels;

	metric_begin(out, metric);
	for (size_t i = 0; i < TIMINGS_METHODS; i++) {
		const struct timing *timing = &timings->methods[i];

		if (rpc_calls(timing) == 0)
			continue;
		buf_init(&labels, 0);
		metric_label(
		    &labels, "method", i < API_METHODS ? api_nth(i)->name : OTHERS);
		if (metric->type == METRIC_HISTOGRAM)
			rpc_write_timing(out, timing, &labels);
		else
			metric_sample(out, metric, buf_data(&labels), buf_len(&labels),
			    (int64_t)timing->faults);
		buf_clear(&labels);
	}
}

void
metrics_write_timings(struct buf *out, const struct timings *timings)
{
	for (size_t i = 0; i < nitems(rows); i++)
		rpc_write_row(out, timings, &rows[i]);
}
