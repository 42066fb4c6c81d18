/* State document: all run-time state of the master as one JSON document, and back: byte
 * strings in hex, descriptors as {"fd": number}, which an exec hands on. */
#ifndef MASTER_DAEMON_STATE_DOCUMENT_H
#define MASTER_DAEMON_STATE_DOCUMENT_H

#include "common/compiler.h"
#include "master/master.h"

#include <jansson.h>

#define STATE_DOCUMENT_FORMAT 1 /* raised when an older reader would be misled */

/* New document; NULL with ENOMEM. */
json_t *state_document_write(struct master *);
/* Reads what a run needs before its subsystems are created. 0, or -1 with *why new. */
NODISCARD int state_document_read_early(struct master *, const json_t *, char **why);
/* Fills a fresh master whose groups were made from the same configuration; 0, or -1 with
 * *why new (NULL without memory): the master is then half filled and good for nothing.
 * Timers are armed; jobs, restarts and a stop under way go on in the next turn. */
NODISCARD int state_document_read(struct master *, const json_t *, char **why);

#endif
