#include "master/child/tree_table.h"

#include <stdlib.h>
#include <string.h>

#define ANCESTORS_MAX \
	128 /* parents that are followed; a pid that is used again may be one */

int
tree_table_add(struct tree_table *table, const struct procstat *stat, bool marked)
{
	size_t more = table->capacity == 0 ? 64 : table->capacity * 2;
	struct tree_process *grown;

	if (table->count == table->capacity) {
		grown = reallocarray(table->list, more, sizeof(*grown));
		if (grown == NULL)
			return -1;
		table->list = grown;
		table->capacity = more;
	}
	table->list[table->count++] = (struct tree_process){
		.pid = stat->pid,
		.parent = stat->parent,
		.group = stat->group,
		.start = stat->start,
		.ended = stat->state == 'Z' || stat->state == 'X',
		.marked = marked,
	};
	return 0;
}

static int
tree_table_compare(const void *a, const void *b)
{
	const struct tree_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct tree_process *
tree_table_find(const struct tree_table *table, pid_t pid)
{
	const struct tree_process key = { .pid = pid };

	if (table->count == 0)
		return NULL;
	return bsearch(
	    &key, table->list, table->count, sizeof(*table->list), tree_table_compare);
}

static bool
tree_table_is_root(
    const struct tree_process *process, pid_t main, const struct tree_table *before)
{
	const struct tree_process *known = tree_table_find(before, process->pid);

	return process->marked || (main != 0 && process->group == main) ||
	    (known != NULL && known->start == process->start);
}

/* A parent is older than its child; otherwise its pid has been used again. */
static bool
tree_table_descends(const struct tree_table *table, const struct tree_process *process)
{
	for (int n = 0; process != NULL && n < ANCESTORS_MAX; n++) {
		const struct tree_process *parent = tree_table_find(table, process->parent);

		if (parent == NULL || parent->start > process->start)
			return false;
		if (parent->found)
			return true;
		process = parent;
	}
	return false;
}

size_t
tree_table_decide(struct tree_table *table, pid_t main, const struct tree_table *before)
{
	size_t alive = 0;

	if (table->count > 0)
		qsort(table->list, table->count, sizeof(*table->list), tree_table_compare);
	for (size_t i = 0; i < table->count; i++)
		table->list[i].found = tree_table_is_root(&table->list[i], main, before);
	for (size_t i = 0; i < table->count; i++) {
		struct tree_process *process = &table->list[i];

		process->found = process->found || tree_table_descends(table, process);
		alive += process->found && !process->ended;
	}
	return alive;
}

void
tree_table_keep_found(struct tree_table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->count; i++)
		if (table->list[i].found && !table->list[i].ended)
			table->list[kept++] = table->list[i];
	table->count = kept;
}

void
tree_table_clear(struct tree_table *table)
{
	free(table->list);
	*table = (struct tree_table){ 0 };
}

bool
tree_table_has_variable(const char *environment, size_t n, const char *variable)
{
	size_t length = strlen(variable);

	while (n > length) {
		const char *end = memchr(environment, '\0', n);
		size_t used = end != NULL ? (size_t)(end - environment) : n;

		if (used == length && memcmp(environment, variable, length) == 0)
			return true;
		if (end == NULL)
			return false;
		environment = end + 1;
		n -= used + 1;
	}
	return false;
}
