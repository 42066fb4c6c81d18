/* The metrics of programs. */
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/metrics/metrics.h"
#include "rpcd/metrics/text.h"

#include <stdlib.h>

struct program {
	const struct process_info *info;
	const struct process_stats *stats; /* NULL = not known */
	size_t at, len;                    /* of its labels */
};

struct programs {
	struct program *list;
	size_t count;
	struct buf labels; /* of all, one after another */
	struct buf more;   /* labels of one sample; empty between them */
	int64_t now;
};

/* Stores the value; false: there is none. */
typedef bool program_value_fn(const struct programs *, const struct program *, int64_t *);

/* ---- values ---- */

#define VALUE(function, expression) \
	static bool function(const struct programs *all UNUSED, const struct program *p, \
	    int64_t *value) \
	{ \
		*value = (int64_t)(expression); \
		return true; \
	}

/* Of struct process_stats. */
#define STATS_VALUE(function, member) \
	static bool function(const struct programs *all UNUSED, const struct program *p, \
	    int64_t *value) \
	{ \
		*value = p->stats != NULL ? p->stats->member : STATS_UNKNOWN; \
		return *value != STATS_UNKNOWN; \
	}

VALUE(program_state, p->info->state)
VALUE(program_is_ready, p->info->ready)
VALUE(program_restarts, p->info->restarts)
VALUE(program_is_running, p->info->state == PROCESS_RUNNING)
VALUE(program_exit_status, p->info->exitstatus)
VALUE(program_has_process, process_state_is_signallable(p->info->state))
STATS_VALUE(program_cpu, cpu_ms)
STATS_VALUE(program_rss, rss)
STATS_VALUE(program_fds, fds)
STATS_VALUE(program_processes, processes)
STATS_VALUE(program_stdout, stdout_bytes)
STATS_VALUE(program_stderr, stderr_bytes)

static bool
program_last_status(
    const struct programs *all UNUSED, const struct program *p, int64_t *value)
{
	*value = p->info->last_status;
	return p->info->stop != 0 && p->info->last_signal == 0;
}

static bool
program_last_signal(
    const struct programs *all UNUSED, const struct program *p, int64_t *value)
{
	*value = p->info->last_signal;
	return p->info->stop != 0 && p->info->last_signal >= 0;
}

static bool
program_start(const struct programs *all UNUSED, const struct program *p, int64_t *value)
{
	*value = p->info->start;
	return process_state_is_signallable(p->info->state);
}

static bool
program_uptime(const struct programs *all, const struct program *p, int64_t *value)
{
	*value = all->now > p->info->start ? all->now - p->info->start : 0;
	return p->info->state == PROCESS_RUNNING;
}

/* ---- the metrics ---- */

/* A metric of several rows, which are neighbours, has a further label in each. */
struct program_metric {
	struct metric metric;
	program_value_fn *value;
	const char *more; /* further label, or NULL */
	bool names_state; /* has the labels of supervisor_process_info */
};

#define ROW(...) { __VA_ARGS__ }
#define GAUGE(name, help, function, ...) \
	ROW(.metric = { name, METRIC_GAUGE, 0, help }, .value = function, __VA_ARGS__)
#define COUNTER(name, decimals, help, function, ...) \
	ROW(.metric = { name, METRIC_COUNTER, decimals, help }, .value = function, \
	    __VA_ARGS__)

#define LOG_BYTES "reeve_process_log_bytes_total"
#define LOG_BYTES_HELP "bytes written to the log since the group was added"

static const struct program_metric rows[] = {
	GAUGE("reeve_process_state",
	    "state as a number: 0 STOPPED, 10 STARTING, 20 RUNNING, 30 BACKOFF, "
	    "40 STOPPING, 100 EXITED, 200 FATAL, 1000 UNKNOWN", program_state),
	GAUGE("reeve_process_ready", "whether the program is ready to serve: 1 or 0",
	    program_is_ready),
	COUNTER("reeve_process_restarts_total", 0,
	    "automatic starts after the first start", program_restarts),
	GAUGE("reeve_process_last_exit_status",
	    "status of the last exit; absent before it and after a signal",
	    program_last_status),
	GAUGE("reeve_process_last_exit_signal",
	    "signal of the last exit, or 0; absent before it", program_last_signal),
	GAUGE("reeve_process_start_time_seconds",
	    "time of the start, since the epoch; absent while it does not run",
	    program_start),
	COUNTER("reeve_process_cpu_seconds_total", METRIC_SECONDS_OF_MS,
	    "CPU time of the processes that run", program_cpu),
	GAUGE("reeve_process_resident_memory_bytes", "resident memory", program_rss),
	GAUGE("reeve_process_open_fds", "open descriptors; absent if not known",
	    program_fds),
	GAUGE("reeve_process_processes", "processes of the program", program_processes),
	COUNTER(LOG_BYTES, 0, LOG_BYTES_HELP, program_stdout, .more = ",stream=\"stdout\""),
	COUNTER(LOG_BYTES, 0, LOG_BYTES_HELP, program_stderr, .more = ",stream=\"stderr\""),
	GAUGE("supervisor_process_info", "whether it is RUNNING: 1 or 0, with the state",
	    program_is_running, .names_state = true),
	GAUGE("supervisor_process_uptime", "seconds since the start of a RUNNING program",
	    program_uptime),
	GAUGE("node_supervisord_up", "whether it has a process: 1 or 0",
	    program_has_process),
	GAUGE("node_supervisord_state", "state as a number", program_state),
	GAUGE("node_supervisord_exit_status", "the member exitstatus of getProcessInfo",
	    program_exit_status),
	GAUGE("node_supervisord_start_time_seconds",
	    "time of the start, since the epoch; absent while it does not run",
	    program_start),
};

