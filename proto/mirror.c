#include "proto/mirror.h"

#include "common/map.h"
#include "common/queue.h"
#include "proto/row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct mirror_row {
	struct process_info info; /* first: the sorted array points here */
	uint64_t snapshot;        /* the snapshot that named it last */
	TAILQ_ENTRY(mirror_row) gone;
};

TAILQ_HEAD(mirror_rows, mirror_row);

struct mirror {
	struct idmap *by_id;          /* of struct mirror_row, owned */
	struct process_info **sorted; /* by group, name, id; the rows' infos */
	size_t count, room;
	struct daemon_info daemon;
	bool has_daemon;
	uint64_t snapshot; /* number of the latest snapshot, 0 = none yet */
	bool receiving;    /* it has not ended */
	uint64_t reached;
	uint64_t version;
	mirror_change_fn *change;
	void *change_ctx;
};

static char mirror_nothing[] = "";

static const struct daemon_info mirror_no_daemon = {
	.state = DAEMON_RUNNING,
	.fatal_reason = mirror_nothing,
	.identifier = mirror_nothing,
	.logfile = mirror_nothing,
};

struct mirror *
mirror_new(void)
{
	struct mirror *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->by_id = idmap_new();
	if (m->by_id == NULL) {
		free(m);
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
		mirror_row_free((struct mirror_row *)m->sorted[i]);
	free(m->sorted);
	idmap_free(m->by_id);
	daemon_info_clear(&m->daemon);
	free(m);
}

void
mirror_observe(struct mirror *m, mirror_change_fn *change, void *ctx)
{
	m->change = change;
	m->change_ctx = ctx;
}

/* strcmp over UTF-8 is code-point order. */
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

/* Index of the first row that does not sort before the key. */
static size_t
mirror_bound(const struct mirror *m, const char *group, const char *name, uint64_t id)
{
	size_t low = 0, high = m->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mirror_compare(m->sorted[middle], group, name, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
mirror_make_room(struct mirror *m)
{
	size_t room = m->room > 0 ? m->room * 2 : 64;
	struct process_info **sorted;

	if (m->count < m->room)
		return 0;
	sorted = reallocarray(m->sorted, room, sizeof(*sorted));
	if (sorted == NULL)
		return -1;
	m->sorted = sorted;
	m->room = room;
	return 0;
}

static void
mirror_sort_in(struct mirror *m, struct process_info *info)
{
	size_t at = mirror_bound(m, info->group, info->name, info->id);

	memmove(m->sorted + at + 1, m->sorted + at, (m->count - at) * sizeof(*m->sorted));
	m->sorted[at] = info;
	m->count++;
}

static void
mirror_sort_out(struct mirror *m, const struct process_info *info)
{
	size_t at = mirror_bound(m, info->group, info->name, info->id);

	m->count--;
	memmove(m->sorted + at, m->sorted + at + 1, (m->count - at) * sizeof(*m->sorted));
}

/* The observer may apply further frames: nothing of ours is touched after this call. */
static void
mirror_tell(struct mirror *m, uint64_t id, const struct process_info *info)
{
	m->version++;
	if (m->change != NULL)
		m->change(m->change_ctx, id, info);
}

/* Takes what *info holds. */
static struct mirror_row *
mirror_add(struct mirror *m, struct process_info *info)
{
	struct mirror_row *row = calloc(1, sizeof(*row));

	if (row == NULL || mirror_make_room(m) == -1 ||
	    idmap_set(m->by_id, info->id, row) == -1) {
		free(row);
		process_info_clear(info);
		return NULL;
	}
	row->info = *info;
	mirror_sort_in(m, &row->info);
	return row;
}

static struct mirror_row *
mirror_replace(struct mirror *m, struct mirror_row *row, struct process_info *info)
{
	bool moves = strcmp(row->info.group, info->group) != 0 ||
	    strcmp(row->info.name, info->name) != 0;

	if (moves)
		mirror_sort_out(m, &row->info);
	process_info_clear(&row->info);
	row->info = *info;
	if (moves)
		mirror_sort_in(m, &row->info);
	return row;
}

/* The frame's number. Within a snapshot rows come in any order; its end says how far it is
 * true. */
static int
mirror_seq(const struct mirror *m, const json_t *params, uint64_t *seq)
{
	const json_t *member = json_object_get(params, "seq");

	errno = EINVAL;
	if (!json_is_integer(member) || json_integer_value(member) < 0)
		return -1;
	*seq = (uint64_t)json_integer_value(member);
	return m->receiving || *seq >= m->reached ? 0 : -1;
}

static void
mirror_advance(struct mirror *m, uint64_t seq)
{
	if (!m->receiving)
		m->reached = seq;
}

static int
mirror_on_begin(struct mirror *m, const json_t *params, uint64_t seq)
{
	(void)params;
	(void)seq;
	m->snapshot++;
	m->receiving = true;
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
	m->has_daemon = true;
	mirror_advance(m, seq);
	return 1;
}

/* The row, or NULL. */
static const struct mirror_row *
mirror_take(struct mirror *m, const json_t *json)
{
	struct process_info info;
	struct mirror_row *row;

	if (row_read(json, &info) == -1)
		return NULL;
	row = idmap_get(m->by_id, info.id);
	row = row != NULL ? mirror_replace(m, row, &info) : mirror_add(m, &info);
	if (row != NULL)
		row->snapshot = m->snapshot;
	return row;
}

static int
mirror_on_process(struct mirror *m, const json_t *params, uint64_t seq)
{
	const struct mirror_row *row = mirror_take(m, json_object_get(params, "process"));

	if (row == NULL)
		return -1;
	mirror_advance(m, seq);
	mirror_tell(m, row->info.id, &row->info);
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
		row = mirror_take(m, json_array_get(rows, i));
		if (row == NULL)
			return -1;
		mirror_tell(m, row->info.id, &row->info);
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
		return 1; /* came and went between two of our frames */
	mirror_sort_out(m, &row->info);
	mirror_row_free(row);
	mirror_tell(m, id, NULL);
	return 1;
}

/* Moves the rows that the snapshot did not name to `gone`. */
static void
mirror_sweep(struct mirror *m, struct mirror_rows *gone)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->count; i++) {
		struct mirror_row *row = (struct mirror_row *)m->sorted[i];

		if (row->snapshot == m->snapshot) {
			m->sorted[kept++] = &row->info;
			continue;
		}
		(void)idmap_remove(m->by_id, row->info.id);
		TAILQ_INSERT_TAIL(gone, row, gone);
	}
	m->count = kept;
}

static int
mirror_on_end(struct mirror *m, const json_t *params, uint64_t seq)
{
	struct mirror_rows gone = TAILQ_HEAD_INITIALIZER(gone);
	struct mirror_row *row, *next;

	(void)params;
	errno = EINVAL;
	if (!m->receiving || seq < m->reached)
		return -1;
	m->receiving = false;
	mirror_advance(m, seq);
	mirror_sweep(m, &gone);
	TAILQ_FOREACH_SAFE(row, &gone, gone, next) {
		uint64_t id = row->info.id;

		mirror_row_free(row);
		mirror_tell(m, id, NULL);
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

bool
mirror_ready(const struct mirror *m)
{
	return m->snapshot > 0 && !m->receiving;
}

uint64_t
mirror_reached(const struct mirror *m)
{
	return m->reached;
}

uint64_t
mirror_version(const struct mirror *m)
{
	return m->version;
}

const struct daemon_info *
mirror_daemon(const struct mirror *m)
{
	return m->has_daemon ? &m->daemon : &mirror_no_daemon;
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
	/* Two rows of one name only meet while one replaces the other: the newer counts. */
	size_t after = mirror_bound(m, group, name, UINT64_MAX);
	const struct process_info *info = after > 0 ? m->sorted[after - 1] : NULL;

	if (info == NULL || mirror_compare(info, group, name, info->id) != 0)
		return NULL;
	return info;
}

const struct process_info *const *
mirror_sorted(const struct mirror *m, size_t *count)
{
	*count = m->count;
	return (const struct process_info *const *)m->sorted;
}
