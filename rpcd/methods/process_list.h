/* Process list: the state of the processes that a caller sees. The reply of
 * getAllProcessInfo is shared by the clients that see the same processes
 * (rpcd/rendered.h). */
#ifndef RPCD_METHODS_PROCESS_LIST_H
#define RPCD_METHODS_PROCESS_LIST_H

#include "proto/grant.h"
#include "rpcd/budget.h"
#include "rpcd/methods/process_row.h"
#include "rpcd/rpcd.h"
#include "rpcd/shared_buffer.h"

struct process_list;

/* New; the texts are counted in the budget, which is borrowed. NULL with errno. */
struct process_list *process_list_new(struct rpcd *, struct budget *);
void process_list_free(struct process_list *); /* NULL is fine */
/* The text of getAllProcessInfo for these rights, borrowed until the next call: the whole
 * reply, or the value alone in a format with ids. NULL: the budget does not allow it. */
struct shared_buffer *process_list_text(
    struct process_list *, const struct writer_format *, enum process_form, struct grant *);
/* Appends the value of such a text. */
void process_list_write_value(
    const struct process_list *, const struct shared_buffer *text, const struct writer *);

#endif
