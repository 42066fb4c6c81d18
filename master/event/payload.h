/* Payload: the text of each type of event; always UTF-8. */
#ifndef MASTER_EVENT_PAYLOAD_H
#define MASTER_EVENT_PAYLOAD_H

#include "common/buf.h"
#include "common/compiler.h"
#include "master/config/event_type.h"
#include "master/process/process.h"

/* The type of the event for a process that enters the state. */
enum event_type payload_state_type(enum process_state);

/* Each appends a payload to the buffer. 0, or -1 with ENOMEM. */
NODISCARD int payload_process_state(
    struct buf *, const struct process *, enum process_state from);
NODISCARD int payload_process_output(struct buf *, const struct process *, enum output_id,
    bool captured, const char *bytes, size_t n);
NODISCARD int payload_remote(struct buf *, const char *type, const char *data, size_t n);
NODISCARD int payload_group(struct buf *, const char *name);
NODISCARD int payload_tick(struct buf *, int64_t when);

#endif
