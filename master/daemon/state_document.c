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
#include "master/upgrade/backlogs_state.h"
#include "master/upgrade/events_state.h"
#include "master/upgrade/groups_state.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

#include <errno.h>
#include <stdlib.h>

static const struct statefield master_rows[] = STATEFIELDS(MASTER_FIELDS, struct master);
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
state_document_read_master(
    struct master *master, const json_t *json, int format, char **why)
{
	uint64_t seq = master->seq;
	const char *bad = STATEFIELD_READ(master_rows, json, master, format);

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
state_document_read_daemon(
    struct master *master, const json_t *json, int format, char **why)
{
	const char *bad =
	    STATEFIELD_READ(daemon_rows, json, daemon_state_record(master->daemon), format);

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
state_document_read_configuration(
    struct master *master, const json_t *json, int format UNUSED, char **why)
{
	if (json_is_null(json))
		return 0;
	if (state_document_read_config(
		json_object_get(json, "read"), &master->config, why) == -1)
		return -1;
	return state_document_read_config(
	    json_object_get(json, "others"), &master->others, why);
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
state_document_read_job(struct master *master, const json_t *json, int format, char **why)
{
	struct job_record job = { 0 };
	const char *bad = STATEFIELD_READ(job_rows, json, &job, format);
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
state_document_read_jobs(struct master *master, const json_t *json, int format, char **why)
{
	struct jobs_record *record = jobs_record(master->jobs);
	const json_t *queue = json_object_get(json, "queue"), *one;
	const char *bad = STATEFIELD_READ(jobs_rows, json, record, format);
	size_t i;

	if (bad == NULL && record->next_number == 0)
		bad = "next_number";
	if (bad == NULL && !json_is_array(queue))
		bad = "queue";
	if (bad == NULL)
		bad = STATEFIELD_READ(restart_rows, json_object_get(json, "restarts"),
		    jobs_restarts(master->jobs), format);
	if (bad != NULL)
		return state_parts_check(why, "the jobs", bad);
	json_array_foreach(queue, i, one)
		if (state_document_read_job(master, one, format, why) == -1)
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
state_document_read_rest(const json_t *json, struct sequence_rest *rest, int format)
{
	const json_t *steps = json_object_get(json, "steps"), *one;
	const json_t *waits = json_object_get(json, "waits");
	size_t i;

	rest->steps = calloc(json_array_size(steps) + 1, sizeof(*rest->steps));
	rest->waits = calloc(json_array_size(waits) + 1, sizeof(*rest->waits));
	if (rest->steps == NULL || rest->waits == NULL)
		return "steps: out of memory";
	json_array_foreach(steps, i, one)
		if (STATEFIELD_READ(step_rows, one, &rest->steps[rest->count++], format) !=
			NULL ||
		    !state_document_step_is_sound(&rest->steps[i]))
			return "steps";
	json_array_foreach(waits, i, one)
		if (STATEFIELD_READ(wait_rows, one, &rest->waits[rest->nwaits++], format) !=
		    NULL)
			return "waits";
	return json_is_array(steps) && json_is_array(waits) ? NULL : "steps";
}

static int
state_document_read_sequence(
    struct master *master, const json_t *json, int format, char **why)
{
	struct connection *client = NULL;
	struct sequence_rest rest = { .count = 0 };
	struct sequence_record record = { 0 };
	const char *bad = STATEFIELD_READ(sequence_rows, json, &record, format);

	if (bad == NULL)
		bad = state_document_read_client(master, json, &client);
	rest.ctx = client;
	if (bad == NULL && record.number == 0)
		bad = "number";
	if (bad == NULL)
		bad = state_document_read_rest(json, &rest, format);
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
state_document_read_sequences(
    struct master *master, const json_t *list, int format, char **why)
{
	return state_parts_each(
	    master, list, format, "sequences", state_document_read_sequence, why);
}

/* ---- the daemon's own logs ---- */

/* New: {"log", "log_fd"}, of which state_document_log_fd reads the descriptor. */
static json_t *
state_document_write_log(struct logfile *file, json_t *object_take)
{
	int fd = logfile_fd(file);

	state_parts_add(
	    &object_take, "log", STATEFIELD_WRITE(logfile_rows, logfile_record(file)));
	state_parts_add(&object_take, "log_fd", statefield_write_fd(&fd));
	return object_take;
}

int
state_document_log_fd(const json_t *doc, const char *section)
{
	const json_t *json = json_object_get(json_object_get(doc, section), "log_fd");
	int fd = -1;

	return json != NULL && statefield_read_fd(json, &fd) ? fd : -1;
}

static int
state_document_read_log(
    struct logfile *file, const json_t *json, const char *what, int format, char **why)
{
	const json_t *log = json_object_get(json, "log");

	return state_parts_check(why, what,
	    STATEFIELD_READ(logfile_rows, log, logfile_record(file), format) != NULL ?
		"log" :
		NULL);
}

/* Null without a file. */
static json_t *
state_document_write_mainlog(struct master *master)
{
	struct logfile *file = mainlog_file(master->mainlog);

	return file == NULL ? json_null() : state_document_write_log(file, json_object());
}

static int
state_document_read_mainlog(
    struct master *master, const json_t *json, int format, char **why)
{
	struct logfile *file = mainlog_file(master->mainlog);

	if (file == NULL)
		return state_parts_check(
		    why, "the main log", json_is_null(json) ? NULL : "log");
	return state_document_read_log(file, json, "the main log", format, why);
}

/* Null without a file. */
static json_t *
state_document_write_audit(struct master *master)
{
	struct logfile *file = audit_file(master->audit);

	if (file == NULL)
		return json_null();
	return state_document_write_log(
	    file, STATEFIELD_WRITE(audit_rows, audit_record(master->audit)));
}

static int
state_document_read_audit(struct master *master, const json_t *json, int format, char **why)
{
	struct logfile *file = audit_file(master->audit);
	const char *bad;

	if (file == NULL)
		return state_parts_check(
		    why, "the audit log", json_is_null(json) ? NULL : "log");
	bad = STATEFIELD_READ(audit_rows, json, audit_record(master->audit), format);
	if (bad != NULL)
		return state_parts_check(why, "the audit log", bad);
	return state_document_read_log(file, json, "the audit log", format, why);
}

/* ---- sections of upgrade/ ---- */

#define SECTION_OF(name, write, read)                                                   \
	static json_t *state_document_write_##name(struct master *master)               \
	{                                                                               \
		return write;                                                           \
	}                                                                               \
	static int state_document_read_##name(                                          \
	    struct master *master, const json_t *json, int format, char **why)          \
	{                                                                               \
		return read;                                                            \
	}

SECTION_OF(groups, groups_state_write(master->groups),
    groups_state_read(master->groups, json, master->next_id, format, why))
SECTION_OF(events, events_state_write(master->dispatcher),
    events_state_read(master->dispatcher, json, format, why))
SECTION_OF(backlogs, backlogs_state_write(master->backlogs),
    backlogs_state_read(master->backlogs, json, format, why))

/* ---- the document ---- */

#define SECTION(name, since) \
	{#name, since, state_document_write_##name, state_document_read_##name}

#define PEERS_SECTION(name, since) \
	{#name, since, peers_document_write_##name, peers_document_read_##name}

struct section {
	const char *name;
	int since; /* the first format that has it */
	json_t *(*write)(struct master *);
	int (*read)(struct master *, const json_t *, int format, char **why);
};

/* Read before a run has any subsystem. The section "master" is read again later, because
 * creating groups uses up numbers and serials. */
static const struct section early[] = {
    SECTION(master, 1),
    SECTION(configuration, 1),
    PEERS_SECTION(http_sockets, 1),
};

/* Read when the subsystems exist, in this order. */
static const struct section sections[] = {
    SECTION(master, 1),
    SECTION(groups, 1),
    PEERS_SECTION(page, 1),
    PEERS_SECTION(frontends, 1),
    PEERS_SECTION(control, 1),
    PEERS_SECTION(interfaces, 1),
    SECTION(sequences, 1),
    SECTION(jobs, 1),
    SECTION(events, 1),
    SECTION(backlogs, 1),
    SECTION(mainlog, 1),
    SECTION(audit, 1),
    SECTION(daemon, 1),
    PEERS_SECTION(children, 1),
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
	json_int_t format = json_integer_value(json_object_get(doc, "format"));

	*why = NULL;
	if (format < 1)
		return state_parts_fail(why, "unknown format", "");
	if (format > STATE_DOCUMENT_FORMAT) {
		*why = mem_printf(
		    "state document: it has format %lld, and version " REEVE_VERSION
		    " reads formats up to %d",
		    (long long)format, STATE_DOCUMENT_FORMAT);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (list[i].since <= format &&
		    list[i].read(
			master, json_object_get(doc, list[i].name), (int)format, why) == -1)
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
