/* State document: writes all run-time state of the master as one JSON document and reads it
 * back. Byte strings are in hex, descriptors, which survive an exec, are {"fd": number}. */
#ifndef MASTER_DAEMON_STATE_DOCUMENT_H
#define MASTER_DAEMON_STATE_DOCUMENT_H

#include "common/compiler.h"
#include "master/master.h"

#include <jansson.h>

#define STATE_DOCUMENT_FORMAT 1 /* how to change it: reeve-internals(7) */

/* New document; NULL with ENOMEM. */
json_t *state_document_write(struct master *);
/* The descriptor of the log of a section, "mainlog" or "audit"; -1 = none, or no
 * document. */
int state_document_log_fd(const json_t *, const char *section);
/* Reads the sections that a run needs before its subsystems are created. 0, or -1 with
 * *why new. */
NODISCARD int state_document_read_early(struct master *, const json_t *, char **why);
/* Fills a new master whose groups were created from the same configuration. 0, or -1 with
 * *why new (NULL if out of memory); the master is then unusable. Timers are armed; jobs,
 * restarts and a shutdown under way continue in the next loop iteration. */
NODISCARD int state_document_read(struct master *, const json_t *, char **why);

#endif
