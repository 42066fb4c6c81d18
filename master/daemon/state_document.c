#include "master/daemon/state_document.h"

#include "common/fd.h"
#include "common/mem.h"
#include "master/config/document/document.h"
#include "master/control/audit.h"
#include "master/control/commands.h"
#include "master/control/control.h"
#include "master/control/sequence.h"
#include "master/daemon/config_text.h"
#include "master/daemon/peers_document.h"
#include "master/frontend/http_sockets.h"
#include "master/upgrade/backlogs_state.h"
#include "master/upgrade/events_state.h"
#include "master/upgrade/groups_state.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

#include <errno.h>
#include <stdlib.h>

static const struct statefield master_rows[] = STATEFIELDS(MASTER_FIELDS, struct master);
static const struct statefield socket_rows[] =
    STATEFIELDS(HTTP_SOCKET_FIELDS, struct http_socket_record);
static const struct statefield daemon_rows[] =
    STATEFIELDS(DAEMON_STATE_FIELDS, struct daemon_state_record);
static const struct statefield jobs_rows[] = STATEFIELDS(JOBS_FIELDS, struct jobs_record);
static const struct statefield job_rows[] = STATEFIELDS(JOB_FIELDS, struct job_record);
static const struct statefield restart_rows[] =
    STATEFIELDS(RESTART_QUEUE_FIELDS, struct restart_queue);
static const struct statefield sequence_rows[] =
    STATEFIELDS(SEQUENCE_FIELDS, struct sequence_record);
static const struct statefield step_rows[] =
    STATEFIELDS(SEQUENCE_STEP_FIELDS, struct sequence_step);
static const struct statefield wait_rows[] =
    STATEFIELDS(SEQUENCE_WAIT_FIELDS, struct sequence_wait);
static const struct statefield audit_rows[] =
    STATEFIELDS(AUDIT_FIELDS, struct audit_record);
static const struct statefield logfile_rows[] =
    STATEFIELDS(LOGFILE_FIELDS, struct logfile_record);

/* ---- the master and the daemon's state ---- */

static json_t *
state_document_write_master(struct master *master)
{
	return STATEFIELD_WRITE(master_rows, master);
}

static int
state_document_read_master(struct master *master, const json_t *json, char **why)
{
	uint64_t seq = master->seq;
	const char *bad = STATEFIELD_READ(master_rows, json, master);

	/* Rows that were added since the early section have raised it. */
	if (master->seq < seq)
		master->seq = seq;
	return state_parts_check(why, "the master", bad);
}

static json_t *
state_document_write_daemon(struct master *master)
{
	return STATEFIELD_WRITE(daemon_rows, daemon_state_record(master->daemon));
}

static int
state_document_read_daemon(struct master *master, const json_t *json, char **why)
{
	const char *bad =
	    STATEFIELD_READ(daemon_rows, json, daemon_state_record(master->daemon));

	if (bad == NULL && !daemon_state_resume(master->daemon))
		bad = "reason";
	if (daemon_state_get(master->daemon) == DAEMON_FATAL)
		jobs_halt(master->jobs);
	return state_parts_check(why, "the daemon's state", bad);
}

/* ---- the configuration in force ---- */

/* New: the configuration with these groups, as a hex string; NULL with errno. */
static json_t *
state_document_write_config(
    const struct config *config, struct group_config **groups, size_t ngroups)
{
	struct config part = *config;

	part.groups = groups;
	part.ngroups = ngroups;
	return config_text_hex(&part);
}

/* Groups that run by older definitions than those last read have theirs in "others". */
static json_t *
state_document_write_configuration(struct master *master)
{
	const struct config *config = master->config;
	struct group_config **others = NULL, **longer;
	size_t count = 0;
	const struct group *group;
	json_t *object;

	if (config == NULL)
		return json_null();
	TAILQ_FOREACH(group, &master->groups->list, in_groups) {
		if (config_group(config, group->config->name) == group->config)
			continue;
		longer = reallocarray(others, count + 1, sizeof(struct group_config *));
		if (longer == NULL)
			break;
		others = longer;
		others[count++] = group->config;
	}
	object = json_object();
	state_parts_add(&object, "read",
	    group != NULL ?
		NULL :
		state_document_write_config(config, config->groups, config->ngroups));
	state_parts_add(
	    &object, "others", state_document_write_config(config, others, count));
	free(others);
	return object;
}

