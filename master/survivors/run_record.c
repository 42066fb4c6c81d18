#include "master/survivors/run_record.h"

#include "common/str.h"
#include "master/child/child.h"
#include "master/process/group.h"
#include "master/upgrade/statefield.h"
#include "proto/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_RECORD_FORMAT 1

static const struct statefield record_rows[] =
    STATEFIELDS(RUN_RECORD_FIELDS, struct run_record);

static char *
run_record_dump(json_t *object_take)
{
	char *line = object_take != NULL ? json_dumps(object_take, JSON_COMPACT) : NULL;

	json_decref(object_take);
	return line;
}

char *
run_record_head(const char *boot)
{
	return run_record_dump(
	    json_pack("{s:i,s:s}", "format", RUN_RECORD_FORMAT, "boot", boot));
}

char *
run_record_line(const struct run_record *record)
{
	return run_record_dump(STATEFIELD_WRITE(record_rows, record));
}

char *
run_record_ended(pid_t pid)
{
	return run_record_dump(json_pack("{s:i}", "ended", (int)pid));
}

static enum run_line
run_record_read_head(const json_t *line, char boot[RUN_RECORD_BOOT])
{
	const char *text = json_string_value(json_object_get(line, "boot"));

	if (text == NULL || strlen(text) >= RUN_RECORD_BOOT ||
	    json_integer_value(json_object_get(line, "format")) != RUN_RECORD_FORMAT)
		return RUN_LINE_BAD;
	snprintf(boot, RUN_RECORD_BOOT, "%s", text);
	return RUN_LINE_HEAD;
}

/* The daemon sends signals to these processes. */
static bool
run_record_is_sound(const struct run_record *record)
{
	return record->group != NULL && record->name != NULL && record->pid > 1 &&
	    record->born_first >= 0 && record->born_first <= record->born_last &&
	    record->stopsignal > 0 && record->stopsignal < NSIG &&
	    record->stopwaitsecs >= 0 && record->uid >= 0 && record->uid <= UINT32_MAX;
}

static enum run_line
run_record_read_object(
    const json_t *line, struct run_record *record, char boot[RUN_RECORD_BOOT])
{
	const json_t *ended = json_object_get(line, "ended");
	json_int_t pid = json_integer_value(ended);

	if (json_object_get(line, "format") != NULL)
		return run_record_read_head(line, boot);
	if (ended != NULL) {
		record->pid = pid > 1 && pid <= INT32_MAX ? (int)pid : 0;
		return record->pid != 0 ? RUN_LINE_ENDED : RUN_LINE_BAD;
	}
	if (STATEFIELD_READ(record_rows, line, record, RUN_RECORD_FORMAT) == NULL &&
	    run_record_is_sound(record))
		return RUN_LINE_RUNS;
	return RUN_LINE_BAD;
}

enum run_line
run_record_read(
    const char *line, size_t n, struct run_record *record, char boot[RUN_RECORD_BOOT])
{
	json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, NULL);
	enum run_line kind;

	*record = (struct run_record){ 0 };
	kind = run_record_read_object(object, record, boot);
	json_decref(object);
	return kind;
}

void
run_record_clear(struct run_record *record)
{
	free(record->group);
	free(record->name);
	free(record->mark);
	free(record->cgroup);
	*record = (struct run_record){ 0 };
}

void
run_record_of(const struct process *p, struct run_record *record)
{
	const struct user *user = p->config->user;
	struct child_origin origin;

	child_origin(p, &origin);
	*record = (struct run_record){
		.group = p->group->config->name,
		.name = p->config->name,
		.pid = p->pid,
		.born_first = origin.born_first,
		.born_last = origin.born_last,
		.id = p->id,
		.spawn = p->spawn,
		.start = p->start,
		.restarts = p->restarts,
		.stopping = p->killing,
		.group_priority = p->group->config->priority,
		.priority = p->config->priority,
		.stopsignal = p->config->stopsignal,
		.stopwaitsecs = p->config->stopwaitsecs,
		.stopasgroup = p->config->stopasgroup,
		.killasgroup = p->config->killasgroup,
		.mark = origin.mark,
		.cgroup = p->config->killmode == KILL_CGROUP ? origin.cgroup : NULL,
		.uid = user != NULL ? user->uid : geteuid(),
		.stdin_pipe = origin.stdin_pipe,
		.stdout_pipe = origin.output_pipes[OUTPUT_STDOUT],
		.stderr_pipe = origin.output_pipes[OUTPUT_STDERR],
	};
}

/* The ids of a group's processes follow one another. */
int
run_record_order(const struct run_record *a, const struct run_record *b)
{
	int64_t left = a->priority, right = b->priority;

	if (strcmp(a->group, b->group) != 0) {
		left = a->group_priority;
		right = b->group_priority;
	}
	if (left != right)
		return left > right ? -1 : 1;
	return a->id > b->id ? -1 : a->id < b->id;
}

char *
run_record_name(const struct run_record *record)
{
	return namespec_join(record->group, record->name);
}
