#include "master/child/usage_table.h"

#include <limits.h>
#include <stdlib.h>

#define ANCESTORS_MAX \
	128 /* parents that are followed; a pid that is used again may be one */

void
usage_table_init(struct usage_table *table, int64_t tick_ms, int64_t page_bytes)
{
	*table = (struct usage_table){ .tick_ms = tick_ms, .page_bytes = page_bytes };
}

void
usage_table_clear(struct usage_table *table)
{
	free(table->rows);
	free(table->processes);
	*table = (struct usage_table){ 0 };
}

/* Makes place for one more element. 0, or -1 with ENOMEM. */
static int
usage_table_grow(void **array, size_t count, size_t *capacity, size_t size)
{
	size_t more = *capacity == 0 ? 64 : *capacity * 2;
	void *grown;

	if (count < *capacity)
		return 0;
	grown = reallocarray(*array, more, size);
	if (grown == NULL)
		return -1;
	*array = grown;
	*capacity = more;
	return 0;
}

int
usage_table_add(struct usage_table *table, uint64_t id, uint64_t spawn, pid_t pid)
{
	void *rows = table->rows;

	if (usage_table_grow(&rows, table->count, &table->capacity, sizeof(*table->rows)) ==
	    -1)
		return -1;
	table->rows = rows;
	table->rows[table->count++] = (struct usage_row){
		.id = id,
		.spawn = spawn,
		.pid = pid,
		.permille = USAGE_UNKNOWN,
	};
	return 0;
}

static int
usage_table_compare_pids(const void *a, const void *b)
{
	const struct usage_row *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int
usage_table_compare_processes(const void *a, const void *b)
{
	const struct usage_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int
usage_table_compare_ids(const void *a, const void *b)
{
	const struct usage_row *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

void
usage_table_sort(struct usage_table *table)
{
	if (table->count > 0)
		qsort(table->rows, table->count, sizeof(*table->rows),
		    usage_table_compare_pids);
	if (table->nprocesses > 0)
		qsort(table->processes, table->nprocesses, sizeof(*table->processes),
		    usage_table_compare_processes);
}

/* The index of the program with this pid. */
static size_t
usage_table_program(const struct usage_table *table, pid_t pid)
{
	const struct usage_row key = { .pid = pid };
	const struct usage_row *row = NULL;

	if (table->count > 0)
		row = bsearch(&key, table->rows, table->count, sizeof(*table->rows),
		    usage_table_compare_pids);
	return row == NULL ? USAGE_UNDECIDED : (size_t)(row - table->rows);
}

int
usage_table_add_process(
    struct usage_table *table, const struct procstat *stat, int64_t now_ms)
{
	size_t owner = usage_table_program(table, stat->group);
	void *processes = table->processes;

	if (usage_table_grow(&processes, table->nprocesses, &table->process_capacity,
		sizeof(*table->processes)) == -1)
		return -1;
	table->processes = processes;
	if (owner == USAGE_UNDECIDED)
		owner = usage_table_program(table, stat->session);
	if (owner != USAGE_UNDECIDED && table->rows[owner].pid == stat->pid)
		table->rows[owner].at_ms = now_ms;
	table->processes[table->nprocesses++] = (struct usage_process){
		.pid = stat->pid,
		.parent = stat->parent,
		.cpu_ms = (int64_t)stat->ticks * table->tick_ms,
		.rss = stat->pages * table->page_bytes,
		.owner = owner,
	};
	return 0;
}

static const struct usage_process *
usage_table_process(const struct usage_table *table, pid_t pid)
{
	const struct usage_process key = { .pid = pid };

	return bsearch(&key, table->processes, table->nprocesses, sizeof(*table->processes),
	    usage_table_compare_processes);
}

static size_t
usage_table_owner(const struct usage_table *table, size_t i)
{
	const struct usage_process *process = &table->processes[i];

	for (int n = 0; process != NULL && n < ANCESTORS_MAX; n++) {
		if (process->owner != USAGE_UNDECIDED)
			return process->owner;
		process = usage_table_process(table, process->parent);
	}
	return USAGE_NOBODY;
}

struct usage_row *
usage_table_count(struct usage_table *table, size_t i)
{
	struct usage_process *process = &table->processes[i];
	struct usage_row *row;

	process->owner = usage_table_owner(table, i);
	if (process->owner == USAGE_NOBODY)
		return NULL;
	row = &table->rows[process->owner];
	row->processes++;
	row->cpu_ms += process->cpu_ms;
	row->rss += process->rss;
	return row;
}

static void
usage_table_set_share(struct usage_row *row, const struct usage_row *before)
{
	int64_t used, passed, share;

	if (before == NULL || before->spawn != row->spawn || before->processes == 0 ||
	    row->processes == 0)
		return;
	used = row->cpu_ms - before->cpu_ms;
	passed = row->at_ms - before->at_ms;
	if (passed <= 0 || passed > USAGE_BASE_MS)
		return;
	/* The time of a process that exited unwaited for is no longer counted. */
	share = used > 0 ? used * 1000 / passed : 0;
	row->permille = share < INT_MAX ? (int)share : INT_MAX;
}

void
usage_table_finish(struct usage_table *table, const struct usage_table *before)
{
	free(table->processes);
	table->processes = NULL;
	table->nprocesses = table->process_capacity = 0;
	if (table->count > 0)
		qsort(table->rows, table->count, sizeof(*table->rows),
		    usage_table_compare_ids);
	for (size_t i = 0; i < table->count; i++)
		usage_table_set_share(
		    &table->rows[i], usage_table_find(before, table->rows[i].id));
}

const struct usage_row *
usage_table_find(const struct usage_table *table, uint64_t id)
{
	const struct usage_row key = { .id = id };

	if (table->count == 0)
		return NULL;
	return bsearch(
	    &key, table->rows, table->count, sizeof(*table->rows), usage_table_compare_ids);
}
