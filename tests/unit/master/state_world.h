/* State world: for the tests of the state document: a master with processes in every state,
 * and the document as text. */
#ifndef TESTS_STATE_WORLD_H
#define TESTS_STATE_WORLD_H

#include "tests/unit/common/no_log.h"
#include "tests/unit/master/recorder.h"

#include "common/loop.h"
#include "common/str.h"
#include "master/control/sequence.h"
#include "master/daemon/state_document.h"
#include "master/event/dispatch.h"
#include "master/frontend/http_sockets.h"
#include "master/log/backlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct scene {
	struct recorder recorder;
	struct master master;
};

/* ---- masters ---- */

static void
daemon_changed(void *ctx UNUSED)
{
}

static const struct daemon_state_ops daemon_ops = {
    daemon_changed, daemon_changed, daemon_changed};

static void
enqueue(struct recorder *r, struct process *p)
{
	struct scene *s = r->ctx;

	jobs_respawn(s->master.jobs, p);
}

static struct listener_protocol *
no_listener(const struct process *p UNUSED)
{
	return NULL;
}

static const struct listener_pool_ops listener_pool_ops = { .protocol = no_listener };

static struct group_config *
group_of(const char *name, const char *programs)
{
	struct group_config *g = recorder_group(name, 999);
	char *copy = strdup(programs), *save = NULL, *word;
	struct process_config *c;

	for (word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		c = recorder_add(g, recorder_program(word, 999));
		if (strcmp(word, "fatal") == 0)
			c->startretries = 0;
		if (strcmp(word, "again") == 0)
			c->autorestart = AUTORESTART_TRUE;
	}
	free(copy);
	return g;
}

static void
activate(struct scene *s, const char *name, const char *programs)
{
	recorder_activate(
	    &s->recorder, s->master.groups, group_of(name, programs), &s->master.next_id);
}

/* A pool receives the event of its own addition, so a document that is read later must not
 * have lower serials. */
static void
activate_pool(struct scene *s, const char *name)
{
	struct group_config *g = group_of(name, "due");
	struct group *group;
	struct listener_pool *pool;

	g->kind = GROUP_LISTENER_POOL;
	g->pool.events = UINT32_C(1) << EVENT_ANY;
	group = recorder_activate(&s->recorder, s->master.groups, g, &s->master.next_id);
	pool = listener_pool_new(group, &listener_pool_ops);
	assert_non_null(pool);
	dispatch_subscribe(s->master.dispatcher, pool);
	dispatch_group(s->master.dispatcher, EVENT_PROCESS_GROUP_ADDED, name);
}

static struct scene *
scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	s->recorder.ctx = s;
	s->recorder.enqueue = enqueue;
	s->master.next_id = 1;
	s->recorder.groups = s->master.groups = groups_new(NULL);
	s->master.loop = loop_new();
	assert_non_null(s->master.loop);
	s->master.jobs = jobs_new(s->master.loop, s->master.groups, NULL);
	s->master.sequences =
	    sequences_new(s->master.loop, s->master.groups, s->master.jobs, NULL, NULL);
	s->master.backlogs = backlogs_new(s->master.loop);
	assert_non_null(s->master.backlogs);
	s->master.daemon =
	    daemon_state_new(s->master.loop, s->master.groups, &daemon_ops, s);
	assert_non_null(s->master.jobs);
	assert_non_null(s->master.sequences);
	assert_non_null(s->master.daemon);
	activate(s, "first", "stopped starting running");
	activate(s, "second", "backoff stopping exited again");
	activate(s, "third", "fatal unknown twice due");
	s->master.dispatcher =
	    dispatch_new(s->master.loop, s->master.groups, &s->master.next_event);
	assert_non_null(s->master.dispatcher);
	activate_pool(s, "pool");
	activate_pool(s, "watchers");
	activate_pool(s, "idle");
	log_init(no_log, NULL, LEVEL_CRITICAL);
	return s;
}

static void
scene_free(struct scene *s)
{
	http_sockets_free(s->master.http_sockets);
	free(s->master.config_path);
	free(s->master.config_name);
	dispatch_free(s->master.dispatcher);
	backlogs_free(s->master.backlogs);
	daemon_state_free(s->master.daemon);
	sequences_free(s->master.sequences);
	jobs_free(s->master.jobs);
	groups_free(s->master.groups);
	loop_free(s->master.loop);
	recorder_clear(&s->recorder);
	log_init(no_log, NULL, LEVEL_CRITICAL);
	free(s);
}

static struct process *
find(struct scene *s, const char *group, const char *name)
{
	struct process *p = group_process(groups_find(s->master.groups, group), name);

	assert_non_null(p);
	return p;
}

static void
start(struct process *p)
{
	char *detail;
	uint64_t spawn;

	assert_int_equal(process_start(p, &spawn, &detail), FAULT_NONE);
}

static void
run(struct scene *s, struct process *p)
{
	start(p);
	recorder_tick(&s->recorder, 1001);
	process_timeout(p);
	assert_int_equal(p->state, PROCESS_RUNNING);
}

