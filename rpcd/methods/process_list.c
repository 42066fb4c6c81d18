#include "rpcd/methods/process_list.h"

#include "common/clock.h"
#include "common/mem.h"
#include "rpcd/xmlrpc/write.h"

#include <stdlib.h>
#include <string.h>

struct rows {
	struct rpcd *rpcd;
	struct held *held;
	struct source *timer;
	struct sharedtext *text;	/* NULL = none is kept */
	size_t head, tail;		/* bytes around the value */
	size_t len;			/* of the last text there was */
	int64_t second;			/* of the wall clock, for which it is true */
	uint64_t version;		/* of the mirror */
};

static void
rows_forget(void *ctx, uint32_t ready UNUSED)
{
	struct rows *rows = ctx;

	sharedtext_drop(rows->text);
	rows->text = NULL;
}

struct rows *
rows_new(struct rpcd *rpcd, struct held *held)
{
	struct rows *rows = xcalloc(1, sizeof(*rows));

	rows->rpcd = rpcd;
	rows->held = held;
	rows->timer = loop_timer(rpcd->loop, rows_forget, rows);
	if (rows->timer != NULL)
		return rows;
	free(rows);
	return NULL;
}

void
rows_free(struct rows *rows)
{
	if (rows == NULL)
		return;
	rows_forget(rows, 0);
	source_free(rows->timer);
	free(rows);
}

void
rows_write_info(struct buf *out, const struct process_info *info, int64_t now)
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
rows_make(struct rows *rows)
{
	const struct process_info *const *sorted;
	struct buf out;
	size_t n;

	buf_init(&out, 0);
	xmlwrite_head(&out);
	rows->head = buf_len(&out);
	sorted = mirror_sorted(rows->rpcd->mirror, &n);
	xmlwrite_array_open(&out);
	for (size_t i = 0; i < n; i++)
		rows_write_info(&out, sorted[i], rows->second);
	xmlwrite_array_close(&out);
	rows->tail = buf_len(&out);
	xmlwrite_tail(&out);
	rows->tail = buf_len(&out) - rows->tail;
	rows->len = buf_len(&out);
	rows->text = sharedtext_new(&out, rows->held);
	source_arm(rows->timer, clock_mono_ms() + ROWS_KEPT_MS);
}

struct sharedtext *
rows_reply(struct rows *rows)
{
	int64_t second = clock_wall_ms() / 1000;
	uint64_t version = mirror_version(rows->rpcd->mirror);

	if (rows->text != NULL && rows->second == second && rows->version == version)
		return rows->text;
	rows_forget(rows, 0);
	/* The next one is about as long. */
	if (rows->len > HELD_SMALL && !held_fits_shared(rows->held, rows->len))
		return NULL;
	rows->second = second;
	rows->version = version;
	rows_make(rows);
	return rows->text;
}

void
rows_write(const struct rows *rows, struct buf *out)
{
	const struct sharedtext *text = rows->text;

	xmlwrite_raw(out, text->data + rows->head, text->len - rows->head - rows->tail);
}
