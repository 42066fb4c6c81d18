/* Table: the method table: one row gives dispatch, argument checks, the
 * role, system.listMethods, methodHelp and methodSignature, and the manual. */
#ifndef RPCD_METHODS_TABLE_H
#define RPCD_METHODS_TABLE_H

#include "proto/cmd.h"
#include "proto/role.h"
#include "proto/wait.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct invocation;	/* one method call within a call (itself, or one of a multicall) */

struct method {
	const char *name;	/* "supervisor.startProcess" */
	/* Result type, then the parameters' names and types, '?' = optional:
	 * "boolean name:string ?wait:boolean" */
	const char *signature;
	enum role role;
	void (*handler)(struct invocation *);
	enum cmd_id cmd;	/* for handlers that forward */
	enum wait_kind wait;
	const char *help;	/* our own words */
};

/* Sorted by name; aliases have rows of their own. */
const struct method *method_table_all(size_t *count);
const struct method *method_table_find(const char *name);	/* or NULL */
/* New: ["boolean","string","boolean"]. */
json_t *method_table_signature(const struct method *);
/* How many parameters it takes. */
void method_table_arity(const struct method *, size_t *least, size_t *most);
/* New text: the row's help, then a line for each parameter and the result. */
char *method_table_help(const struct method *);

#endif