/* 0, or -1 with *why new. */
static int
state_document_read_config(const json_t *hex, struct config **config, char **why)
{
	struct conf_reader reader = { .config = NULL };
	size_t n;
	char *bytes = statefield_unhex(hex, &n);

	*config = NULL;
	if (bytes == NULL || conf_reader_config(&reader, bytes, n, config) == -1)
		*why = mem_printf("state document: bad configuration: %s",
		    bytes != NULL ? reader.why : "no hex");
	conf_reader_end(&reader);
	mem_wiping_free(bytes);
	return *config == NULL ? -1 : 0;
}

static int
state_document_read_configuration(struct master *master, const json_t *json, char **why)
{
	if (json_is_null(json))
		return 0;
	if (state_document_read_config(
		json_object_get(json, "read"), &master->config, why) == -1)
		return -1;
	return state_document_read_config(
	    json_object_get(json, "others"), &master->others, why);
}

/* ---- HTTP sockets ---- */

static json_t *
state_document_write_http_sockets(struct master *master)
{
	json_t *list = json_array();
	const struct http_socket_record *record;

	for (size_t i = 0; (record = http_sockets_get(master->http_sockets, i)) != NULL;
	     i++)
		state_parts_append(&list, STATEFIELD_WRITE(socket_rows, record));
	return list;
}

static int
state_document_read_http_sockets(struct master *master, const json_t *list, char **why)
{
	size_t count = json_array_size(list), i;
	struct http_socket_record *records;
	const char *bad = NULL;
	const json_t *one;

	if (!json_is_array(list))
		return state_parts_fail(why, "bad member", "http_sockets");
	records = calloc(count + 1, sizeof(*records));
	if (records == NULL)
		return state_parts_fail(why, "out of memory", "");
	json_array_foreach(list, i, one)
		if (bad == NULL)
			bad = STATEFIELD_READ(socket_rows, one, &records[i]);
	if (bad == NULL)
		master->http_sockets = http_sockets_restore(records, count);
	free(records);
	return state_parts_check(why, "an HTTP socket", bad);
}

/* ---- jobs and restarts ---- */

/* The number of the client that gets the results; 0 = none. */
static json_t *
state_document_client(const struct master *master, const struct connection *client)
{
	return json_integer(
	    client == NULL || master->control == NULL ? 0 : (json_int_t)client->number);
}

/* NULL, or "client" if it is malformed. *client NULL: it has gone, or there was none. */
static const char *
state_document_read_client(
    const struct master *master, const json_t *json, struct connection **client)
{
	const json_t *member = json_object_get(json, "client");
	json_int_t number = json_integer_value(member);

	*client = NULL;
	if (!json_is_integer(member) || number < 0)
		return "client";
	if (number != 0 && master->control != NULL)
		*client = control_find(master->control, (uint64_t)number);
	return NULL;
}

static json_t *
state_document_write_jobs(struct master *master)
{
	json_t *object = STATEFIELD_WRITE(jobs_rows, jobs_record(master->jobs));
	json_t *queue = json_array(), *one;
	const struct job_record *job;
	void *ctx;

	for (size_t i = 0; (job = jobs_get(master->jobs, i, &ctx)) != NULL; i++) {
		one = STATEFIELD_WRITE(job_rows, job);
		state_parts_add(&one, "client",
		    state_document_client(master, job->sequence != 0 ? NULL : ctx));
		state_parts_append(&queue, one);
	}
	state_parts_add(&object, "queue", queue);
	state_parts_add(&object, "restarts",
	    STATEFIELD_WRITE(restart_rows, jobs_restarts(master->jobs)));
	return object;
}

static int
state_document_read_job(struct master *master, const json_t *json, char **why)
{
	struct job_record job = { 0 };
	const char *bad = STATEFIELD_READ(job_rows, json, &job);
	const struct job_sink *sink = NULL;
	struct connection *client = NULL;
	void *ctx = NULL;

	if (bad == NULL)
		bad = state_document_read_client(master, json, &client);
	if (bad == NULL && (job.kind < JOB_START || job.kind > JOB_CLEAR))
		bad = "kind";
	if (bad == NULL && job.sequence != 0) {
		sink = sequences_job_sink(master->sequences, job.sequence, &ctx);
		bad = sink == NULL ? "sequence" : NULL;
	} else if (client != NULL) {
		ctx = client;
		sink = &commands_job_sink;
	}
	if (bad == NULL)
		return jobs_restore(master->jobs, &job, sink, ctx) == 0 ?
		    0 :
		    state_parts_fail(why, "out of memory", "");
	id_queue_clear(&job.ids);
	free(job.signal_text);
	return state_parts_check(why, "a job", bad);
}

