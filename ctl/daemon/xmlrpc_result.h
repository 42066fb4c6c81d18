/* Xmlrpc result: converts the results of supervisor's methods, which may be any JSON
 * values, to the types that the commands use. A function rejects, with -1, a value that its
 * method never returns; optional members that are missing or out of range become "" or
 * 0. */
#ifndef CTL_DAEMON_XMLRPC_RESULT_H
#define CTL_DAEMON_XMLRPC_RESULT_H

#include "common/compiler.h"
#include "proto/state.h"
#include "proto/wait.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* getAllProcessInfo: *infos is a new array of *count; sets *now if a row has it. Rows of
 * reeve.getAllProcessInfo have an id, the others do not. */
NODISCARD int xmlrpc_result_rows(
    const json_t *, struct process_info **infos, size_t *count, int64_t *now);
/* The results of several processes: calls `each` for all, or on failure for none. */
NODISCARD int xmlrpc_result_each(const json_t *, bulk_result_fn *each, void *ctx);
/* reloadConfig: replaces *result by an object with the string arrays "added", "changed" and
 * "removed". */
NODISCARD int xmlrpc_result_name_changes(json_t **result);
/* Whether it is an array of structs with the strings name, group and `also` (NULL = none),
 * as the result of getAllConfigInfo. */
bool xmlrpc_result_is_list(const json_t *, const char *also);

#endif