static void
signal_fails(struct scene *s, struct process *p)
{
	char *detail;

	s->recorder.kill_errno = EPERM;
	assert_int_equal(process_signal(p, 1, &detail), FAULT_FAILED);
	s->recorder.kill_errno = 0;
	free(detail);
}

/* Brings each process into the state that its name says. */
static void
live(struct scene *s)
{
	struct process *p;
	char *detail;

	run(s, find(s, "first", "running"));
	run(s, find(s, "second", "exited"));
	process_reaped(find(s, "second", "exited"), 3 << 8);
	run(s, find(s, "second", "stopping"));
	assert_int_equal(process_stop(find(s, "second", "stopping"), &detail), FAULT_NONE);
	run(s, find(s, "third", "unknown"));
	signal_fails(s, find(s, "third", "unknown"));
	start(find(s, "third", "fatal"));
	process_reaped(find(s, "third", "fatal"), 9);
	p = find(s, "third", "twice");
	run(s, p);
	process_reaped(p, 9);
	run(s, p);
	assert_int_equal(process_stop(p, &detail), FAULT_NONE);
	process_reaped(p, 15);
	start(find(s, "first", "starting"));
	start(find(s, "second", "backoff"));
	process_reaped(find(s, "second", "backoff"), 1 << 8);
	process_autostart(find(s, "third", "due"));
	run(s, find(s, "second", "again"));
	process_reaped(find(s, "second", "again"), 0);
}

static void
queue(struct scene *s, enum job_kind kind, int signo, struct process *a, struct process *b)
{
	static const struct job_sink sink;
	struct process **list = calloc(2, sizeof(struct process *));

	assert_non_null(list);
	list[0] = a;
	list[1] = b;
	assert_true(
	    jobs_add(s->master.jobs, &(struct job_order){ .kind = kind, .signo = signo },
		list, 2, &sink, s) > 0);
}

static struct listener_pool *
pool_of(struct scene *s, const char *name)
{
	struct group *group = groups_find(s->master.groups, name);
	struct listener_pool *pool;

	assert_non_null(group);
	for (pool = dispatch_next(s->master.dispatcher, NULL); pool != NULL;
	     pool = dispatch_next(s->master.dispatcher, pool))
		if (pool->group == group)
			break;
	return pool;
}

/* Leaves one pool empty, and puts events into another; a listener has returned one. */
static void
wait_in_pools(struct scene *s)
{
	struct listener_pool *pool = pool_of(s, "watchers");
	struct pool_event item = { 0 };

	listener_pool_clear(pool_of(s, "idle"));
	pool_of(s, "idle")->next_serial = 41;
	item.event = event_new(EVENT_TICK_60, 5, "when:60", 7);
	item.poolserial = 3;
	listener_pool_end(pool, TAILQ_FIRST(&pool->group->processes), item, false);
	dispatch_remote(s->master.dispatcher, "h\xc3\xa9", "a\xff\n", 3);
	dispatch_remote(s->master.dispatcher, "empty", "", 0);
	dispatch_supervisor_state(
	    s->master.dispatcher, EVENT_SUPERVISOR_STATE_CHANGE_STOPPING);
}

/* A restart by who sees some processes, and an empty update, without a client. */
static void
sequence(struct scene *s)
{
	static const char *const programs[] = { "first", "second:b*", NULL };
	static const struct sequence_sink sink;
	struct grant *grant = grant_new(&(struct grant_source){ .programs = programs });
	struct sequence_step *steps = calloc(3, sizeof(*steps));

	assert_non_null(steps);
	steps[0].action = SEQUENCE_STOP;
	steps[1] = (struct sequence_step){ SEQUENCE_REMOVE, strdup("first") };
	steps[2] = (struct sequence_step){ SEQUENCE_START, strdup("second:*") };
	assert_true(sequences_add(s->master.sequences, steps, 3, grant, &sink, s) > 0);
	assert_true(sequences_add(s->master.sequences, calloc(1, sizeof(*steps)), 0, NULL,
			&sink, s) > 0);
	grant_unref(grant);
}

/* Gives the master jobs, sequences, events and members of its own. */
static void
busy(struct scene *s)
{
	queue(s, JOB_SIGNAL, 12, find(s, "third", "due"), find(s, "first", "running"));
	queue(s, JOB_STOP, 0, find(s, "second", "backoff"), find(s, "third", "fatal"));
	sequence(s);
	groups_move_last(s->master.groups, groups_find(s->master.groups, "first"));
	dispatch_move_last(s->master.dispatcher, pool_of(s, "pool"));
	wait_in_pools(s);
	s->master.seq = 77;
	s->master.restart_wanted = true;
	s->master.config_path = strdup("/etc/a.conf");
	s->master.config_name = strdup("a.conf");
	s->master.child_nofile = (struct rlimit){ 1024, RLIM_INFINITY };
}

/* New: the document, written to text and parsed again as after an exec. */
static json_t *
through_text(struct scene *s)
{
	json_t *doc = state_document_write(&s->master), *again;
	char *text;

	assert_non_null(doc);
	text = json_dumps(doc, JSON_COMPACT);
	assert_non_null(text);
	again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(again);
	free(text);
	json_decref(doc);
	return again;
}

#endif
