#include "master/upgrade/statedoc.h"

#include "common/log.h"
#include "master/child/backlog.h"
#include "master/upgrade/statedoc_events.h"
#include "master/upgrade/statedoc_json.h"
#include "master/upgrade/statedoc_sequences.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* job.c, mood.c, events.c and capture.c guard their own structs, the unit test guards
 * struct master. */
STATEDOC_SIZE(struct process, 240);
STATEDOC_SIZE(struct group, 88);
STATEDOC_SIZE(struct daemon_memory, 32);
STATEDOC_SIZE(struct job_state, 32);

static const struct statefield process_rows[] = {
	ROW(struct process, id, U64),
	ROW(struct process, spawn, U64),
	ROW(struct process, last_spawn, U64),
	ROW(struct process, verdict, VERDICT),
	ROW(struct process, state, STATE),
	ROW(struct process, pid, INT),
	ROW(struct process, killing, BOOL),
	ROW(struct process, started_ms, I64),
	ROW(struct process, deadline_ms, I64),
	ROW(struct process, due_ms, I64),
	ROW(struct process, report_ms, I64),
	ROW(struct process, start, I64),
	ROW(struct process, stop, I64),
	ROW(struct process, backoff, I64),
	ROW(struct process, has_exitstatus, BOOL),
	ROW(struct process, exitstatus, INT),
	ROW(struct process, last_status, INT),
	ROW(struct process, last_signal, INT),
	ROW(struct process, restarts, U64),
	ROW(struct process, spawnerr, TEXT),
	ROW(struct process, failure, TEXT),
	ROW(struct process, respawning, BOOL),
	ROW(struct process, autostart_cancelled, BOOL),
	ROW(struct process, first_start_job, U64),
	ROW(struct process, rejected_ms, I64),
	ROW(struct process, ending, INT),
};

static const struct statefield master_rows[] = {
	ROW(struct master, next_id, U64),
	ROW(struct master, seq, U64),
	ROW(struct master, next_event, U64),
	ROW(struct master, rereads, U64),
	ROW(struct master, restart_wanted, BOOL),
	ROW(struct master, exit_status, INT),
	ROW(struct master, config_path, TEXT),
	ROW(struct master, config_name, TEXT),
};

/* daemon_memory with a reason of its own. */
struct daemon_copy {
	enum daemon_state state;
	char *reason;
	bool by_pid;
	int64_t reported_ms;
};

static const struct statefield daemon_rows[] = {
	ROW(struct daemon_copy, state, DAEMON),
	ROW(struct daemon_copy, reason, TEXT),
	ROW(struct daemon_copy, by_pid, BOOL),
	ROW(struct daemon_copy, reported_ms, I64),
};

/* job_state's scalars. */
struct job_copy {
	uint64_t number;
	int kind, signo;
};

static const struct statefield job_rows[] = {
	ROW(struct job_copy, number, U64),
	ROW(struct job_copy, kind, INT),
	ROW(struct job_copy, signo, INT),
};

/* ---- writing ---- */

static json_t *
write_process(const struct process *p, const struct statedoc_ops *ops, void *ctx)
{
	json_t *object = WRITE(process_rows, p);
	struct statedoc_pipes pipes;

	statedoc_add(&object, "name", json_string(p->config->name));
	if (ops == NULL)
		return object;
	statedoc_pipes_init(&pipes);
	statedoc_add(&object, "pipes",
	    ops->get(ctx, p, &pipes) == 0 ? statedoc_pipes_write(&pipes) : NULL);
	statedoc_pipes_clear(&pipes);
	return object;
}

static json_t *
write_groups(const struct master *master, const struct statedoc_ops *ops, void *ctx)
{
	json_t *list = json_array();
	const struct group *group;
	const struct process *p;

	for (group = groups_first(master->groups); group != NULL;
	    group = groups_next(group)) {
		json_t *object = json_object(), *processes = json_array();

		TAILQ_FOREACH(p, &group->processes, in_group)
			statedoc_append(&processes, write_process(p, ops, ctx));
		statedoc_add(&object, "name", json_string(group->config->name));
		statedoc_add(&object, "processes", processes);
		statedoc_append(&list, object);
	}
	return list;
}

