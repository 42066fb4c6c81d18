/* View: what a page shows, to whom, and the frame that all pages have. */
#ifndef RPCD_PAGES_VIEW_H
#define RPCD_PAGES_VIEW_H

#include "common/buf.h"
#include "proto/grant.h"
#include "proto/mirror.h"

#include <stdbool.h>
#include <stdint.h>

/* Stands for the place of the form token, which differs between users. No text of a page
 * contains it, because control characters are replaced. */
#define VIEW_TOKEN "\x01"

#define VIEW_MORE_LABEL "More…"
#define VIEW_SHOWN "*" /* target of an action: the programs that the filter shows */

enum view_right {
	VIEW_START,
	VIEW_RESTART,
	VIEW_STOP,
	VIEW_SIGNAL,
	VIEW_CLEAR,
	VIEW_MORE, /* asks which of the two before */
	VIEW_LOG,
	VIEW_MAINLOG,
	VIEW_RIGHTS
};

struct view {
	const struct mirror *mirror;
	const struct grant *grant;
	unsigned rights;  /* bits by enum view_right */
	const char *host; /* of the machine */
	int64_t now;      /* epoch seconds */
};

/* For a caller whose rights the ceiling limits (proto/grant.h). */
void view_init(struct view *, const struct mirror *, const struct grant *,
    enum role ceiling, const char *host, int64_t now);
static inline bool
view_may(const struct view *view, enum view_right right)
{
	return (view->rights & 1U << right) != 0;
}

/* The word of an action, "start". */
const char *view_word(enum view_right);
/* New: the words of what the caller may do, with blanks between. */
char *view_actions(const struct view *);
bool view_sees(const struct view *, const struct process_info *);

/* Whether somebody should look at the program: it failed, or crashed less than a minute
 * ago. */
bool view_is_bad(const struct view *, const struct process_info *);
/* Appends what the program is doing, without pid and uptime, as plain text. */
void view_activity(struct buf *, const struct view *, const struct process_info *);
/* Whether the action makes sense in the state. */
bool view_applies(enum view_right, const struct process_info *);
/* Appends a state, a word of letters, with its colour. */
void view_state(struct buf *, const char *name);
/* Appends a button "LABEL" for an action on the target. */
void view_button(struct buf *, enum view_right, const char *label, const char *target);
/* Appends the choice of a signal and the button that sends it to the target; hidden until a
 * script shows it, unless it applies. */
void view_signal(struct buf *, const char *target, bool applies);
/* Appends the buttons of what the caller may do: with a program, the actions up to
 * VIEW_STOP that make sense; with a group "NAME:*", whose info is NULL, VIEW_MORE, too. */
void view_buttons(
    struct buf *, const struct view *, const char *target, const struct process_info *info);
/* Appends a whole page: the frame with the content, which is cleared. kind: "list", "log"
 * or "message", for style sheet and script. */
void view_page(struct buf *, const struct view *, const char *kind, const char *title,
    struct buf *content);

#endif
