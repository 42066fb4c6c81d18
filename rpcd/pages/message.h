/* Message: pages that ask a question or say what happened. */
#ifndef RPCD_PAGES_MESSAGE_H
#define RPCD_PAGES_MESSAGE_H

#include "rpcd/pages/action.h"
#include "rpcd/pages/view.h"

/* Appends a page with a heading, a text, and a list: markup, or NULL. */
void message_write(struct buf *, const struct view *, const char *heading, const char *text,
    const char *list);
/* Appends the page that asks whether to do it, with VIEW_TOKEN in the place of the form
 * token. */
void message_confirm(struct buf *, const struct view *, const struct action *);
/* Appends the page with the buttons of VIEW_SIGNAL and VIEW_CLEAR for the target of the
 * form, which asked for VIEW_MORE. */
void message_choose(
    struct buf *, const struct view *, const struct action *, const struct form *);

#endif