static json_t *
write_mood(const struct daemon *daemon)
{
	struct daemon_memory memory;
	struct daemon_copy copy;
	json_t *object;

	daemon_get(daemon, &memory);
	copy = (struct daemon_copy){
		.state = memory.state,
		.reason = strdup(memory.reason),
		.by_pid = memory.by_pid,
		.reported_ms = memory.reported_ms,
	};
	object = copy.reason != NULL ? WRITE(daemon_rows, &copy) : NULL;
	free(copy.reason);
	return object;
}

static json_t *
write_job(const struct job_state *job)
{
	struct job_copy copy = { job->number, (int)job->kind, job->signo };
	json_t *object = WRITE(job_rows, &copy), *ids = json_array();

	for (size_t i = 0; i < job->count; i++)
		statedoc_append(&ids, json_integer((json_int_t)job->ids[i]));
	statedoc_add(&object, "ids", ids);
	return object;
}

static json_t *
write_jobs(const struct jobs *jobs)
{
	json_t *object = json_object(), *queue = json_array(), *respawns = json_array();
	struct job_state job;
	uint64_t id;

	for (size_t i = 0; jobs_get(jobs, i, &job); i++)
		statedoc_append(&queue, write_job(&job));
	for (size_t i = 0; (id = jobs_respawning(jobs, i)) != 0; i++)
		statedoc_append(&respawns, json_integer((json_int_t)id));
	statedoc_add(&object, "next", json_integer((json_int_t)jobs_next_number(jobs)));
	statedoc_add(&object, "queue", queue);
	statedoc_add(&object, "respawns", respawns);
	return object;
}

static json_t *
write_backlogs(const struct backlogs *backlogs)
{
	json_t *list = json_array(), *object;
	const char *path, *bytes;
	uint64_t lost;
	size_t n;

	for (size_t i = 0; (path = backlogs_get(backlogs, i, &bytes, &n, &lost)) != NULL;
	    i++) {
		object = json_object();
		statedoc_add(&object, "lost", json_integer((json_int_t)lost));
		statedoc_add(&object, "path", statefield_hex(path, strlen(path)));
		statedoc_add(&object, "bytes", statefield_hex(bytes, n));
		statedoc_append(&list, object);
	}
	return list;
}

/* RLIM_INFINITY becomes -1, and comes back. */
static json_t *
write_limit(const struct rlimit *limit)
{
	json_t *object = json_object();

	statedoc_add(&object, "soft", json_integer((json_int_t)limit->rlim_cur));
	statedoc_add(&object, "hard", json_integer((json_int_t)limit->rlim_max));
	return object;
}

json_t *
statedoc_write(const struct master *master, const struct statedoc_ops *ops, void *ctx)
{
	json_t *doc = WRITE(master_rows, master);

	statedoc_add(&doc, "format", json_integer(STATEDOC_FORMAT));
	statedoc_add(&doc, "child_nofile", write_limit(&master->child_nofile));
	statedoc_add(&doc, "mood", write_mood(master->daemon));
	statedoc_add(&doc, "groups", write_groups(master, ops, ctx));
	statedoc_add(&doc, "jobs", write_jobs(master->jobs));
	statedoc_add(&doc, "sequences", statedoc_sequences_write(master->sequences));
	statedoc_add(&doc, "events", statedoc_events_write(master->dispatcher));
	statedoc_add(&doc, "backlogs", write_backlogs(master->backlogs));
	return doc;
}

/* ---- reading ---- */

static int
read_runtime(struct process *p, const json_t *json, const struct statedoc_ops *ops,
    void *ctx, char **why)
{
	struct statedoc_pipes pipes;
	int result;

	if (ops == NULL)
		return 0;
	statedoc_pipes_init(&pipes);
	result = statedoc_pipes_read(json_object_get(json, "pipes"), &pipes, why);
	if (result == 0)
		result = ops->put(ctx, p, &pipes, why);
	statedoc_pipes_clear(&pipes);
	return result;
}

/* The number goes through the map of numbers, the state through the counters. */
static int
read_state(struct groups *groups, struct process *p, const json_t *json, char **why)
{
	uint64_t old_id = p->id, id;
	enum process_state from = p->state;
	const char *bad = READ(process_rows, json, p);

	id = p->id;
	p->id = old_id;
	if (bad != NULL)
		return statedoc_fail(why, "bad member", bad);
	if (id == 0)
		return statedoc_fail(why, "bad member", "id");
	group_process_changed(groups, p, from);
	if (groups_renumber(groups, p, id) == -1)
		return statedoc_fail(why, "out of memory", "");
	if (p->deadline_ms != -1)
		p->ops->arm(p, p->deadline_ms);
	return 0;
}

