/* Namespec: a command's arguments as words, and the patterns and namespecs among them. */
#ifndef CTL_NAMESPEC_H
#define CTL_NAMESPEC_H

#include "ctl/daemon/server.h"

#include <stdbool.h>
#include <stddef.h>

/* Arguments, split at white space. */
struct words {
	char **list;	/* owned, as its strings are */
	size_t *from;	/* of each: which typed word it is of; owned */
	size_t count;
	bool all;	/* "all" is among them */
};

void words_split(struct words *, const char *text);
void words_clear(struct words *);
void words_add(struct words *, const char *word);
/* Takes every such word out; true when there was one. */
bool words_take(struct words *, const char *word);
/* Drops the first word, or that one. */
void words_shift(struct words *);
void words_drop(struct words *, size_t at);

/* Replaces each word from `first` on that is a pattern of the shell and no process's own
 * name by the processes that match it, in the server's order. One that matches none stays,
 * to be told of as any other bad name; and so does "group:*". */
void namespec_expand(struct words *, size_t first, const struct server_rows *);
/* The same for all words, and puts the processes of a group in the place of "group:*". */
void namespec_expand_groups(struct words *, const struct server_rows *);
/* New: so many words from one on, with a text between them. */
char *words_join(const struct words *, size_t from, size_t count, const char *between);
/* How many words from `at` on one pattern has become; 1 for any other word. */
size_t words_of_pattern(const struct words *, size_t at);
/* The row of the one process that a namespec means, or NULL. Borrowed. */
const struct process_info *namespec_find(const char *spec, const struct server_rows *);
/* Whether a word is such a pattern, or a whole group: "group:*". */
bool namespec_is_pattern(const char *word);
bool namespec_is_group(const char *word);
/* Some word from `first` on is such a pattern: the rows are needed. */
bool namespec_has_pattern(const struct words *, size_t first);

#endif
