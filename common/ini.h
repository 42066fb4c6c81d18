/* Ini: the text of configuration files → sections and values, as Python's
 * RawConfigParser reads them for supervisord and supervisorctl. Files read
 * one after another share one name space. Used at load only. */
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
 * or EINVAL (malformed); *error is NULL when the file could not be opened or read. Errors
 * call it `name`. `included` files are remembered for ini_file. */
NODISCARD int ini_read(
    struct ini *, const char *path, const char *name, bool included, char **error);

/* All strings below are borrowed, valid until the next ini_read or ini_replace. */
/* Section names in the order of their first appearance, [DEFAULT] left out; NULL at the
 * end; *cursor starts at 0. */
const char *ini_next(const struct ini *, size_t *cursor);
bool ini_has(const struct ini *, const char *section);
/* The value, [DEFAULT]'s when the section has none of its own, or NULL. */
const char *ini_get(const struct ini *, const char *section, const char *key);
/* Keys of a section, then those only [DEFAULT] has. The value, or NULL at the end. */
const char *ini_next_value(
    const struct ini *, const char *section, size_t *cursor, const char **key);
/* The included file that first named the section, or NULL: the main file did. */
const char *ini_file(const struct ini *, const char *section);
/* Where a section's own option stands, or with key NULL its header. False: nowhere. */
bool ini_where(const struct ini *, const char *section, const char *key, const char **file,
    size_t *line);
/* A header or an option that stands twice in the files. */
struct ini_duplicate {
	const char *section, *key;     /* borrowed; key NULL = the section's header */
	const char *file, *first_file; /* borrowed: of the later and of the earlier one */
	size_t line, first_line;
};
/* The index-th one in reading order; false at the end. */
bool ini_duplicate(const struct ini *, size_t index, struct ini_duplicate *);
/* Gives a section's option another value, or takes it away (text NULL), or the whole
 * section (key NULL). */
void ini_repair(struct ini *, const char *section, const char *key, const char *text);
/* Replaces `from` by `to` in every value, copying [DEFAULT]'s into the sections where it
 * occurs: what supervisord does with %(here)s around [include]. */
void ini_replace(struct ini *, const char *from, const char *to);

#endif
