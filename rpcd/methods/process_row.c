#include "rpcd/methods/process_row.h"

#include "proto/api.h"

#include <stdlib.h>
#include <string.h>

static void
process_row_write_last_exit(const struct writer *w, const struct process_info *info)
{
	char *reason = process_info_last_exit(info);

	writer_open(w, WRITER_STRUCT);
	if (info->last_signal != 0)
		writer_member_int(w, "signal", info->last_signal);
	else if (info->stop != 0)
		writer_member_int(w, "status", info->last_status);
	writer_member_number(w, "time", info->stop);
	writer_member_string(w, "reason", reason != NULL ? reason : "");
	writer_close(w, WRITER_STRUCT);
	free(reason);
}

static void
process_row_write_member(const struct writer *w, const struct api_member *member,
    const struct process_info *info)
{
	const void *field = (const char *)info + member->offset;
	int64_t number;

	switch (member->type) {
	case API_NUMBER:
		memcpy(&number, field, sizeof(number));
		writer_member_number(w, member->name, number);
		return;
	case API_TEXT:
		writer_member_string(w, member->name, *(char *const *)field);
		return;
	case API_HEALTH:
		writer_member_string(w, member->name,
		    state_word_name(state_health_words, *(const int *)field));
		return;
	case API_BOOLEAN:
	case API_LAST_EXIT:
	case API_TYPES:
		break;
	}
	writer_member_open(w, member->name);
	if (member->type == API_BOOLEAN)
		writer_bool(w, *(const bool *)field);
	else
		process_row_write_last_exit(w, info);
	writer_member_close(w);
}

void
process_row_write(const struct writer *w, const struct process_info *info, int64_t now,
    enum process_form form)
{
	char *description = process_info_description(info, now);
	bool reeve = form != PROCESS_SUPERVISOR;
	/* supervisord writes large numbers as int, which XML-RPC does not allow. */
	void (*number)(const struct writer *, const char *, int64_t) =
	    reeve ? writer_member_number : writer_member_int;

	writer_open(w, WRITER_STRUCT);
	writer_member_string(w, "name", info->name);
	writer_member_string(w, "group", info->group);
	number(w, "start", info->start);
	number(w, "stop", info->stop);
	number(w, "now", now);
	writer_member_int(w, "state", info->state);
	writer_member_string(w, "statename", process_state_name(info->state));
	writer_member_string(w, "spawnerr", info->spawnerr);
	writer_member_int(w, "exitstatus", info->exitstatus);
	writer_member_string(w, "logfile", info->stdout_logfile);
	writer_member_string(w, "stdout_logfile", info->stdout_logfile);
	writer_member_string(w, "stderr_logfile", info->stderr_logfile);
	writer_member_int(w, "pid", info->pid);
	writer_member_string(w, "description", description);
	for (size_t i = 0; reeve && i < API_MEMBERS; i++)
		process_row_write_member(w, &api_members[i], info);
	if (form == PROCESS_EVENT)
		writer_member_number(w, "id", (int64_t)info->id);
	writer_close(w, WRITER_STRUCT);
	free(description);
}
