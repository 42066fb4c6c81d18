/* Editor: reads lines from a terminal with editing, history and completion, by libedit;
 * without libedit or a terminal, as they come. */
#ifndef CTL_EDITOR_H
#define CTL_EDITOR_H

#include "ctl/commands/words.h"

struct editor;

/* Adds to `out` what the last word of `line`, the text before the cursor, may become. */
typedef void editor_complete_fn(void *ctx, const char *line, struct words *out);

/* New, never NULL; history_file (NULL = none) is borrowed. Lines are appended to the file
 * as they are read. */
struct editor *editor_new(const char *history_file, editor_complete_fn *, void *ctx);
void editor_free(struct editor *);
/* New: the next line, typed after the prompt, without its newline; NULL at the end of
 * input. */
char *editor_line(struct editor *, const char *prompt);

#endif
