/* Log: the page of one log, which shows its end without a script. */
#ifndef RPCD_PAGES_LOG_H
#define RPCD_PAGES_LOG_H

#include "rpcd/pages/view.h"

#define LOG_MAIN "main" /* the stream of the daemon's own log */

/* stream: "stdout", "stderr" or LOG_MAIN; texts are borrowed. */
struct log_page {
	const struct process_info *info; /* NULL for the main log */
	const char *stream;
	const char *tail; /* the end of the log, or why it cannot be read */
};

/* Whether the stream of the program has a log file. */
bool log_page_has(const struct process_info *, const char *stream);
/* Appends the page, with VIEW_TOKEN in the place of the form token. */
void log_page_write(struct buf *, const struct view *, const struct log_page *);
/* Appends a log as text: without escape sequences of terminals. */
void log_page_plain(struct buf *, const char *text);

#endif
