/* Xmlrpc result: converts the results of supervisor's methods, JSON values of any shape,
 * to what the commands use. Each function refuses, with -1, what its method never returns;
 * optional members that are missing or out of range are "" or 0. */
#ifndef CTL_XMLRPC_RESULT_H
#define CTL_XMLRPC_RESULT_H

#include "common/compiler.h"
#include "proto/state.h"
#include "proto/wait.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* getAllProcessInfo: *infos is a new array of *count; *now is set when there is a row that
 * says it. */
NODISCARD int xmlrpc_result_rows(const json_t *, struct process_info **infos, size_t *count,
    int64_t *now);
/* What was done to several processes: each is called with all, or with none. */
NODISCARD int xmlrpc_result_each(const json_t *, bulk_result_fn *each, void *ctx);
/* reloadConfig: *changes is a new object with the arrays of texts "added", "changed" and
 * "removed". */
NODISCARD int xmlrpc_result_changes(const json_t *, json_t **changes);
/* getAllConfigInfo: an array of structs with a name and a group. */
NODISCARD int xmlrpc_result_config(const json_t *);

#endif