static int
read_process(struct master *master, struct group *group, const json_t *json,
    const struct statedoc_ops *ops, void *ctx, char **why)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	struct process *p = name != NULL ? group_process(group, name) : NULL;

	if (p == NULL)
		return statedoc_fail(why, "no such process:", name != NULL ? name : "");
	if (read_state(master->groups, p, json, why) == -1)
		return -1;
	return read_runtime(p, json, ops, ctx, why);
}

static int
read_group(struct master *master, const json_t *json, const struct statedoc_ops *ops,
    void *ctx, char **why)
{
	const char *name = json_string_value(json_object_get(json, "name"));
	struct group *group = name != NULL ? groups_find(master->groups, name) : NULL;
	const json_t *processes = json_object_get(json, "processes"), *one;
	size_t i;

	if (group == NULL)
		return statedoc_fail(why, "no such group:", name != NULL ? name : "");
	if (json_array_size(processes) != group->count)
		return statedoc_fail(why, "other processes than configured in group", name);
	json_array_foreach(processes, i, one) {
		if (read_process(master, group, one, ops, ctx, why) == -1)
			return -1;
	}
	groups_move_last(master->groups, group);
	return 0;
}

/* Each number is held by one process; else the map has forgotten one of them. */
static int
check_numbers(const struct groups *groups, uint64_t next_id, char **why)
{
	const struct group *group;
	const struct process *p;

	for (group = groups_first(groups); group != NULL; group = groups_next(group)) {
		TAILQ_FOREACH(p, &group->processes, in_group) {
			if (groups_process(groups, p->id) != p || p->id >= next_id)
				return statedoc_fail(why, "wrong number of process",
				    p->config->name);
		}
	}
	return 0;
}

static int
read_groups(struct master *master, const json_t *list, const struct statedoc_ops *ops,
    void *ctx, char **why)
{
	const struct group *group;
	const json_t *one;
	size_t i, count = 0;

	for (group = groups_first(master->groups); group != NULL;
	    group = groups_next(group))
		count++;
	if (json_array_size(list) != count)
		return statedoc_fail(why, "other groups than configured", "");
	json_array_foreach(list, i, one) {
		if (read_group(master, one, ops, ctx, why) == -1)
			return -1;
	}
	return check_numbers(master->groups, master->next_id, why);
}

static int
read_mood(struct daemon *daemon, const json_t *json, char **why)
{
	struct daemon_copy copy = { 0 };
	const char *bad = READ(daemon_rows, json, &copy);
	int result = 0;

	if (bad == NULL && copy.reason != NULL)
		daemon_put_back(daemon, &(struct daemon_memory){
			.state = copy.state,
			.reason = copy.reason,
			.by_pid = copy.by_pid,
			.reported_ms = copy.reported_ms,
		});
	else
		result = statedoc_fail(why, "bad member of the mood:",
		    bad != NULL ? bad : "reason");
	free(copy.reason);
	return result;
}

/* New array of numbers; NULL when the list is none, or ENOMEM. */
static uint64_t *
read_numbers(const json_t *list, size_t *count)
{
	uint64_t *numbers = NULL;
	json_t *one;
	size_t i;

	*count = json_array_size(list);
	if (json_is_array(list))
		numbers = calloc(*count + 1, sizeof(*numbers));
	if (numbers == NULL)
		return NULL;
	json_array_foreach(list, i, one) {
		if (!json_is_integer(one) || json_integer_value(one) <= 0) {
			free(numbers);
			return NULL;
		}
		numbers[i] = (uint64_t)json_integer_value(one);
	}
	return numbers;
}

