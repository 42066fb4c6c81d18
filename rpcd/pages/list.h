/* List: the page with all programs, complete without its script. */
#ifndef RPCD_PAGES_LIST_H
#define RPCD_PAGES_LIST_H

#include "rpcd/pages/view.h"

/* Which programs are shown. The texts are borrowed; "" = all. */
struct list_filter {
	const char *text;  /* a part of the name or group, in any case, or the pid */
	const char *state; /* "RUNNING" */
};

/* Whether a program is shown. */
bool list_shows(const struct list_filter *, const struct process_info *);
/* Appends the page, with VIEW_TOKEN in the place of the form token. */
void list_write(struct buf *, const struct view *, const struct list_filter *);

#endif
