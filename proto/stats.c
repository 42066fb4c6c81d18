#include "proto/stats.h"

#include "common/fail.h"
#include "proto/state.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* ---- on the wire ---- */

#define COLUMN(member, may_be_unknown) \
	{offsetof(struct process_stats, member), may_be_unknown}

static const struct {
	size_t offset;
	bool may_be_unknown;
} columns[] = {
	COLUMN(id, false),
	COLUMN(pid, false),
	COLUMN(processes, true),
	COLUMN(cpu_ms, true),
	COLUMN(cpu_share, true),
	COLUMN(rss, true),
	COLUMN(fds, true),
	COLUMN(stdout_bytes, false),
	COLUMN(stderr_bytes, false),
};

static int64_t
stats_value(const struct process_stats *stats, size_t offset)
{
	int64_t value;

	memcpy(&value, (const char *)stats + offset, sizeof(value));
	return value;
}

json_t *
process_stats_write(const struct process_stats *stats)
{
	json_t *row = json_array();
	size_t count = nitems(columns);
	int failed = 0;

	while (count > 1 && stats_value(stats, columns[count - 1].offset) == 0)
		count--;
	for (size_t i = 0; i < count; i++) {
		int64_t value = stats_value(stats, columns[i].offset);

		failed |= json_array_append_new(
		    row, value == STATS_UNKNOWN ? json_null() : json_integer(value));
	}
	if (failed == 0)
		return row;
	json_decref(row);
	return NULL;
}

int
process_stats_read(const json_t *row, struct process_stats *stats)
{
	*stats = (struct process_stats){ 0 };
	for (size_t i = 0; i < nitems(columns) && i < json_array_size(row); i++) {
		const json_t *one = json_array_get(row, i);
		bool unknown = columns[i].may_be_unknown && json_is_null(one);
		int64_t value = unknown ? STATS_UNKNOWN : json_integer_value(one);

		if (!unknown && (!json_is_integer(one) || value < 0))
			return fail_with(EINVAL);
		memcpy((char *)stats + columns[i].offset, &value, sizeof(value));
	}
	return stats->id > 0 ? 0 : fail_with(EINVAL);
}

/* ---- in the API ---- */

const char *const stats_type_names[STATS_TYPES] = {
	[STATS_NUMBER] = "number",
	[STATS_SECONDS] = "double",
	[STATS_PERCENT] = "double",
	[STATS_LOG_BYTES] = "struct",
};

#define MEMBER(name, type, member, help) \
	{name, STATS_##type, offsetof(struct process_stats, member), help}

const struct stats_member stats_members[STATS_MEMBERS] = {
	MEMBER("pid", NUMBER, pid, "process id. It is 0 when the program does not run"),
	MEMBER("processes", NUMBER, processes, "number of processes of the program"),
	MEMBER("cpu_seconds", SECONDS, cpu_ms, "CPU time that these processes have used, "
	    "and processes that they started and waited for"),
	MEMBER("cpu_percent", PERCENT, cpu_share, "CPU time since the sample before, as a "
	    "percentage of one CPU. It is absent in the first sample after a start"),
	MEMBER("rss", NUMBER, rss, "resident memory in bytes; with a control "
	    "group, all memory of the group. Pages that several "
	    "processes share count once for each of them"),
	MEMBER("fds", NUMBER, fds, "open file descriptors. It is absent before Linux 6.2"),
	MEMBER("log_bytes", LOG_BYTES, stdout_bytes, "bytes written to the logs stdout and "
	    "stderr since the group was added"),
};

double
stats_member_real(const struct stats_member *member, const struct process_stats *stats)
{
	double value = (double)stats_value(stats, member->offset);

	return member->type == STATS_SECONDS ? value / 1000 : value / 10;
}

static json_t *
stats_member_value(const struct stats_member *member, const struct process_stats *stats)
{
	int64_t value = stats_value(stats, member->offset);

	switch (member->type) {
	case STATS_SECONDS:
	case STATS_PERCENT:
		return json_real(stats_member_real(member, stats));
	case STATS_LOG_BYTES:
		return json_pack("{sI,sI}", "stdout", (json_int_t)stats->stdout_bytes,
		    "stderr", (json_int_t)stats->stderr_bytes);
	case STATS_NUMBER:
	case STATS_TYPES:
		break;
	}
	return json_integer(value);
}

int
process_stats_add(json_t *object, const struct process_stats *stats)
{
	int failed = 0;

	for (const struct stats_member *m = stats_members;
	     m < stats_members + STATS_MEMBERS; m++)
		if (stats_value(stats, m->offset) != STATS_UNKNOWN)
			failed |= json_object_set_new(
			    object, m->name, stats_member_value(m, stats));
	return failed;
}

json_t *
process_stats_api(const struct process_info *info, const struct process_stats *stats)
{
	json_t *object = json_pack("{ss,ss}", "name", info->name, "group", info->group);

	if (process_stats_add(object, stats) == 0)
		return object;
	json_decref(object);
	return NULL;
}