static int
read_job(struct jobs *jobs, const json_t *json, char **why)
{
	struct job_copy copy = { 0 };
	struct job_state job;
	const char *bad = READ(job_rows, json, &copy);
	uint64_t *ids = read_numbers(json_object_get(json, "ids"), &job.count);
	int result = -1;

	if (bad == NULL && (copy.kind < JOB_START || copy.kind > JOB_CLEAR))
		bad = "kind";
	if (bad != NULL || ids == NULL) {
		free(ids);
		return statedoc_fail(why, "bad member of a job:",
		    bad != NULL ? bad : "ids");
	}
	job.number = copy.number;
	job.kind = (enum job_kind)copy.kind;
	job.signo = copy.signo;
	job.ids = ids;
	result = jobs_put_back(jobs, &job);
	free(ids);
	return result == 0 ? 0 : statedoc_fail(why, "out of memory", "");
}

static int
read_respawns(struct master *master, const json_t *list, char **why)
{
	size_t count;
	uint64_t *ids = read_numbers(list, &count);
	struct process *p;

	if (ids == NULL)
		return statedoc_fail(why, "bad member", "respawns");
	for (size_t i = 0; i < count; i++) {
		p = groups_process(master->groups, ids[i]);
		if (p != NULL)
			jobs_respawn(master->jobs, p);
	}
	free(ids);
	return 0;
}

static int
read_jobs(struct master *master, const json_t *json, char **why)
{
	const json_t *next = json_object_get(json, "next"), *one;
	const json_t *queue = json_object_get(json, "queue");
	size_t i;

	if (!json_is_integer(next) || json_integer_value(next) <= 0)
		return statedoc_fail(why, "bad member", "next");
	if (!json_is_array(queue))
		return statedoc_fail(why, "bad member", "queue");
	jobs_set_next_number(master->jobs, (uint64_t)json_integer_value(next));
	json_array_foreach(queue, i, one) {
		if (read_job(master->jobs, one, why) == -1)
			return -1;
	}
	return read_respawns(master, json_object_get(json, "respawns"), why);
}

static int
read_limit(const json_t *json, struct rlimit *limit, char **why)
{
	const json_t *soft = json_object_get(json, "soft");
	const json_t *hard = json_object_get(json, "hard");

	if (!json_is_integer(soft) || !json_is_integer(hard))
		return statedoc_fail(why, "bad member", "child_nofile");
	limit->rlim_cur = (rlim_t)json_integer_value(soft);
	limit->rlim_max = (rlim_t)json_integer_value(hard);
	return 0;
}

/* A log that cannot be opened any more loses what waited for it. */
static int
read_backlogs(struct backlogs *backlogs, const json_t *list, char **why)
{
	const json_t *one;
	size_t i, n, npath;

	if (!json_is_array(list))
		return statedoc_fail(why, "bad member", "backlogs");
	json_array_foreach(list, i, one) {
		char *path = statefield_unhex(json_object_get(one, "path"), &npath);
		char *bytes = statefield_unhex(json_object_get(one, "bytes"), &n);
		json_t *lost = json_object_get(one, "lost");
		bool good = path != NULL && bytes != NULL && json_is_integer(lost);

		if (good && backlogs_put_back(backlogs, path, bytes, n,
				(uint64_t)json_integer_value(lost)) == -1)
			log_error("log file %s: %zu bytes are lost: %s", path, n,
			    strerror(errno));
		free(path);
		free(bytes);
		if (!good)
			return statedoc_fail(why, "bad member of a backlog", "");
	}
	return 0;
}

int
statedoc_read(struct master *master, const json_t *doc, const struct statedoc_ops *ops,
    void *ctx, char **why)
{
	const json_t *format = json_object_get(doc, "format");
	const char *bad;

	*why = NULL;
	if (!json_is_integer(format) || json_integer_value(format) != STATEDOC_FORMAT)
		return statedoc_fail(why, "not of the format known here", "");
	bad = READ(master_rows, doc, master);
	if (bad != NULL)
		return statedoc_fail(why, "bad member", bad);
	if (read_limit(json_object_get(doc, "child_nofile"), &master->child_nofile, why) ||
	    read_groups(master, json_object_get(doc, "groups"), ops, ctx, why) == -1 ||
	    read_jobs(master, json_object_get(doc, "jobs"), why) == -1 ||
	    statedoc_sequences_read(master->sequences, json_object_get(doc, "sequences"),
		why) == -1 ||
	    statedoc_events_read(master->dispatcher, json_object_get(doc, "events"), why) ==
		-1 ||
	    read_backlogs(master->backlogs, json_object_get(doc, "backlogs"), why) == -1)
		return -1;
	return read_mood(master->daemon, json_object_get(doc, "mood"), why);
}
