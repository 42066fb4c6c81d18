/* Words: the arguments of a command, split at white space. */
#ifndef CTL_COMMANDS_WORDS_H
#define CTL_COMMANDS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_REQUEST_BYTES (64 * 1024) /* of names in one request */
#define WORDS_REQUEST_NAMES 2000        /* in one request; a pattern counts as one */

struct words {
	char **list;  /* owned, as its strings are */
	size_t *from; /* for each: the number of the typed word it is from; owned */
	size_t count;
	bool all; /* "all" is among them */
};

void words_split(struct words *, const char *text);
void words_clear(struct words *);
void words_add(struct words *, const char *word);
/* Adds a word that is from the typed word of that number. */
void words_add_from(struct words *, const char *word, size_t from);
/* Removes each such word; true if there was one. */
bool words_take(struct words *, const char *word);
/* Removes the word at this index, if there is one. */
void words_drop(struct words *, size_t at);
/* New: `count` words from index `from` on, joined with a text between them. */
char *words_join(const struct words *, size_t from, size_t count, const char *between);
/* The number of words from index `at` on that are from the same typed word. */
size_t words_run(const struct words *, size_t at);
bool words_have(const struct words *, const char *word);

#endif
