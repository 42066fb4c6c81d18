#include "rpcd/methods/process_list.h"

#include "common/clock.h"
#include "common/mem.h"
#include "proto/api.h"
#include "rpcd/xmlrpc/write.h"

#include <stdlib.h>
#include <string.h>

struct process_list_text {
	struct shared_buffer *shared; /* the reply, or NULL */
	size_t head, tail;            /* bytes before and after the value */
	size_t len;                   /* of the last reply */
	int64_t second;               /* epoch seconds when it was made */
	uint64_t version;             /* of the mirror when it was made */
};

struct process_list {
	struct rpcd *rpcd;
	struct budget *budget;
	struct source *timer;
	struct process_list_text texts[PROCESS_LIST_FORMS];
};

static void
process_list_forget(void *ctx, uint32_t ready UNUSED)
{
	struct process_list *list = ctx;

	for (size_t i = 0; i < PROCESS_LIST_FORMS; i++) {
		shared_buffer_unref(list->texts[i].shared);
		list->texts[i].shared = NULL;
	}
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

/* ---- rows ---- */

static void
process_list_write_last_exit(struct buf *out, const struct process_info *info)
{
	char *reason = process_info_last_exit(info);

	xmlwrite_open(out, XMLWRITE_STRUCT);
	if (info->last_signal != 0)
		xmlwrite_member_int(out, "signal", info->last_signal);
	else if (info->stop != 0)
		xmlwrite_member_int(out, "status", info->last_status);
	xmlwrite_member_number(out, "time", info->stop);
	xmlwrite_member_string(out, "reason", reason != NULL ? reason : "");
	xmlwrite_close(out, XMLWRITE_STRUCT);
	free(reason);
}

static void
process_list_write_member(
    struct buf *out, const struct api_member *member, const struct process_info *info)
{
	const void *field = (const char *)info + member->offset;
	int64_t number;

	switch (member->type) {
	case API_NUMBER:
		memcpy(&number, field, sizeof(number));
		xmlwrite_member_number(out, member->name, number);
		return;
	case API_TEXT:
		xmlwrite_member_string(out, member->name, *(char *const *)field);
		return;
	case API_HEALTH:
		xmlwrite_member_string(out, member->name,
		    state_word_name(state_health_words, *(const int *)field));
		return;
	case API_BOOLEAN:
	case API_LAST_EXIT:
	case API_TYPES:
		break;
	}
	xmlwrite_member_open(out, member->name);
	if (member->type == API_BOOLEAN)
		xmlwrite_bool(out, *(const bool *)field);
	else
		process_list_write_last_exit(out, info);
	xmlwrite_close(out, XMLWRITE_MEMBER);
}

void
process_list_write_row(struct buf *out, const struct process_info *info, int64_t now,
    enum process_list_form form)
{
	char *description = process_info_description(info, now);
	bool reeve = form == PROCESS_LIST_REEVE;
	/* supervisord writes large numbers as int, which XML-RPC does not allow. */
	void (*number)(struct buf *, const char *, int64_t) =
	    reeve ? xmlwrite_member_number : xmlwrite_member_int;

	xmlwrite_open(out, XMLWRITE_STRUCT);
	xmlwrite_member_string(out, "name", info->name);
	xmlwrite_member_string(out, "group", info->group);
	number(out, "start", info->start);
	number(out, "stop", info->stop);
	number(out, "now", now);
	xmlwrite_member_int(out, "state", info->state);
	xmlwrite_member_string(out, "statename", process_state_name(info->state));
	xmlwrite_member_string(out, "spawnerr", info->spawnerr);
	xmlwrite_member_int(out, "exitstatus", info->exitstatus);
	xmlwrite_member_string(out, "logfile", info->stdout_logfile);
	xmlwrite_member_string(out, "stdout_logfile", info->stdout_logfile);
	xmlwrite_member_string(out, "stderr_logfile", info->stderr_logfile);
	xmlwrite_member_int(out, "pid", info->pid);
	xmlwrite_member_string(out, "description", description);
	for (size_t i = 0; reeve && i < API_MEMBERS; i++)
		process_list_write_member(out, &api_members[i], info);
	xmlwrite_close(out, XMLWRITE_STRUCT);
	free(description);
}

/* ---- all processes ---- */

static void
process_list_make(struct process_list *list, enum process_list_form form)
{
	struct process_list_text *text = &list->texts[form];
	const struct mirror *mirror = list->rpcd->mirror;
	struct buf out;
	size_t end;

	buf_init(&out, 0);
	xmlwrite_open(&out, XMLWRITE_REPLY);
	text->head = buf_len(&out);
	xmlwrite_open(&out, XMLWRITE_ARRAY);
	for (size_t i = 0; i < mirror->count; i++)
		process_list_write_row(&out, mirror->rows[i], text->second, form);
	xmlwrite_close(&out, XMLWRITE_ARRAY);
	end = buf_len(&out);
	xmlwrite_close(&out, XMLWRITE_REPLY);
	text->len = buf_len(&out);
	text->tail = text->len - end;
	text->shared = shared_buffer_new(&out, list->budget);
	source_arm(list->timer, clock_mono_ms() + PROCESS_LIST_KEPT_MS);
}

struct shared_buffer *
process_list_reply(struct process_list *list, enum process_list_form form)
{
	struct process_list_text *text = &list->texts[form];
	int64_t second = clock_wall_ms() / 1000;
	uint64_t version = list->rpcd->mirror->version;

	if (text->shared != NULL && text->second == second && text->version == version)
		return text->shared;
	shared_buffer_unref(text->shared);
	text->shared = NULL;
	/* The new reply has about the length of the last one. */
	if (text->len > BUDGET_SMALL && !budget_fits_shared(list->budget, text->len))
		return NULL;
	text->second = second;
	text->version = version;
	process_list_make(list, form);
	return text->shared;
}

void
process_list_write(
    const struct process_list *list, enum process_list_form form, struct buf *out)
{
	const struct process_list_text *text = &list->texts[form];

	xmlwrite_raw(out, text->shared->data + text->head,
	    text->shared->len - text->head - text->tail);
}
