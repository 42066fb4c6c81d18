/* Place: the file and line of an option or an error. */
#ifndef MASTER_CONFIG_LOAD_PLACE_H
#define MASTER_CONFIG_LOAD_PLACE_H

#include "master/config/load/load_context.h"

#include <stdbool.h>
#include <stddef.h>

/* Options that an error may name because they are missing, with a value for each that is
 * valid. */
struct conf_required {
	const char *key, *value;
};

extern const struct conf_required conf_required[];
extern const size_t conf_required_count;

/* The option of the error: the one read last, unless the text names another option of the
 * section or one that is missing. Borrowed; NULL = the section as a whole. */
const char *conf_place_key(const struct conf_load *);
/* Whether the error needs a place: not if it begins or ends with the file's name, or if no
 * file was found. */
bool conf_place_is_useful(const struct conf_load *);
/* New: "FILE:LINE" of the option, else of its section, else "FILE". */
char *conf_place(const struct conf_load *, const char *section, const char *key);
/* New: the error as a start and a reread report it: supervisord's text or, if supervisord
 * does not have the error, after its place. */
char *conf_place_report(const struct conf_load *);
/* New: the error in one line, after the place of the option where that is useful. */
char *conf_place_error(const struct conf_load *, const char *key);

#endif
