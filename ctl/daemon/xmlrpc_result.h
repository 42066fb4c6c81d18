/* Result: what supervisor's methods answer over XML-RPC, out of JSON values that may be of
 * any shape, into what the commands work with. Each refuses, with -1, what its method never
 * answers; members that a row may lack are then "" or 0, as are numbers that cannot be. */
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
NODISCARD int result_rows(const json_t *, struct process_info **infos, size_t *count,
    int64_t *now);
/* What was done to several processes: each is called with all, or with none. */
NODISCARD int result_each(const json_t *, bulk_result_fn *each, void *ctx);
/* reloadConfig: *changes is a new object with the arrays of texts "added", "changed" and
 * "removed". */
NODISCARD int result_changes(const json_t *, json_t **changes);
/* getAllConfigInfo: an array of structs with a name and a group. */
NODISCARD int result_config(const json_t *);

#endif
