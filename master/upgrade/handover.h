/* Handover: passes the state document through an exec, in a sealed memfd, with the
 * descriptors that it names. */
#ifndef MASTER_UPGRADE_HANDOVER_H
#define MASTER_UPGRADE_HANDOVER_H

#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>

/* New close-on-exec descriptor of a memfd with the document; -1 with errno. */
NODISCARD int handover_write(const json_t *doc);
/* New document from such a descriptor (taken), or NULL with *why new. All descriptors that
 * it names are open, and are set to close-on-exec. */
NODISCARD json_t *handover_read(int fd, char **why);
/* Sets (keep = false) or clears close-on-exec for all descriptors that the document names.
 * 0, or -1 with errno: one is not open. */
int handover_keep(const json_t *doc, bool keep);

#endif
