/* Handover: the state document across an exec, sealed in a memfd, with the descriptors that
 * it names. */
#ifndef MASTER_UPGRADE_HANDOVER_H
#define MASTER_UPGRADE_HANDOVER_H

#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>

/* New descriptor of the document's text, which an exec closes; -1 with errno. */
NODISCARD int handover_write(const json_t *doc);
/* New document out of such a descriptor (taken), or NULL with *why new. All descriptors
 * that it names are open, and an exec closes them. */
NODISCARD json_t *handover_read(int fd, char **why);
/* Whether an exec keeps the descriptors that the document names. 0, or -1 with errno: one
 * is not open. */
int handover_keep(const json_t *doc, bool keep);

#endif
