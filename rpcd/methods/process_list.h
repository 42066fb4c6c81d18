/* Process list: the state of every process as XML. The reply of getAllProcessInfo is made
 * once and shared by all clients until a row changes or the second of its `now` has
 * passed. */
#ifndef RPCD_METHODS_PROCESS_LIST_H
#define RPCD_METHODS_PROCESS_LIST_H

#include "rpcd/budget.h"
#include "rpcd/rpcd.h"
#include "rpcd/shared_buffer.h"

#include <stdint.h>

#define PROCESS_LIST_KEPT_MS 1000 /* the reply is freed after this time */

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
/* The whole reply of getAllProcessInfo, borrowed until the next call. NULL: the budget does
 * not allow it. */
struct shared_buffer *process_list_reply(struct process_list *, enum process_list_form);
/* Appends only the value of the reply, which process_list_reply has returned. */
void process_list_write(
    const struct process_list *, enum process_list_form, struct buf *out);
/* Appends one process with the members in supervisord's order; now in epoch seconds. */
void process_list_write_row(
    struct buf *out, const struct process_info *, int64_t now, enum process_list_form);

#endif
