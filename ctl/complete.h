/* Complete: what a word of a command line that is being typed may become. */
#ifndef CTL_COMPLETE_H
#define CTL_COMPLETE_H

#include "ctl/names.h"

/* editor_complete_fn with a struct session as its context. */
void complete(void *session, const char *line, struct words *out);
/* The same with rows of another origin, which are asked for when the line needs them. */
typedef struct server_rows complete_rows_fn(void *ctx);
void complete_from(complete_rows_fn *, void *ctx, const char *line, struct words *out);

#endif
