/* Process list: the state of every process, as XML. All of them together are made once for
 * as long as they are true: until a row changes or the second is over. Clients that ask
 * again and again share one text, which goes with its second. */
#ifndef RPCD_METHODS_PROCESS_LIST_H
#define RPCD_METHODS_PROCESS_LIST_H

#include "rpcd/budget.h"
#include "rpcd/rpcd.h"
#include "rpcd/shared_buffer.h"

#include <stdint.h>

#define PROCESS_LIST_KEPT_MS 1000 /* its second is over then */

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
/* The whole reply of getAllProcessInfo; borrowed until the next call. NULL: too much is
 * in the budget already. */
struct shared_buffer *process_list_reply(struct process_list *, enum process_list_form);
/* Appends its value alone: not more bytes than the reply's, which exists. */
void process_list_write(
    const struct process_list *, enum process_list_form, struct buf *out);
/* Appends one process, its members in supervisord's order; now in seconds. */
void process_list_write_row(
    struct buf *out, const struct process_info *, int64_t now, enum process_list_form);

#endif
