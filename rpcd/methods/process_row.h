/* Process row: the state of a process as a struct of the API. */
#ifndef RPCD_METHODS_PROCESS_ROW_H
#define RPCD_METHODS_PROCESS_ROW_H

#include "proto/state.h"
#include "rpcd/methods/writer.h"

#include <stdint.h>

/* Members of a process: those of supervisor.*, also those of reeve.*, or also the id. */
enum process_form {
	PROCESS_SUPERVISOR,
	PROCESS_REEVE,
	PROCESS_EVENT,
	PROCESS_FORMS
};

/* Appends one process with the members in supervisord's order; now in epoch seconds. */
void process_row_write(
    const struct writer *, const struct process_info *, int64_t now, enum process_form);

#endif
