/* View rows: the rows of a view: filtered, sorted and counted. */
#ifndef CTL_COMMANDS_VIEW_ROWS_H
#define CTL_COMMANDS_VIEW_ROWS_H

#include "ctl/commands/view.h"

/* The rows that are shown, in their order. */
struct view_list {
	const struct view_row **rows; /* owned array, borrowed rows */
	char **names;                 /* owned: as `status` prints them */
	size_t count;
};

struct view_list view_list_make(const struct view *, const struct view_scene *);
void view_list_clear(struct view_list *);
/* New: the counts of all rows by state: "2 RUNNING, 1 FATAL". */
char *view_counts(const struct view_scene *);

/* Seconds since the start of a process that runs, or -1. */
int64_t view_row_uptime(const struct view_row *, int64_t now);
/* Stats, or STATS_UNKNOWN. */
int64_t view_row_cpu(const struct view_row *);
int64_t view_row_memory(const struct view_row *);

#endif
