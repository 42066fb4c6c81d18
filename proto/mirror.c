#include "proto/mirror.h"

#include "common/map.h"
#include "common/queue.h"
#include "proto/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct mirror_row {
	struct process_info info; /* first: mirror->rows points here */
	uint64_t snapshot;        /* the last snapshot that had this row */
	TAILQ_ENTRY(mirror_row) link;
};

TAILQ_HEAD(mirror_rows, mirror_row);

struct mirror *
mirror_new(void)
{
	struct mirror *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	TAILQ_INIT(&m->observers);
	m->by_id = idmap_new();
	m->daemon = (struct daemon_info){ .state = DAEMON_RUNNING,
		.fatal_reason = strdup(""),
		.identifier = strdup(""),
		.logfile = strdup("") };
	if (m->by_id == NULL || m->daemon.fatal_reason == NULL ||
	    m->daemon.identifier == NULL || m->daemon.logfile == NULL) {
		mirror_free(m);
		return NULL;
	}
	return m;
}

static void
mirror_row_free(struct mirror_row *row)
{
	process_info_clear(&row->info);
	free(row);
}

void
mirror_free(struct mirror *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->count; i++)
		mirror_row_free((struct mirror_row *)(uintptr_t)m->rows[i]);
	free(m->rows);
	idmap_free(m->by_id);
	daemon_info_clear(&m->daemon);
	free(m);
}

void
mirror_observe(struct mirror *m, struct mirror_observer *observer)
{
	TAILQ_INSERT_TAIL(&m->observers, observer, link);
}

void
mirror_unobserve(struct mirror *m, struct mirror_observer *observer)
{
	TAILQ_REMOVE(&m->observers, observer, link);
}

/* strcmp sorts UTF-8 by code points. */
static int
mirror_compare(
    const struct process_info *a, const char *group, const char *name, uint64_t id)
{
	int order = strcmp(a->group, group);

	if (order == 0)
		order = strcmp(a->name, name);
	if (order != 0)
		return order;
	return (a->id > id) - (a->id < id);
}

/* The index of the first row that does not sort before the key. */
static size_t
mirror_bound(const struct mirror *m, const char *group, const char *name, uint64_t id)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mirror_compare(m->rows[middle], group, name, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes `rows` large enough for one more. */
static int
mirror_reserve(struct mirror *m)
{
	size_t capacity = m->capacity > 0 ? m->capacity * 2 : 64;
	const struct process_info **rows;

	if (m->count < m->capacity)
		return 0;
	rows = reallocarray(m->rows, capacity, sizeof(*rows));
	if (rows == NULL)
		return -1;
	m->rows = rows;
	m->capacity = capacity;
	return 0;
}

static void
mirror_insert(struct mirror *m, const struct process_info *info)
{
	size_t at = mirror_bound(m, info->group, info->name, info->id);

	memmove(m->rows + at + 1, m->rows + at, (m->count - at) * sizeof(*m->rows));
	m->rows[at] = info;
	m->count++;
}

static void
mirror_unlink(struct mirror *m, const struct process_info *info)
{
	size_t at = mirror_bound(m, info->group, info->name, info->id);

	m->count--;
	memmove(m->rows + at, m->rows + at + 1, (m->count - at) * sizeof(*m->rows));
}

/* An observer may apply further frames: the next one gets the row of that moment, and
 * callers use no row after this call. */
static void
mirror_report(struct mirror *m, uint64_t id)
{
	struct mirror_observer *observer, *next;

	m->version++;
	TAILQ_FOREACH_SAFE(observer, &m->observers, link, next)
		observer->row(observer->ctx, id, mirror_by_id(m, id));
}

static void
mirror_report_daemon(struct mirror *m)
{
	struct mirror_observer *observer, *next;

	TAILQ_FOREACH_SAFE(observer, &m->observers, link, next)
		if (observer->daemon != NULL)
			observer->daemon(observer->ctx);
}

/* Takes the texts of *info, also on failure. */
static struct mirror_row *
mirror_add(struct mirror *m, struct process_info *info)
{
	struct mirror_row *row = calloc(1, sizeof(*row));

	if (row == NULL || mirror_reserve(m) == -1 ||
	    idmap_set(m->by_id, info->id, row) == -1) {
		free(row);
		process_info_clear(info);
		return NULL;
	}
	row->info = *info;
	mirror_insert(m, &row->info);
	return row;
}

/* Takes the texts of *info. */
static void
mirror_replace(struct mirror *m, struct mirror_row *row, struct process_info *info)
{
	bool moves = strcmp(row->info.group, info->group) != 0 ||
	    strcmp(row->info.name, info->name) != 0;

	if (moves)
		mirror_unlink(m, &row->info);
	process_info_clear(&row->info);
	row->info = *info;
	if (moves)
		mirror_insert(m, &row->info);
}

/* The frame's number, which never decreases. Only the rows of a snapshot come in any order:
 * the frame that ends it has the number up to which all are there. */
static int
mirror_seq(const struct mirror *m, const json_t *params, uint64_t *seq)
{
	const json_t *member = json_object_get(params, "seq");

	errno = EINVAL;
	if (!json_is_integer(member) || json_integer_value(member) < 0)
		return -1;
	*seq = (uint64_t)json_integer_value(member);
	return !m->ready || *seq >= m->reached ? 0 : -1;
}

static void
mirror_advance(struct mirror *m, uint64_t seq)
{
	if (m->ready)
		m->reached = seq;
}

static int
mirror_on_begin(struct mirror *m, const json_t *params, uint64_t seq)
{
	(void)params;
	(void)seq;
	m->snapshot++;
	m->ready = false;
	return 1;
}

static int
mirror_on_daemon(struct mirror *m, const json_t *params, uint64_t seq)
{
	struct daemon_info info;

	if (daemon_info_read(json_object_get(params, "daemon"), &info) == -1)
		return -1;
	daemon_info_clear(&m->daemon);
	m->daemon = info;
	mirror_advance(m, seq);
	mirror_report_daemon(m);
	return 1;
}

/* Adds or replaces a row, which is returned; NULL with errno. */
static const struct mirror_row *
mirror_put(struct mirror *m, const json_t *json)
{
	struct process_info info;
	struct mirror_row *row;

	if (row_read(json, &info) == -1)
		return NULL;
	row = idmap_get(m->by_id, info.id);
	if (row != NULL)
		mirror_replace(m, row, &info);
	else
		row = mirror_add(m, &info);
	if (row != NULL)
		row->snapshot = m->snapshot;
	return row;
}

static int
mirror_on_process(struct mirror *m, const json_t *params, uint64_t seq)
{
	const struct mirror_row *row = mirror_put(m, json_object_get(params, "process"));

	if (row == NULL)
		return -1;
	mirror_advance(m, seq);
	mirror_report(m, row->info.id);
	return 1;
}

static int
mirror_on_rows(struct mirror *m, const json_t *params, uint64_t seq)
{
	const json_t *rows = json_object_get(params, "rows");
	const struct mirror_row *row;

	if (!json_is_array(rows))
		return -1;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		row = mirror_put(m, json_array_get(rows, i));
		if (row == NULL)
			return -1;
		mirror_report(m, row->info.id);
	}
	mirror_advance(m, seq);
	return 1;
}

