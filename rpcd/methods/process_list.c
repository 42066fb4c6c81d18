#include "rpcd/methods/process_list.h"

#include "common/clock.h"
#include "common/mem.h"
#include "rpcd/xmlrpc/write.h"

#include <stdlib.h>
#include <string.h>

struct process_list {
	struct rpcd *rpcd;
	struct budget *budget;
	struct source *timer;
	struct shared_buffer *text;	/* NULL = none is kept */
	size_t head, tail;		/* bytes around the value */
	size_t len;			/* of the last text there was */
	int64_t second;			/* of the wall clock, for which it is true */
	uint64_t version;		/* of the mirror */
};

static void
process_list_forget(void *ctx, uint32_t ready UNUSED)
{
	struct process_list *list = ctx;

	shared_buffer_unref(list->text);
	list->text = NULL;
}

struct process_list *
process_list_new(struct rpcd *rpcd, struct budget *budget)
{
	struct process_list *list = xcalloc(1, sizeof(*list));

	list->rpcd = rpcd;
	list->budget = budget;
	list->timer = loop_timer(rpcd->loop, process_list_forget, list);
	if (list->timer != NULL)
		return list;
	free(list);
	return NULL;
}

void
process_list_free(struct process_list *list)
{
	if (list == NULL)
		return;
	process_list_forget(list, 0);
	source_free(list->timer);
	free(list);
}

void
process_list_write_row(struct buf *out, const struct process_info *info, int64_t now)
{
	char *description = process_info_description(info, now);

	xmlwrite_struct_open(out);
	xmlwrite_member_string(out, "name", info->name);
	xmlwrite_member_string(out, "group", info->group);
	xmlwrite_member_int(out, "start", info->start);
	xmlwrite_member_int(out, "stop", info->stop);
	xmlwrite_member_int(out, "now", now);
	xmlwrite_member_int(out, "state", info->state);
	xmlwrite_member_string(out, "statename", process_state_name(info->state));
	xmlwrite_member_string(out, "spawnerr", info->spawnerr);
	xmlwrite_member_int(out, "exitstatus", info->exitstatus);
	xmlwrite_member_string(out, "logfile", info->stdout_logfile);
	xmlwrite_member_string(out, "stdout_logfile", info->stdout_logfile);
	xmlwrite_member_string(out, "stderr_logfile", info->stderr_logfile);
	xmlwrite_member_int(out, "pid", info->pid);
	xmlwrite_member_string(out, "description", description);
	xmlwrite_struct_close(out);
	free(description);
}

static void
process_list_make(struct process_list *list)
{
	const struct process_info *const *sorted;
	struct buf out;
	size_t n;

	buf_init(&out, 0);
	xmlwrite_head(&out);
	list->head = buf_len(&out);
	sorted = mirror_sorted(list->rpcd->mirror, &n);
	xmlwrite_array_open(&out);
	for (size_t i = 0; i < n; i++)
		process_list_write_row(&out, sorted[i], list->second);
	xmlwrite_array_close(&out);
	list->tail = buf_len(&out);
	xmlwrite_tail(&out);
	list->tail = buf_len(&out) - list->tail;
	list->len = buf_len(&out);
	list->text = shared_buffer_new(&out, list->budget);
	source_arm(list->timer, clock_mono_ms() + PROCESS_LIST_KEPT_MS);
}

struct shared_buffer *
process_list_reply(struct process_list *list)
{
	int64_t second = clock_wall_ms() / 1000;
	uint64_t version = mirror_version(list->rpcd->mirror);

	if (list->text != NULL && list->second == second && list->version == version)
		return list->text;
	process_list_forget(list, 0);
	/* The next one is about as long. */
	if (list->len > BUDGET_SMALL && !budget_fits_shared(list->budget, list->len))
		return NULL;
	list->second = second;
	list->version = version;
	process_list_make(list);
	return list->text;
}

void
process_list_write(const struct process_list *list, struct buf *out)
{
	const struct shared_buffer *text = list->text;

	xmlwrite_raw(out, text->data + list->head, text->len - list->head - list->tail);
}
