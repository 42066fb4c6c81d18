/* Process list: the state of the processes that a caller sees as XML. The reply of
 * getAllProcessInfo is shared by the clients that see the same processes
 * (rpcd/rendered.h). */
#ifndef RPCD_METHODS_PROCESS_LIST_H
#define RPCD_METHODS_PROCESS_LIST_H

#include "proto/grant.h"
#include "rpcd/budget.h"
#include "rpcd/rpcd.h"
#include "rpcd/shared_buffer.h"

#include <stdint.h>

struct process_list;

/* Members of a process: those of supervisor.*, or also those of reeve.*. */
enum process_list_form {
	PROCESS_LIST_SUPERVISOR,
	PROCESS_LIST_REEVE,
	PROCESS_LIST_FORMS
};

/* New; the texts are counted in the budget, which is borrowed. NULL with errno. */
struct process_list *process_list_new(struct rpcd *, struct budget *);
void process_list_free(struct process_list *); /* NULL is fine */
/* The whole reply of getAllProcessInfo for these rights, borrowed until the next call. NULL:
 * the budget does not allow it. */
struct shared_buffer *process_list_reply(
    struct process_list *, enum process_list_form, struct grant *);
/* Appends only the value of such a reply. */
void process_list_write_value(
    const struct process_list *, const struct shared_buffer *reply, struct buf *out);
/* Appends one process with the members in supervisord's order; now in epoch seconds. */
void process_list_write_row(
    struct buf *out, const struct process_info *, int64_t now, enum process_list_form);

#endif