static int
mirror_on_removed(struct mirror *m, const json_t *params, uint64_t seq)
{
	const json_t *member = json_object_get(params, "id");
	uint64_t id = (uint64_t)json_integer_value(member);
	struct mirror_row *row;

	if (!json_is_integer(member) || json_integer_value(member) <= 0)
		return -1;
	mirror_advance(m, seq);
	row = idmap_remove(m->by_id, id);
	if (row == NULL)
		return 1; /* added and removed between two frames to this subscriber */
	mirror_unlink(m, &row->info);
	mirror_row_free(row);
	mirror_report(m, id);
	return 1;
}

/* Moves the rows that the snapshot did not have to `removed`. */
static void
mirror_sweep(struct mirror *m, struct mirror_rows *removed)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct mirror_row *row = (struct mirror_row *)(uintptr_t)m->rows[i];

		if (row->snapshot == m->snapshot) {
			m->rows[kept++] = &row->info;
			continue;
		}
		(void)idmap_remove(m->by_id, row->info.id);
		TAILQ_INSERT_TAIL(removed, row, link);
	}
	m->count = kept;
}

/* Rows that this subscriber does not see have changed. */
static int
mirror_on_reached(struct mirror *m, const json_t *params, uint64_t seq)
{
	(void)params;
	mirror_advance(m, seq);
	return 1;
}

static int
mirror_on_end(struct mirror *m, const json_t *params, uint64_t seq)
{
	struct mirror_rows removed = TAILQ_HEAD_INITIALIZER(removed);
	struct mirror_row *row, *next;

	(void)params;
	errno = EINVAL;
	if (m->ready || seq < m->reached)
		return -1;
	m->ready = true;
	m->reached = seq;
	mirror_sweep(m, &removed);
	TAILQ_FOREACH_SAFE(row, &removed, link, next) {
		uint64_t id = row->info.id;

		mirror_row_free(row);
		mirror_report(m, id);
	}
	return 1;
}

static const struct mirror_method {
	const char *name;
	int (*apply)(struct mirror *, const json_t *params, uint64_t seq);
} mirror_methods[] = {
	{"stream.process", mirror_on_process},
	{"stream.rows", mirror_on_rows},
	{"stream.daemon", mirror_on_daemon},
	{"stream.removed", mirror_on_removed},
	{"stream.reached", mirror_on_reached},
	{"stream.begin", mirror_on_begin},
	{"stream.end", mirror_on_end},
};

int
mirror_apply(struct mirror *m, const char *method, const json_t *params)
{
	uint64_t seq;

	for (size_t i = 0; i < nitems(mirror_methods); i++) {
		const struct mirror_method *row = &mirror_methods[i];

		if (strcmp(row->name, method) != 0)
			continue;
		if (mirror_seq(m, params, &seq) == -1)
			return -1;
		if (m->snapshot == 0 && row->apply != mirror_on_begin)
			return -1; /* a stream begins with a snapshot */
		return row->apply(m, params, seq);
	}
	return 0;
}

const struct process_info *
mirror_by_id(const struct mirror *m, uint64_t id)
{
	const struct mirror_row *row = idmap_get(m->by_id, id);

	return row != NULL ? &row->info : NULL;
}

const struct process_info *
mirror_find(const struct mirror *m, const char *group, const char *name)
{
	/* Two rows have the same name only while one replaces the other. */
	size_t after = mirror_bound(m, group, name, UINT64_MAX);
	const struct process_info *info = after > 0 ? m->rows[after - 1] : NULL;

	if (info == NULL || mirror_compare(info, group, name, info->id) != 0)
		return NULL;
	return info;
}
