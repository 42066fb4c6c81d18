/* Mirror: the copy of the master's state that a subscriber keeps from the stream
 * (reeve-protocol(7)); rpcd and reevectl answer every state read from it. */
#ifndef PROTO_MIRROR_H
#define PROTO_MIRROR_H

#include "common/compiler.h"
#include "proto/state.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct mirror;

/* A row changed (`info` borrowed, the new content) or went away (info NULL). */
typedef void mirror_change_fn(void *ctx, uint64_t id, const struct process_info *info);

struct mirror *mirror_new(void);
void mirror_free(struct mirror *);
/* Called after each row's change; one observer. */
void mirror_observe(struct mirror *, mirror_change_fn *, void *ctx);
/* Applies one stream notification. 1 when it was one, 0 when `method` is none of the
 * stream's, -1 when its params break the protocol. */
NODISCARD int mirror_apply(struct mirror *, const char *method, const json_t *params);
/* A whole snapshot has been received and none is under way. */
bool mirror_ready(const struct mirror *);
/* The stream number up to which this copy is true. */
uint64_t mirror_reached(const struct mirror *);
/* Another number whenever a row has changed, come or gone. */
uint64_t mirror_version(const struct mirror *);
/* All borrowed, valid until the next mirror_apply. */
/* Never NULL: RUNNING with empty strings until the stream has said it. */
const struct daemon_info *mirror_daemon(const struct mirror *);
const struct process_info *mirror_by_id(const struct mirror *, uint64_t id);
const struct process_info *mirror_find(
    const struct mirror *, const char *group, const char *name);
/* All rows by group, then name, in code-point order. */
const struct process_info *const *mirror_sorted(const struct mirror *, size_t *count);

#endif
