#include "rpcd/methods/process_list.h"

#include "common/mem.h"
#include "rpcd/rendered.h"

#include <stdlib.h>

/* The formats of texts: the whole reply as XML-RPC, and the value alone as JSON, because
 * each JSON-RPC reply has an id. */
static const struct writer_format *const formats[] = { &writer_xml, &writer_json };

struct process_list_text {
	struct process_list *list;
	const struct writer_format *format;
	enum process_form form;
	struct rendered *rendered;
};

struct process_list {
	struct rpcd *rpcd;
	size_t head, tail; /* bytes of an XML reply before and after the value */
	struct process_list_text texts[nitems(formats)][PROCESS_FORMS];
};

static void
process_list_write_all(void *ctx, const struct grant *grant, int64_t now, struct buf *out)
{
	const struct process_list_text *text = ctx;
	const struct mirror *mirror = text->list->rpcd->mirror;
	const struct writer w = { text->format, out };
	bool is_reply = !text->format->has_id;
	bool all = grant_sees_all(grant);

	if (is_reply)
		w.format->reply_open(out, NULL);
	writer_open(&w, WRITER_ARRAY);
	for (size_t i = 0; i < mirror->count; i++)
		if (all || grant_sees(grant, mirror->rows[i]->group, mirror->rows[i]->name))
			process_row_write(&w, mirror->rows[i], now, text->form);
	writer_close(&w, WRITER_ARRAY);
	if (is_reply)
		w.format->reply_close(out);
}

static void
process_list_measure(struct process_list *list)
{
	struct buf out;

	buf_init(&out, 0);
	writer_xml.reply_open(&out, NULL);
	list->head = buf_len(&out);
	writer_xml.reply_close(&out);
	list->tail = buf_len(&out) - list->head;
	buf_clear(&out);
}

static bool
process_list_add(
    struct process_list *list, struct budget *budget, size_t i, enum process_form form)
{
	struct process_list_text *text = &list->texts[i][form];

	*text =
	    (struct process_list_text){ .list = list, .format = formats[i], .form = form };
	text->rendered = rendered_new(
	    list->rpcd, budget, RENDERED_BY_PROCESSES, process_list_write_all, text);
	return text->rendered != NULL;
}

struct process_list *
process_list_new(struct rpcd *rpcd, struct budget *budget)
{
	struct process_list *list = xcalloc(1, sizeof(*list));

	list->rpcd = rpcd;
	process_list_measure(list);
	for (size_t i = 0; i < nitems(formats); i++)
		for (size_t form = 0; form < PROCESS_FORMS; form++)
			if (!process_list_add(list, budget, i, (enum process_form)form)) {
				process_list_free(list);
				return NULL;
			}
	return list;
}

void
process_list_free(struct process_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < nitems(formats); i++)
		for (size_t form = 0; form < PROCESS_FORMS; form++)
			rendered_free(list->texts[i][form].rendered);
	free(list);
}

struct shared_buffer *
process_list_text(struct process_list *list, const struct writer_format *format,
    enum process_form form, struct grant *grant)
{
	size_t i = format == formats[0] ? 0 : 1;

	return rendered_get(list->texts[i][form].rendered, grant);
}

void
process_list_write_value(const struct process_list *list, const struct shared_buffer *text,
    const struct writer *w)
{
	size_t head = w->format->has_id ? 0 : list->head;
	size_t tail = w->format->has_id ? 0 : list->tail;

	writer_values(w, text->data + head, text->len - head - tail);
}