const struct metric *
metrics_program_nth(size_t n)
{
	return n < nitems(rows) ? &rows[n].metric : NULL;
}

/* ---- writing ---- */

/* While a group is replaced there can be two rows with the same name; two samples with the
 * same labels would make the whole answer invalid. The newer one is the last. */
static bool
programs_has_newer(const struct mirror *mirror, size_t i)
{
	const struct process_info *info = mirror->rows[i];
	const struct process_info *next =
	    i + 1 < mirror->count ? mirror->rows[i + 1] : NULL;

	return next != NULL && str_equal(next->group, info->group) &&
	    str_equal(next->name, info->name);
}

/* The visible programs with their labels. */
static void
programs_init(struct programs *all, const struct metrics *m)
{
	const struct mirror *mirror = m->mirror;
	struct program *p;

	*all = (struct programs){ .now = m->now };
	all->list = xcalloc(mirror->count + 1, sizeof(*all->list));
	buf_init(&all->labels, 0);
	buf_init(&all->more, 0);
	for (size_t i = 0; i < mirror->count; i++) {
		const struct process_info *info = mirror->rows[i];

		if (programs_has_newer(mirror, i) ||
		    !grant_sees(m->grant, info->group, info->name))
			continue;
		p = &all->list[all->count++];
		p->info = info;
		p->stats = m->stats != NULL ? stats_find(m->stats, info->id) : NULL;
		p->at = buf_len(&all->labels);
		metric_label(&all->more, "name", info->name);
		metric_label(&all->more, "group", info->group);
		p->len = buf_len(&all->more);
		mem_must(buf_append(&all->labels, buf_data(&all->more), p->len));
		buf_consume(&all->more, p->len);
	}
}

static void
programs_clear(struct programs *all)
{
	buf_clear(&all->more);
	buf_clear(&all->labels);
	free(all->list);
}

/* A sample with more labels than those that all metrics have. */
static void
programs_write_labelled(struct buf *out, const struct program_metric *row,
    struct programs *all, const struct program *p, int64_t value)
{
	char number[METRIC_NUMBER_SIZE];
	struct buf *labels = &all->more;

	mem_must(buf_append(labels, buf_data(&all->labels) + p->at, p->len));
	if (row->more != NULL)
		mem_must(buf_puts(labels, row->more));
	if (row->names_state) {
		(void)metric_number(number, p->info->exitstatus, 0);
		metric_label(labels, "state", process_state_name(p->info->state));
		metric_label(labels, "exit_status", number);
	}
	metric_sample(out, &row->metric, buf_data(labels), buf_len(labels), value);
	buf_consume(labels, buf_len(labels));
}

static void
programs_write_metric(
    struct buf *out, const struct program_metric *row, struct programs *all)
{
	const char *labels = buf_data(&all->labels);
	int64_t value;

	for (size_t i = 0; i < all->count; i++) {
		const struct program *p = &all->list[i];

		if (!row->value(all, p, &value))
			continue;
		if (row->more != NULL || row->names_state)
			programs_write_labelled(out, row, all, p, value);
		else
			metric_sample(out, &row->metric, labels + p->at, p->len, value);
	}
}

void
metrics_write_programs(struct buf *out, const struct metrics *m)
{
	struct programs all;

	programs_init(&all, m);
	for (size_t i = 0; i < nitems(rows); i++) {
		if (i == 0 || !str_equal(rows[i].metric.name, rows[i - 1].metric.name))
			metric_begin(out, &rows[i].metric);
		programs_write_metric(out, &rows[i], &all);
	}
	programs_clear(&all);
}