static int
state_document_read_jobs(struct master *master, const json_t *json, char **why)
{
	struct jobs_record *record = jobs_record(master->jobs);
	const json_t *queue = json_object_get(json, "queue"), *one;
	const char *bad = STATEFIELD_READ(jobs_rows, json, record);
	size_t i;

	if (bad == NULL && record->next_number == 0)
		bad = "next_number";
	if (bad == NULL && !json_is_array(queue))
		bad = "queue";
	if (bad == NULL)
		bad = STATEFIELD_READ(restart_rows, json_object_get(json, "restarts"),
		    jobs_restarts(master->jobs));
	if (bad != NULL)
		return state_parts_check(why, "the jobs", bad);
	json_array_foreach(queue, i, one)
		if (state_document_read_job(master, one, why) == -1)
			return -1;
	jobs_resume(master->jobs);
	return 0;
}

/* ---- restarts and updates of clients ---- */

static json_t *
state_document_write_sequence(const struct master *master,
    const struct sequence_record *record, const struct sequence_rest *rest)
{
	json_t *object = STATEFIELD_WRITE(sequence_rows, record);
	json_t *steps = json_array(), *waits = json_array();

	for (size_t i = 0; i < rest->count; i++)
		state_parts_append(&steps, STATEFIELD_WRITE(step_rows, &rest->steps[i]));
	for (size_t i = 0; i < rest->nwaits; i++)
		state_parts_append(&waits, STATEFIELD_WRITE(wait_rows, &rest->waits[i]));
	state_parts_add(&object, "steps", steps);
	state_parts_add(&object, "waits", waits);
	state_parts_add(&object, "client", state_document_client(master, rest->ctx));
	return object;
}

static json_t *
state_document_write_sequences(struct master *master)
{
	json_t *list = json_array();
	const struct sequence_record *record;
	struct sequence_rest rest;

	for (size_t i = 0; (record = sequences_get(master->sequences, i, &rest)) != NULL;
	     i++)
		state_parts_append(
		    &list, state_document_write_sequence(master, record, &rest));
	return list;
}

/* Only a step on processes can mean all (no target). */
static bool
state_document_step_is_sound(const struct sequence_step *step)
{
	bool on_processes = step->action == SEQUENCE_STOP || step->action == SEQUENCE_START;

	return step->action >= SEQUENCE_STOP && step->action <= SEQUENCE_ADD &&
	    (on_processes || step->target != NULL);
}

/* The arrays of *rest are new, also on failure. */
static const char *
state_document_read_rest(const json_t *json, struct sequence_rest *rest)
{
	const json_t *steps = json_object_get(json, "steps"), *one;
	const json_t *waits = json_object_get(json, "waits");
	size_t i;

	rest->steps = calloc(json_array_size(steps) + 1, sizeof(*rest->steps));
	rest->waits = calloc(json_array_size(waits) + 1, sizeof(*rest->waits));
	if (rest->steps == NULL || rest->waits == NULL)
		return "steps: out of memory";
	json_array_foreach(steps, i, one)
		if (STATEFIELD_READ(step_rows, one, &rest->steps[rest->count++]) != NULL ||
		    !state_document_step_is_sound(&rest->steps[i]))
			return "steps";
	json_array_foreach(waits, i, one)
		if (STATEFIELD_READ(wait_rows, one, &rest->waits[rest->nwaits++]) != NULL)
			return "waits";
	return json_is_array(steps) && json_is_array(waits) ? NULL : "steps";
}

static int
state_document_read_sequence(struct master *master, const json_t *json, char **why)
{
	struct connection *client = NULL;
	struct sequence_rest rest = { .count = 0 };
	struct sequence_record record = { 0 };
	const char *bad = STATEFIELD_READ(sequence_rows, json, &record);

	if (bad == NULL)
		bad = state_document_read_client(master, json, &client);
	rest.ctx = client;
	if (bad == NULL && record.number == 0)
		bad = "number";
	if (bad == NULL)
		bad = state_document_read_rest(json, &rest);
	if (bad == NULL && record.begun && rest.count == 0)
		bad = "begun";
	if (bad != NULL) {
		free(record.programs);
		free(rest.waits);
		sequence_steps_free(rest.steps, rest.count);
		return state_parts_check(why, "a sequence", bad);
	}
	return sequences_restore(master->sequences, &record, &rest,
		   client == NULL ? NULL : &commands_sequence_sink) == 0 ?
	    0 :
	    state_parts_fail(why, "out of memory", "");
}

static int
state_document_read_sequences(struct master *master, const json_t *list, char **why)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return state_parts_fail(why, "bad member", "sequences");
	json_array_foreach(list, i, one)
		if (state_document_read_sequence(master, one, why) == -1)
			return -1;
	return 0;
}

