/* Table: the handlers of the methods of supervisor.* and system.*, whose names, signatures
 * and roles are in proto/api.h. */
#ifndef RPCD_METHODS_TABLE_H
#define RPCD_METHODS_TABLE_H

#include "rpcd/methods/method.h"

struct method_row {
	const char *name;
	method_handler *handler;
	enum wait_kind wait;
};

extern const struct method_source method_table;
extern const struct method_source reeve_methods; /* reeve.c: reeve.*, from proto/api.h */

/* All rows, in the order of api_supervisor_methods. */
const struct method_row *method_table_rows(size_t *count);

#endif
