#include "rpcd/shared_buffer.h"

#include "common/log.h"
#include "common/mem.h"

#include <stdlib.h>

struct shared_buffer *
shared_buffer_new(struct buf *content, struct budget *budget)
{
	struct shared_buffer *text = xmalloc(sizeof(*text));
	size_t len = buf_len(content);

	*text =
	    (struct shared_buffer){ .data = buf_steal(content), .len = len, .users = 1 };
	if (text->data == NULL)
		fatal("out of memory for a reply of %zu bytes", len);
	if (len > BUDGET_SMALL) {
		text->budget = budget;
		budget_add(budget, len);
	}
	return text;
}

struct shared_buffer *
shared_buffer_ref(struct shared_buffer *text)
{
	text->users++;
	return text;
}

void
shared_buffer_unref(void *ctx)
{
	struct shared_buffer *text = ctx;

	if (text == NULL || --text->users > 0)
		return;
	if (text->budget != NULL)
		budget_release(text->budget, text->len);
	free(text->data);
	free(text);
}
