/* Table: the methods of supervisor.* and system.*. Dispatch, the check of arguments and
 * roles, system.listMethods, methodHelp and methodSignature, and the manual are made from
 * its rows. */
#ifndef RPCD_METHODS_TABLE_H
#define RPCD_METHODS_TABLE_H

#include "rpcd/methods/method.h"

struct method_row {
	struct api_method api;
	method_handler *handler;
	enum wait_kind wait;
};

extern const struct method_source method_table;
extern const struct method_source reeve_methods; /* reeve.c: reeve.*, from proto/api.h */

/* All rows, sorted by name; an alias has a row of its own. */
const struct method_row *method_table_rows(size_t *count);

#endif
