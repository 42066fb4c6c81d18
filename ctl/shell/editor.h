/* Editor: reads lines from a terminal with editing, history and completion by libedit;
 * without libedit or a terminal it reads plain lines. */
#ifndef CTL_SHELL_EDITOR_H
#define CTL_SHELL_EDITOR_H

#include "ctl/commands/words.h"

struct editor;

/* Adds to `out` the candidates for the last word of `line`, the text before the cursor. */
typedef void editor_complete_fn(void *ctx, const char *line, struct words *out);

/* New, never NULL; history_file (NULL = none) is borrowed. Each line is appended to the
 * file as it is read. */
struct editor *editor_new(const char *history_file, editor_complete_fn *, void *ctx);
void editor_free(struct editor *);
/* New: prints the prompt and reads a line, without its newline; NULL at the end of
 * input. */
char *editor_line(struct editor *, const char *prompt);

#endif
