#include "rpcd/metrics/metrics.h"

#include "rpcd/metrics/text.h"

#include <stdbool.h>

/* Appends the samples of one metric. */
typedef void metrics_fn(struct buf *, const struct metric *, const struct metrics *);

/* A sample with one label. */
static void
metrics_sample_of(struct buf *out, const struct metric *metric, const char *label,
    const char *value, int64_t number)
{
	struct buf labels;

	buf_init(&labels, 0);
	metric_label(&labels, label, value);
	metric_sample(out, metric, buf_data(&labels), buf_len(&labels), number);
	buf_clear(&labels);
}

/* ---- the daemon ---- */

static void
metrics_up(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	metric_sample(out, metric, "", 0, m->figures != NULL);
}

static void
metrics_info(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	struct buf labels;

	buf_init(&labels, 0);
	metric_label(&labels, "version", REEVE_VERSION);
	metric_label(&labels, "identifier",
	    m->mirror->daemon.identifier != NULL ? m->mirror->daemon.identifier : "");
	metric_sample(out, metric, buf_data(&labels), buf_len(&labels), 1);
	buf_clear(&labels);
}

static void
metrics_state(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	metric_sample(out, metric, "", 0, m->mirror->daemon.state);
}

static void
metrics_start(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	metric_sample(out, metric, "", 0, m->mirror->daemon.start);
}

static void
metrics_uptime(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	int64_t start = m->mirror->daemon.start;

	metric_sample(out, metric, "", 0, m->now > start ? m->now - start : 0);
}

static void
metrics_states(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	for (const struct state_word *word = state_process_words; word->name != NULL;
	     word++) {
		int64_t count = 0;

		for (size_t i = 0; i < m->mirror->count; i++) {
			const struct process_info *info = m->mirror->rows[i];

			if ((int)info->state == word->code &&
			    grant_sees(m->grant, info->group, info->name))
				count++;
		}
		metrics_sample_of(out, metric, "state", word->name, count);
	}
}

static void
metrics_frontends(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	if (m->figures != NULL)
		metric_sample(out, metric, "", 0, m->figures->frontend_restarts);
}

/* ---- events ---- */

static void
metrics_of_pools(
    struct buf *out, const struct metric *metric, const struct metrics *m, bool dropped)
{
	for (size_t i = 0; m->figures != NULL && i < m->figures->count; i++) {
		const struct figures_pool *pool = &m->figures->pools[i];

		if (grant_sees_group(m->grant, pool->name))
			metrics_sample_of(out, metric, "pool", pool->name,
			    dropped ? pool->dropped : pool->waiting);
	}
}

static void
metrics_waiting(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	metrics_of_pools(out, metric, m, false);
}

static void
metrics_dropped(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	metrics_of_pools(out, metric, m, true);
}

/* ---- listeners ---- */

static void
metrics_connections(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	for (size_t i = 0; i < m->nlisteners; i++)
		metrics_sample_of(out, metric, "listener", m->listeners[i].section,
		    (int64_t)m->listeners[i].connections);
}

static void
metrics_stream(struct buf *out, const struct metric *metric,
    const struct metrics_listener *listener, const char *kind, size_t open)
{
	struct buf labels;

	buf_init(&labels, 0);
	metric_label(&labels, "listener", listener->section);
	metric_label(&labels, "kind", kind);
	metric_sample(out, metric, buf_data(&labels), buf_len(&labels), (int64_t)open);
	buf_clear(&labels);
}

static void
metrics_streams(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	for (size_t i = 0; i < m->nlisteners; i++) {
		const struct metrics_listener *one = &m->listeners[i];

		metrics_stream(out, metric, one, "events", one->event_streams);
		metrics_stream(out, metric, one, "log", one->log_streams);
	}
}

static void
metrics_refused_of(
    struct buf *out, const struct metric *metric, const struct metrics_listener *listener)
{
	char code[METRIC_NUMBER_SIZE];
	struct buf labels;

	for (size_t i = 0; i < listener->ncodes; i++) {
		(void)metric_number(code, listener->codes[i], 0);
		buf_init(&labels, 0);
		metric_label(&labels, "listener", listener->section);
		metric_label(&labels, "code", listener->codes[i] != 0 ? code : "other");
		metric_sample(out, metric, buf_data(&labels), buf_len(&labels),
		    (int64_t)listener->refused[i]);
		buf_clear(&labels);
	}
}

static void
metrics_refused(struct buf *out, const struct metric *metric, const struct metrics *m)
{
	for (size_t i = 0; i < m->nlisteners; i++)
		metrics_refused_of(out, metric, &m->listeners[i]);
}

/* ---- all ---- */

static const struct {
	struct metric metric;
	metrics_fn *write;
} rows[] = {
	{{"supervisord_up", METRIC_GAUGE, 0, "whether the daemon answers: 1 or 0"},
	    metrics_up},
	{{"reeve_info", METRIC_GAUGE, 0, "1, with the version and the identifier"},
	    metrics_info},
	{{"reeve_daemon_state", METRIC_GAUGE, 0,
	     "state of the daemon as a number: 1 RUNNING, 0 RESTARTING, -1 SHUTDOWN, "
	     "2 FATAL"},
	    metrics_state},
	{{"reeve_daemon_start_time_seconds", METRIC_GAUGE, 0,
	     "time of the daemon's start, since the epoch"},
	    metrics_start},
	{{"reeve_daemon_uptime_seconds", METRIC_GAUGE, 0,
	     "seconds since the daemon's start"},
	    metrics_uptime},
	{{"reeve_processes", METRIC_GAUGE, 0, "programs by state"}, metrics_states},
	{{"reeve_frontend_restarts_total", METRIC_COUNTER, 0,
	     "reeve-rpcd processes that took the place of another one"},
	    metrics_frontends},
	{{"reeve_event_queue_length", METRIC_GAUGE, 0,
	     "events that wait for a pool of event listeners"},
	    metrics_waiting},
	{{"reeve_events_dropped_total", METRIC_COUNTER, 0,
	     "events that a pool has lost because its queue was full"},
	    metrics_dropped},
	{{"reeve_http_connections", METRIC_GAUGE, 0, "open connections"},
	    metrics_connections},
	{{"reeve_http_streams", METRIC_GAUGE, 0,
	     "responses that follow the events of a page, or a log"},
	    metrics_streams},
	{{"reeve_http_refused_requests_total", METRIC_COUNTER, 0,
	     "requests that were answered with an error, by HTTP status"},
	    metrics_refused},
};

const struct metric *
metrics_nth(size_t n)
{
	return n < nitems(rows) ? &rows[n].metric : NULL;
}

void
metrics_write(struct buf *out, const struct metrics *m)
{
	for (size_t i = 0; i < nitems(rows); i++) {
		metric_begin(out, &rows[i].metric);
		rows[i].write(out, &rows[i].metric, m);
	}
	if (m->timings != NULL)
		metrics_write_timings(out, m->timings);
	metrics_write_programs(out, m);
}
