/* Ini: parses configuration files into sections and values as Python's RawConfigParser does
 * for supervisord and supervisorctl. The sections of several files are merged. The program
 * ends when memory runs out (mem.h). */
#ifndef COMMON_INI_H
#define COMMON_INI_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#define INI_FILE_MAX (16 * 1024 * 1024) /* bytes of one file */

struct ini;

struct ini *ini_new(void);
void ini_free(struct ini *); /* NULL is fine */
/* Reads one file. 0, or -1 with *error new and errno: EFBIG, EILSEQ (not UTF-8, or a NUL)
 * or EINVAL (malformed); *error is NULL when the file could not be opened or read. `name`
 * is the file's name in errors and positions; ini_file returns it for sections of an
 * `included` file. */
NODISCARD int ini_read(
    struct ini *, const char *path, const char *name, bool included, char **error);

/* All strings below are borrowed, valid until the next ini_read or ini_replace. */
/* The next section name in the order of first appearance, without [DEFAULT]; NULL at the
 * end. *cursor starts at 0. */
const char *ini_next(const struct ini *, size_t *cursor);
bool ini_has(const struct ini *, const char *section);
/* The section's value, else the one of [DEFAULT], else NULL. */
const char *ini_get(const struct ini *, const char *section, const char *key);
/* Returns the section's next value and its key: first those of the section itself, then
 * those of [DEFAULT] whose keys the section does not set. NULL at the end. *cursor starts
 * at 0. */
const char *ini_next_value(
    const struct ini *, const char *section, size_t *cursor, const char **key);
/* The included file in which the section first appears; NULL = the main file. */
const char *ini_file(const struct ini *, const char *section);
/* Finds the file and line of an option in the section itself (not in [DEFAULT]); key NULL:
 * of the section's first header. False if there is none. */
bool ini_where(const struct ini *, const char *section, const char *key, const char **file,
    size_t *line);
/* A header or an option that appears twice. */
struct ini_duplicate {
	const char *section, *key;     /* borrowed; key NULL = the section's header */
	const char *file, *first_file; /* borrowed */
	size_t line, first_line;       /* of the repetition, and of the first occurrence */
};
/* The index-th one in reading order; false at the end. */
bool ini_duplicate(const struct ini *, size_t index, struct ini_duplicate *);
/* Sets a section's option to another value, removes it (text NULL), or removes the whole
 * section (key NULL). */
void ini_repair(struct ini *, const char *section, const char *key, const char *text);
/* Replaces `from` by `to` in every value. A value of [DEFAULT] that contains `from` is
 * copied into every section that does not have the key. supervisord expands %(here)s in
 * this way if a file has [include]. */
void ini_replace(struct ini *, const char *from, const char *to);

#endif
