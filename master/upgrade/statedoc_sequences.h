/* Statedoc sequences: restarts and updates that are under way in the state document. */
#ifndef MASTER_UPGRADE_STATEDOC_SEQUENCES_H
#define MASTER_UPGRADE_STATEDOC_SEQUENCES_H

#include "common/compiler.h"
#include "master/control/sequence.h"

#include <jansson.h>

/* New array; NULL with ENOMEM. */
json_t *statedoc_sequences_write(const struct sequences *);
/* Begins the steps that are left, without a sink. 0, or -1 with *why new. */
NODISCARD int statedoc_sequences_read(struct sequences *, const json_t *, char **why);

#endif
