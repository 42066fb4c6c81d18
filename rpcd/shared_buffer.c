#include "rpcd/shared_buffer.h"

#include "common/log.h"
#include "common/mem.h"

#include <stdlib.h>

struct sharedtext *
sharedtext_new(struct buf *content, struct held *held)
{
	struct sharedtext *text = xmalloc(sizeof(*text));
	size_t len = buf_len(content);

	*text = (struct sharedtext){ .data = buf_steal(content), .len = len, .users = 1 };
	if (text->data == NULL)
		fatal("out of memory for a reply of %zu bytes", len);
	if (len > HELD_SMALL) {
		text->held = held;
		held_add(held, len);
	}
	return text;
}

struct sharedtext *
sharedtext_use(struct sharedtext *text)
{
	text->users++;
	return text;
}

void
sharedtext_drop(void *ctx)
{
	struct sharedtext *text = ctx;

	if (text == NULL || --text->users > 0)
		return;
	if (text->held != NULL)
		held_give(text->held, text->len);
	free(text->data);
	free(text);
}
