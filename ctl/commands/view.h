/* View: the lines of `status --watch` on a terminal: which rows are shown, in which order
 * and columns, and what keys do. Makes no system call. */
#ifndef CTL_COMMANDS_VIEW_H
#define CTL_COMMANDS_VIEW_H

#include "proto/state.h"
#include "proto/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_FILTER_MAX 256

/* The column by which rows are sorted. */
enum view_order {
	VIEW_BY_SERVER,	/* as the server sends them: by group and name */
	VIEW_BY_STATE,	/* what is in trouble first */
	VIEW_BY_NAME,
	VIEW_BY_PID,
	VIEW_BY_UPTIME,
	VIEW_BY_CPU,
	VIEW_BY_MEMORY,
	VIEW_BY_RESTARTS,
	VIEW_ORDERS
};

/* What the user has chosen. Zero is a view at its beginning. */
struct view {
	enum view_order order;
	bool reversed;
	char filter[VIEW_FILTER_MAX]; /* text that shown rows contain */
	bool typing;                  /* the filter is being typed */
	bool help;
	size_t top;  /* rows that are scrolled out */
	size_t page; /* rows that fit, by the last view_lines */
	bool colour;
};

struct view_row {
	const struct process_info *info;
	const struct process_stats *stats; /* NULL = not known */
};

/* The content of the view; borrowed. */
struct view_scene {
	const char *daemon; /* its name */
	const char *state;  /* and state; "" = not known */
	const char *note;   /* an error in one line, or "" */
	const struct view_row *rows;
	size_t count;
	int64_t now;          /* epoch seconds of the server */
	const char *time;     /* for the first line */
	bool counts_restarts; /* the rows have their number */
};

/* New: `height` lines, each of at most `width` columns. */
char **view_lines(struct view *, const struct view_scene *, int width, int height);
void view_lines_free(char **lines, int height);
/* Carries out the keys that a terminal has sent. False: the user wants to quit. */
bool view_keys(struct view *, const char *bytes, size_t n);

#endif
