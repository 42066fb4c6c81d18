/* Namespec: resolves a command's names of processes, groups ("group:*") and patterns. */
#ifndef CTL_COMMANDS_NAMESPEC_H
#define CTL_COMMANDS_NAMESPEC_H

#include "ctl/commands/words.h"
#include "ctl/daemon/server.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a namespec names this process or its whole group. */
bool namespec_means(const char *spec, const struct process_info *);
/* Whether one of the words does so, or is "all". */
bool namespec_any_means(const struct words *, const struct process_info *);
/* The row of the process that a namespec names, or NULL. Borrowed. */
const struct process_info *namespec_find(const char *spec, const struct server_rows *);
/* Whether it names a whole group: "group:*". */
bool namespec_is_group(const char *spec);
/* Whether a word is a pattern as in the shell. */
bool namespec_is_pattern(const char *word);
/* Whether a word from `first` on is a pattern. */
bool namespec_has_pattern(const struct words *, size_t first);
/* Replaces each pattern from `first` on by the processes that match, in the server's order.
 * Unchanged stay a pattern that is the name of a process, one that matches no process (it
 * is reported as any other bad name), and "group:*". */
void namespec_expand(struct words *, size_t first, const struct server_rows *);
/* The same for all words; also replaces "group:*" by the processes of the group. */
void namespec_expand_groups(struct words *, const struct server_rows *);

#endif
