/* Rows: what every process is, as XML. All of them together are made once for as
 * long as they are true: until a row changes or the second is over. Clients that ask again
 * and again share one text, which goes with its second. */
#ifndef RPCD_METHODS_PROCESS_LIST_H
#define RPCD_METHODS_PROCESS_LIST_H

#include "rpcd/budget.h"
#include "rpcd/rpcd.h"
#include "rpcd/shared_buffer.h"

#include <stdint.h>

#define ROWS_KEPT_MS 1000	/* its second is over then */

struct rows;

/* New; the texts are counted in `held`, which is borrowed. NULL with errno. */
struct rows *rows_new(struct rpcd *, struct held *);
void rows_free(struct rows *);	/* NULL is fine */
/* The whole reply of getAllProcessInfo; borrowed until the next call. NULL: too much is
 * held already. */
struct sharedtext *rows_reply(struct rows *);
/* Appends its value alone: not more bytes than the reply's, which exists. */
void rows_write(const struct rows *, struct buf *out);
/* Appends one process, its members in the order of reference 2.10; now in seconds. */
void rows_write_info(struct buf *out, const struct process_info *, int64_t now);

#endif
