/* Namespec: resolves the names of processes, whole groups and patterns among a command's
 * words. */
#ifndef CTL_NAMESPEC_H
#define CTL_NAMESPEC_H

#include "ctl/commands/words.h"
#include "ctl/daemon/server.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a namespec is this process, or its whole group. */
bool namespec_means(const char *spec, const struct process_info *);
/* Whether one of the words is, or is "all". */
bool namespec_any_means(const struct words *, const struct process_info *);
/* The row of the one process that a namespec means, or NULL. Borrowed. */
const struct process_info *namespec_find(const char *spec, const struct server_rows *);
/* Whether it is a whole group: "group:*". */
bool namespec_is_group(const char *spec);
/* Whether a word is a pattern of the shell. */
bool namespec_is_pattern(const char *word);
/* Whether a word from `first` on is one, so that the rows are needed. */
bool namespec_has_pattern(const struct words *, size_t first);
/* Replaces each pattern from `first` on, unless it is a process's own name, by the
 * processes that match, in the server's order. A pattern that matches none stays, to be
 * reported as any other bad name; and so does "group:*". */
void namespec_expand(struct words *, size_t first, const struct server_rows *);
/* The same for all words, and puts the processes of a group in the place of "group:*". */
void namespec_expand_groups(struct words *, const struct server_rows *);

#endif
