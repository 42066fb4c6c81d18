#include "rpcd/methods/process_list.h"

#include "common/mem.h"
#include "proto/api.h"
#include "rpcd/rendered.h"
#include "rpcd/xmlrpc/write.h"

#include <stdlib.h>
#include <string.h>

struct process_list_text {
	struct process_list *list;
	enum process_list_form form;
	struct rendered *rendered;
};

struct process_list {
	struct rpcd *rpcd;
	size_t head, tail; /* bytes of a reply before and after the value */
	struct process_list_text texts[PROCESS_LIST_FORMS];
};

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
process_list_write_all(void *ctx, const struct grant *grant, int64_t now, struct buf *out)
{
	const struct process_list_text *text = ctx;
	const struct mirror *mirror = text->list->rpcd->mirror;
	bool all = grant_sees_all(grant);

	xmlwrite_open(out, XMLWRITE_REPLY);
	xmlwrite_open(out, XMLWRITE_ARRAY);
	for (size_t i = 0; i < mirror->count; i++)
		if (all || grant_sees(grant, mirror->rows[i]->group, mirror->rows[i]->name))
			process_list_write_row(out, mirror->rows[i], now, text->form);
	xmlwrite_close(out, XMLWRITE_ARRAY);
	xmlwrite_close(out, XMLWRITE_REPLY);
}

static void
process_list_measure(struct process_list *list)
{
	struct buf out;

	buf_init(&out, 0);
	xmlwrite_open(&out, XMLWRITE_REPLY);
	list->head = buf_len(&out);
	xmlwrite_close(&out, XMLWRITE_REPLY);
	list->tail = buf_len(&out) - list->head;
	buf_clear(&out);
}

struct process_list *
process_list_new(struct rpcd *rpcd, struct budget *budget)
{
	struct process_list *list = xcalloc(1, sizeof(*list));

	list->rpcd = rpcd;
	process_list_measure(list);
	for (size_t i = 0; i < PROCESS_LIST_FORMS; i++) {
		struct process_list_text *text = &list->texts[i];

		text->list = list;
		text->form = (enum process_list_form)i;
		text->rendered = rendered_new(rpcd, budget, process_list_write_all, text);
		if (text->rendered == NULL) {
			process_list_free(list);
			return NULL;
		}
	}
	return list;
}

void
process_list_free(struct process_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < PROCESS_LIST_FORMS; i++)
		rendered_free(list->texts[i].rendered);
	free(list);
}

struct shared_buffer *
process_list_reply(
    struct process_list *list, enum process_list_form form, struct grant *grant)
{
	return rendered_get(list->texts[form].rendered, grant);
}

void
process_list_write_value(
    const struct process_list *list, const struct shared_buffer *reply, struct buf *out)
{
	xmlwrite_raw(out, reply->data + list->head, reply->len - list->head - list->tail);
}
