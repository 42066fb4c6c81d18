/* Handover: passes the state document through an exec, in a sealed memfd, with the
 * descriptors that it names. */
#ifndef MASTER_UPGRADE_HANDOVER_H
#define MASTER_UPGRADE_HANDOVER_H

#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>

/* New close-on-exec descriptor of a memfd with the document; -1 with errno. */
NODISCARD int handover_write(const json_t *doc);
/* New document from such a descriptor, or NULL with *why new. */
NODISCARD json_t *handover_load(int fd, char **why);
/* The same; the descriptor is taken. All descriptors that the document names are open, and
 * are set to close-on-exec. */
NODISCARD json_t *handover_read(int fd, char **why);
/* Sets (keep = false) or clears close-on-exec for all descriptors that the document names.
 * 0, or -1 with errno: one is not open. */
int handover_keep(const json_t *doc, bool keep);

/* To read a document in a process that does not have its descriptors. */

int handover_highest(const json_t *doc); /* the highest descriptor; at least 2 */
/* Opens something on each descriptor that the document names: the null device for a log,
 * and a socket for others. Replaces each pid by one that no process has, so that nothing is
 * signalled. 0, or -1 with errno. */
NODISCARD int handover_substitute(json_t *doc);

#endif
