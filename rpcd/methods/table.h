/* Table: the methods of supervisor.* and system.*: one row gives dispatch, argument checks,
 * the role, system.listMethods, methodHelp and methodSignature, and the manual. */
#ifndef RPCD_METHODS_TABLE_H
#define RPCD_METHODS_TABLE_H

#include "rpcd/methods/method.h"

struct method_row {
	struct api_method api;
	method_handler *handler;
	enum wait_kind wait;
};

extern const struct method_source method_table;
extern const struct method_source reeve_methods; /* reeve.c: those of proto/api.h */

/* Sorted by name; aliases have rows of their own. */
const struct method_row *method_table_rows(size_t *count);

#endif