/* ---- the audit log ---- */

/* Null without a file. The descriptor stays open until the path was opened again, because a
 * FIFO that nobody has open loses what it holds. */
static json_t *
state_document_write_audit(struct master *master)
{
	struct logfile *file = audit_file(master->audit);
	json_t *object;
	int fd;

	if (file == NULL)
		return json_null();
	fd = logfile_fd(file);
	object = STATEFIELD_WRITE(audit_rows, audit_record(master->audit));
	state_parts_add(
	    &object, "log", STATEFIELD_WRITE(logfile_rows, logfile_record(file)));
	state_parts_add(&object, "log_fd", statefield_write_fd(&fd));
	return object;
}

static int
state_document_read_audit(struct master *master, const json_t *json, char **why)
{
	struct logfile *file = audit_file(master->audit);
	const char *bad;
	int fd;

	if (file == NULL)
		return state_parts_check(
		    why, "the audit log", json_is_null(json) ? NULL : "log");
	if (!statefield_read_fd(json_object_get(json, "log_fd"), &fd))
		return state_parts_check(why, "the audit log", "log_fd");
	fd_close(fd);
	bad = STATEFIELD_READ(audit_rows, json, audit_record(master->audit));
	if (bad == NULL &&
	    STATEFIELD_READ(
		logfile_rows, json_object_get(json, "log"), logfile_record(file)) != NULL)
		bad = "log";
	return state_parts_check(why, "the audit log", bad);
}

/* ---- sections of upgrade/ ---- */

#define SECTION_OF(name, write, read)                                                   \
	static json_t *state_document_write_##name(struct master *master)               \
	{                                                                               \
		return write;                                                           \
	}                                                                               \
	static int state_document_read_##name(                                          \
	    struct master *master, const json_t *json, char **why)                      \
	{                                                                               \
		return read;                                                            \
	}

SECTION_OF(groups, groups_state_write(master->groups),
    groups_state_read(master->groups, json, master->next_id, why))
SECTION_OF(events, events_state_write(master->dispatcher),
    events_state_read(master->dispatcher, json, why))
SECTION_OF(backlogs, backlogs_state_write(master->backlogs),
    backlogs_state_read(master->backlogs, json, why))

/* ---- the document ---- */

#define SECTION(name) {#name, state_document_write_##name, state_document_read_##name}

#define PEERS_SECTION(name) {#name, peers_document_write_##name, peers_document_read_##name}

struct section {
	const char *name;
	json_t *(*write)(struct master *);
	int (*read)(struct master *, const json_t *, char **why);
};

/* Read before a run has any subsystem. The section "master" is read again later, because
 * creating groups uses up numbers and serials. */
static const struct section early[] = {
    SECTION(master),
    SECTION(configuration),
    SECTION(http_sockets),
};

/* Read when the subsystems exist, in this order. */
static const struct section sections[] = {
    SECTION(master),
    SECTION(groups),
    PEERS_SECTION(page),
    PEERS_SECTION(frontends),
    PEERS_SECTION(control),
    PEERS_SECTION(interfaces),
    SECTION(sequences),
    SECTION(jobs),
    SECTION(events),
    SECTION(backlogs),
    SECTION(audit),
    SECTION(daemon),
    PEERS_SECTION(children),
};

json_t *
state_document_write(struct master *master)
{
	json_t *doc = json_object();

	state_parts_add(&doc, "format", json_integer(STATE_DOCUMENT_FORMAT));
	for (size_t i = 0; i < nitems(early); i++)
		state_parts_add(&doc, early[i].name, early[i].write(master));
	for (size_t i = 1; i < nitems(sections); i++)
		state_parts_add(&doc, sections[i].name, sections[i].write(master));
	return doc;
}

static int
state_document_read_sections(struct master *master, const json_t *doc,
    const struct section *list, size_t count, char **why)
{
	const json_t *format = json_object_get(doc, "format");

	*why = NULL;
	if (!json_is_integer(format) || json_integer_value(format) != STATE_DOCUMENT_FORMAT)
		return state_parts_fail(why, "unknown format", "");
	for (size_t i = 0; i < count; i++)
		if (list[i].read(master, json_object_get(doc, list[i].name), why) == -1)
			return -1;
	return 0;
}

int
state_document_read_early(struct master *master, const json_t *doc, char **why)
{
	return state_document_read_sections(master, doc, early, nitems(early), why);
}

int
state_document_read(struct master *master, const json_t *doc, char **why)
{
	return state_document_read_sections(master, doc, sections, nitems(sections), why);
}
