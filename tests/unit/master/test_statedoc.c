/* Statedoc: a master with processes in every state is written to text, read into
 * a fresh one made from the same configuration, and compared member by member. */
#include "tests/unit/master/recorder.h"

#include "common/str.h"

#include "common/loop.h"
#include "master/events.h"
#include "master/statedoc.h"
#include "master/statefield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* struct master is compared below in test_master; with a new member, go there first, and to
 * the rows in statedoc.c if it is state. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct master) == 200, "see test_master");

/* Bytes that no JSON string would take as they are. */
static const char queued[] = "in\0put\xff\n\"";

struct scene {
	struct recorder recorder;
	struct master master;
	size_t put;		/* how many processes got their pipes back */
	bool put_fails;
};

/* ---- masters ---- */

static void
mood_changed(void *ctx UNUSED)
{
}

static const struct mood_ops mood_ops = { mood_changed, mood_changed, mood_changed, NULL };

static void
enqueue(struct recorder *r, struct process *p)
{
	struct scene *s = r->ctx;

	jobs_respawn(s->master.jobs, p);
}

static void
no_log(void *ctx UNUSED, enum log_level level UNUSED, const char *text UNUSED,
    size_t len UNUSED)
{
}

static struct listener *
no_listener(const struct process *p UNUSED)
{
	return NULL;
}

static const struct pool_ops pool_ops = { .listener = no_listener };

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
	recorder_activate(&s->recorder, s->master.groups, group_of(name, programs),
	    &s->master.next_id);
}

/* A pool hears of its own coming: what is read into the master must not be behind that. */
static void
activate_pool(struct scene *s, const char *name)
{
	struct group_config *g = group_of(name, "due");
	struct group *group;
	struct pool *pool;

	g->kind = GROUP_LISTENER_POOL;
	g->pool.events = UINT32_C(1) << EVENT_ANY;
	group = recorder_activate(&s->recorder, s->master.groups, g, &s->master.next_id);
	pool = pool_new(group, &pool_ops);
	assert_non_null(pool);
	events_subscribe(s->master.events, pool);
	events_group(s->master.events, EVENT_PROCESS_GROUP_ADDED, name);
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
	s->recorder.groups = s->master.groups = groups_new();
	s->master.loop = loop_new();
	assert_non_null(s->master.loop);
	s->master.jobs = jobs_new(s->master.loop, s->master.groups);
	s->master.mood = mood_new(s->master.loop, s->master.groups, &mood_ops, s);
	assert_non_null(s->master.jobs);
	assert_non_null(s->master.mood);
	activate(s, "first", "stopped starting running");
	activate(s, "second", "backoff stopping exited again");
	activate(s, "third", "fatal unknown twice due");
	s->master.events = events_new(s->master.loop, s->master.groups,
	    &s->master.next_event);
	assert_non_null(s->master.events);
	activate_pool(s, "pool");
	activate_pool(s, "watchers");
	activate_pool(s, "idle");
	log_init(no_log, NULL, LEVEL_CRITICAL);
	return s;
}

static void
scene_free(struct scene *s)
{
	free(s->master.config_path);
	events_free(s->master.events);
	mood_free(s->master.mood);
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
	assert_true(jobs_add(s->master.jobs, kind, list, 2, signo, &sink, s) > 0);
}

static struct pool *
pool_of(struct scene *s, const char *name)
{
	struct group *group = groups_find(s->master.groups, name);

	assert_non_null(group);
	return events_pool(s->master.events, group);
}

/* Nothing in one pool, and in another an event that was given back and has overtaken. */
static void
wait_in_pools(struct scene *s)
{
	struct pool *pool = pool_of(s, "watchers");
	struct pool_event item;

	pool_clear(pool_of(s, "idle"));
	pool_of(s, "idle")->next_serial = 41;
	item.event = event_new(EVENT_TICK_60, 5, "when:60", "", 0);
	item.poolserial = 3;
	pool_end(pool, item, false);
	events_remote(s->master.events, "h\xc3\xa9", "a\xff\n", 3);
	events_remote(s->master.events, "empty", "", 0);
	events_stopping(s->master.events);
}

/* Everything that is not a process. */
static void
busy(struct scene *s)
{
	queue(s, JOB_SIGNAL, 12, find(s, "third", "due"), find(s, "first", "running"));
	queue(s, JOB_STOP, 0, find(s, "second", "backoff"), find(s, "third", "fatal"));
	groups_move_last(s->master.groups, groups_find(s->master.groups, "first"));
	events_move_last(s->master.events, pool_of(s, "pool"));
	wait_in_pools(s);
	s->master.seq = 77;
	s->master.restart_wanted = true;
	s->master.config_path = strdup("/etc/a.conf");
	s->master.child_nofile = (struct rlimit){ 1024, RLIM_INFINITY };
}

/* ---- the runtime's part ---- */

/* Capture: one output between the tokens, with a byte that might begin the next; listener:
 * at work, its result line cut off. */
static void
get_readings(const struct process *p, struct statedoc_pipes *pipes)
{
	struct statedoc_output *output = &pipes->outputs[CHANNEL_STDERR];
	struct listener *listener = &pipes->listener;

	output->captures = true;
	output->capture = (struct capture_memory){ true, 1, strdup("\xff<!"), 3 };
	pipes->listens = str_equal(p->config->name, "starting");
	if (!pipes->listens)
		return;
	listener->state = LISTENER_BUSY;
	memcpy(listener->line, "RESULT 5", listener->nline = 8);
	listener->in_result = true;
	listener->missing = INT64_C(1) << 40;
	memcpy(listener->result, "\0O", listener->nresult = 2);
	listener->outstanding = (struct pool_event){
		event_new(EVENT_PROCESS_LOG_STDOUT, 99, "pid:1\n", "\xc3\xa9", 2), 98 };
}

static int
get(void *ctx UNUSED, const struct process *p, struct statedoc_pipes *pipes)
{
	assert_int_equal(pipes->stdin_fd, -1);
	assert_int_equal(pipes->outputs[CHANNEL_STDERR].log_fd, -1);
	pipes->outputs[CHANNEL_STDOUT].log_path = strdup(p->config->name);
	if (p->pid == 0)
		return 0;
	pipes->stdin_fd = p->pid;
	pipes->renewing = true;
	pipes->queued = malloc(sizeof(queued));
	assert_non_null(pipes->queued);
	memcpy(pipes->queued, queued, sizeof(queued));
	pipes->nqueued = sizeof(queued);
	pipes->outputs[CHANNEL_STDOUT].fd = p->pid + 1000;
	pipes->outputs[CHANNEL_STDOUT].log_fd = p->pid + 2000;
	pipes->outputs[CHANNEL_STDOUT].generation = p->id + 5;
	pipes->outputs[CHANNEL_STDERR].fd = p->pid + 3000;
	get_readings(p, pipes);
	return 0;
}

static void
assert_output(const struct statedoc_output *got, const struct statedoc_output *want)
{
	assert_int_equal(got->fd, want->fd);
	assert_int_equal(got->log_fd, want->log_fd);
	assert_int_equal(got->generation, want->generation);
	if (want->log_path == NULL)
		assert_null(got->log_path);
	else
		assert_string_equal(got->log_path, want->log_path);
	assert_int_equal(got->captures, want->captures);
	assert_int_equal(got->capture.capturing, want->capture.capturing);
	assert_int_equal(got->capture.held, want->capture.held);
	assert_int_equal(got->capture.n, want->capture.n);
	if (want->capture.n > 0)
		assert_memory_equal(got->capture.bytes, want->capture.bytes,
		    want->capture.n);
}

static void
assert_pool_event(const struct pool_event *got, const struct pool_event *want)
{
	assert_int_equal(got->poolserial, want->poolserial);
	assert_int_equal(got->event->type, want->event->type);
	assert_int_equal(got->event->serial, want->event->serial);
	assert_int_equal(got->event->size, want->event->size);
	assert_int_equal(got->event->characters, want->event->characters);
	assert_memory_equal(got->event->payload, want->event->payload, want->event->size);
}

static void
assert_listener(const struct listener *got, const struct listener *want)
{
	assert_int_equal(got->state, want->state);
	assert_int_equal(got->nline, want->nline);
	assert_memory_equal(got->line, want->line, want->nline);
	assert_int_equal(got->in_result, want->in_result);
	assert_int_equal(got->missing, want->missing);
	assert_int_equal(got->nresult, want->nresult);
	assert_memory_equal(got->result, want->result, want->nresult);
	if (want->outstanding.event == NULL)
		assert_null(got->outstanding.event);
	else
		assert_pool_event(&got->outstanding, &want->outstanding);
}

static int
put(void *ctx, struct process *p, struct statedoc_pipes *pipes, char **why)
{
	struct scene *s = ctx;
	struct statedoc_pipes want;

	if (s->put_fails) {
		*why = strdup("not today");
		return -1;
	}
	statedoc_pipes_init(&want);
	assert_int_equal(get(NULL, p, &want), 0);
	assert_int_equal(pipes->stdin_fd, want.stdin_fd);
	assert_int_equal(pipes->renewing, want.renewing);
	assert_int_equal(pipes->nqueued, want.nqueued);
	if (want.nqueued > 0)
		assert_memory_equal(pipes->queued, want.queued, want.nqueued);
	for (int i = 0; i < CHANNEL_MAX; i++)
		assert_output(&pipes->outputs[i], &want.outputs[i]);
	assert_int_equal(pipes->listens, want.listens);
	assert_listener(&pipes->listener, &want.listener);
	statedoc_pipes_clear(&want);
	s->put++;
	return 0;
}

static const struct statedoc_ops ops = { get, put };

/* Through text, as an exec would take it. */
static json_t *
through_text(struct scene *s)
{
	json_t *doc = statedoc_write(&s->master, &ops, s), *again;
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

/* A fresh master filled from the document, which must be good. */
static struct scene *
revive(const json_t *doc)
{
	struct scene *fresh = scene_new();
	char *why = NULL;

	free(recorder_take(&fresh->recorder));
	fresh->recorder.quiet = false;
	if (statedoc_read(&fresh->master, doc, &ops, fresh, &why) == -1)
		fail_msg("%s", why);
	return fresh;
}

/* ---- comparisons ---- */

static void
assert_process(const struct process *got, const struct process *want)
{
	assert_int_equal(got->id, want->id);
	assert_int_equal(got->spawn, want->spawn);
	assert_int_equal(got->last_spawn, want->last_spawn);
	assert_int_equal(got->verdict, want->verdict);
	assert_int_equal(got->state, want->state);
	assert_int_equal(got->pid, want->pid);
	assert_int_equal(got->killing, want->killing);
	assert_int_equal(got->started_ms, want->started_ms);
	assert_int_equal(got->deadline_ms, want->deadline_ms);
	assert_int_equal(got->due_ms, want->due_ms);
	assert_int_equal(got->report_ms, want->report_ms);
	assert_int_equal(got->start, want->start);
	assert_int_equal(got->stop, want->stop);
	assert_int_equal(got->backoff, want->backoff);
	assert_int_equal(got->has_exitstatus, want->has_exitstatus);
	assert_int_equal(got->exitstatus, want->exitstatus);
	assert_int_equal(got->respawning, want->respawning);
	assert_int_equal(got->ending, want->ending);
	if (want->spawnerr == NULL)
		assert_null(got->spawnerr);
	else
		assert_string_equal(got->spawnerr, want->spawnerr);
}

static void
assert_groups(struct scene *got, struct scene *want)
{
	struct group *w = groups_first(want->master.groups);
	struct group *g = groups_first(got->master.groups);
	struct process *p, *q;

	for (; w != NULL; w = groups_next(w), g = groups_next(g)) {
		assert_string_equal(g->config->name, w->config->name);
		assert_int_equal(g->count, w->count);
		assert_int_equal(g->unstopped, w->unstopped);
		q = TAILQ_FIRST(&g->processes);
		TAILQ_FOREACH(p, &w->processes, in_group) {
			assert_string_equal(q->config->name, p->config->name);
			assert_process(q, p);
			assert_ptr_equal(groups_process(got->master.groups, p->id), q);
			q = TAILQ_NEXT(q, in_group);
		}
		assert_null(q);
	}
	assert_null(g);
	assert_int_equal(groups_unstopped(got->master.groups),
	    groups_unstopped(want->master.groups));
}

static void
assert_jobs(const struct jobs *got, const struct jobs *want)
{
	struct job_state g, w;
	size_t i;

	for (i = 0; jobs_get(want, i, &w); i++) {
		assert_true(jobs_get(got, i, &g));
		assert_int_equal(g.number, w.number);
		assert_int_equal(g.kind, w.kind);
		assert_int_equal(g.signo, w.signo);
		assert_int_equal(g.count, w.count);
		assert_memory_equal(g.ids, w.ids, w.count * sizeof(*w.ids));
	}
	assert_false(jobs_get(got, i, &g));
	assert_int_equal(jobs_next_number(got), jobs_next_number(want));
	for (i = 0; jobs_respawning(want, i) != 0; i++)
		assert_int_equal(jobs_respawning(got, i), jobs_respawning(want, i));
	assert_int_equal(jobs_respawning(got, i), 0);
}

static void
assert_mood(const struct mood *got, const struct mood *want)
{
	struct mood_memory g, w;

	mood_get(got, &g);
	mood_get(want, &w);
	assert_int_equal(g.state, w.state);
	assert_string_equal(g.reason, w.reason);
	assert_int_equal(g.by_pid, w.by_pid);
	assert_int_equal(g.reported_ms, w.reported_ms);
}

static void
assert_pool(const struct pool *got, const struct pool *want)
{
	const struct pool_waiting *g = STAILQ_FIRST(&got->buffer), *w;

	assert_string_equal(got->group->config->name, want->group->config->name);
	assert_int_equal(got->next_serial, want->next_serial);
	assert_int_equal(got->count, want->count);
	assert_int_equal(got->bytes, want->bytes);
	STAILQ_FOREACH(w, &want->buffer, in_buffer) {
		assert_pool_event(&g->item, &w->item);
		g = STAILQ_NEXT(g, in_buffer);
	}
	assert_null(g);
}

static void
assert_events(const struct events *got, const struct events *want)
{
	const struct pool *g = NULL, *w = NULL;

	assert_int_equal(events_told_stopping(got), events_told_stopping(want));
	while ((w = events_next(want, w)) != NULL)
		assert_pool(g = events_next(got, g), w);
	assert_null(events_next(got, g));
}

static void
assert_same(struct scene *got, struct scene *want)
{
	assert_int_equal(got->master.next_id, want->master.next_id);
	assert_int_equal(got->master.next_event, want->master.next_event);
	assert_int_equal(got->master.rereads, want->master.rereads);
	assert_int_equal(got->master.seq, want->master.seq);
	assert_int_equal(got->master.restart_wanted, want->master.restart_wanted);
	assert_int_equal(got->master.exit_status, want->master.exit_status);
	assert_true(str_equal(got->master.config_path, want->master.config_path));
	assert_int_equal(got->master.child_nofile.rlim_cur,
	    want->master.child_nofile.rlim_cur);
	assert_int_equal(got->master.child_nofile.rlim_max,
	    want->master.child_nofile.rlim_max);
	assert_groups(got, want);
	assert_jobs(got->master.jobs, want->master.jobs);
	assert_mood(got->master.mood, want->master.mood);
	assert_events(got->master.events, want->master.events);
	assert_int_equal(got->put, 14);
}

/* ---- tests ---- */

static void
test_master(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh;
	json_t *doc;
	char *armed;
	int timers = 0;

	live(old);
	busy(old);
	assert_int_equal(jobs_respawning(old->master.jobs, 1),
	    find(old, "second", "again")->id);
	doc = through_text(old);
	fresh = revive(doc);
	assert_same(fresh, old);

	/* STARTING, BACKOFF and STOPPING wait for their timers; nothing else happens. */
	armed = recorder_take(&fresh->recorder);
	for (char *line = strtok(armed, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		assert_int_equal(strncmp(line, "arm in ", 7), 0);
		timers++;
	}
	assert_int_equal(timers, 3);
	free(armed);
	json_decref(doc);
	scene_free(fresh);
	scene_free(old);
}

/* Every state occurs, so that the test above compares something. */
static void
test_every_state_occurs(void **state UNUSED)
{
	struct scene *s = scene_new();
	struct group *group;
	struct process *p;
	unsigned seen = 0;

	live(s);
	for (group = groups_first(s->master.groups); group != NULL;
	    group = groups_next(group)) {
		TAILQ_FOREACH(p, &group->processes, in_group) {
			if (strcasecmp(p->config->name, process_state_name(p->state)) == 0)
				seen++;
		}
	}
	assert_int_equal(seen, 8);
	scene_free(s);
}

/* Each member with a value of its own that no life would give it. */
static void
test_every_member(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh;
	struct process *p = find(old, "second", "exited");
	json_t *doc;

	assert_int_equal(groups_renumber(old->master.groups, p, 901), 0);
	old->master.next_id = 902;
	old->master.rereads = 3;
	old->master.next_event = 77;
	old->master.exit_status = 78;
	p->spawn = 11;
	p->last_spawn = 12;
	p->verdict = VERDICT_SPAWN_FAILED;
	p->pid = 13;
	p->killing = true;
	p->started_ms = 14;
	p->deadline_ms = 15;
	p->due_ms = 16;
	p->report_ms = 17;
	p->start = 18;
	p->stop = 19;
	p->backoff = 20;
	p->has_exitstatus = true;
	p->exitstatus = -1;
	p->spawnerr = strdup("can't find \xff\x01");
	p->respawning = true;
	p->ending = 139;
	doc = through_text(old);
	fresh = revive(doc);
	assert_same(fresh, old);
	json_decref(doc);
	scene_free(fresh);
	scene_free(old);
}

static void
test_moods(void **state UNUSED)
{
	const struct mood_memory moods[] = {
		{ DAEMON_RUNNING, "", false, -1 },
		{ DAEMON_SHUTDOWN, "", false, RECORDER_MONO },
		{ DAEMON_RESTARTING, "", true, -1 },
		{ DAEMON_FATAL, "broken \xff", false, -1 },
	};
	struct scene *old, *fresh;
	json_t *doc;

	for (size_t i = 0; i < nitems(moods); i++) {
		old = scene_new();
		mood_put_back(old->master.mood, &moods[i]);
		doc = through_text(old);
		fresh = revive(doc);
		assert_same(fresh, old);
		assert_int_equal(mood_state(fresh->master.mood), moods[i].state);
		json_decref(doc);
		scene_free(fresh);
		scene_free(old);
	}
}

/* The new master does what the old one would have done. */
static void
test_goes_on(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh;
	json_t *doc;

	live(old);
	queue(old, JOB_STOP, 0, find(old, "first", "running"),
	    find(old, "first", "starting"));
	doc = through_text(old);
	fresh = revive(doc);
	scene_free(old);
	recorder_tick(&fresh->recorder, 20000);
	assert_int_equal(loop_turn(fresh->master.loop, 0), 0);
	assert_int_equal(find(fresh, "first", "running")->state, PROCESS_STOPPING);
	assert_int_equal(find(fresh, "first", "starting")->state, PROCESS_STOPPING);
	assert_int_equal(find(fresh, "second", "again")->state, PROCESS_STARTING);
	assert_int_equal(find(fresh, "third", "due")->state, PROCESS_STARTING);
	json_decref(doc);
	scene_free(fresh);
}

static void
assert_refused(const json_t *doc, const char *about)
{
	struct scene *fresh = scene_new();
	char *why = NULL;

	if (statedoc_read(&fresh->master, doc, &ops, fresh, &why) == 0)
		fail_msg("taken although %s is wrong", about);
	assert_non_null(why);
	assert_non_null(strstr(why, "state document: "));
	free(why);
	scene_free(fresh);
}

/* Takes every member out in turn, and puts one of another type in its place. */
static void
spoil(json_t *doc, json_t *part)
{
	json_t *names = json_copy(part), *value;
	const char *name;
	size_t i;

	if (json_is_array(part)) {
		json_array_foreach(names, i, value)
			spoil(doc, value);
	} else {
		json_object_foreach(names, name, value) {
			spoil(doc, value);
			json_object_set_new(part, name, json_real(0.5));
			assert_refused(doc, name);
			json_object_del(part, name);
			assert_refused(doc, name);
			json_object_set(part, name, value);
		}
	}
	json_decref(names);
}

static void
test_spoiled_members(void **state UNUSED)
{
	struct scene *old = scene_new();
	json_t *doc, *list;

	live(old);
	busy(old);
	doc = through_text(old);
	/* One process of each group is enough to spoil; the others are its like. */
	list = json_array_get(json_object_get(doc, "groups"), 0);
	list = json_object_get(list, "processes");
	spoil(doc, json_array_get(list, 1));
	json_object_del(doc, "groups");
	assert_refused(doc, "groups");
	json_decref(doc);
	scene_free(old);
}

static void
test_spoiled_rest(void **state UNUSED)
{
	struct scene *old = scene_new();
	json_t *doc;

	busy(old);
	doc = through_text(old);
	spoil(doc, json_object_get(doc, "jobs"));
	spoil(doc, json_object_get(doc, "mood"));
	spoil(doc, json_object_get(doc, "child_nofile"));
	spoil(doc, json_object_get(doc, "events"));
	json_decref(doc);
	scene_free(old);
}

static void
test_spoiled_values(void **state UNUSED)
{
	struct scene *old = scene_new();
	json_t *doc = through_text(old), *group, *process, *jobs, *pipes;
	json_t *groups = json_object_get(doc, "groups"), *pool, *event;
	json_t *events = json_object_get(doc, "events");

	pool = json_array_get(json_object_get(events, "pools"), 0);
	event = json_array_get(json_object_get(pool, "waiting"), 0);
	group = json_array_get(groups, 0);
	process = json_array_get(json_object_get(group, "processes"), 0);
	pipes = json_object_get(process, "pipes");
	jobs = json_object_get(doc, "jobs");
	const struct {
		json_t *in;
		const char *name, *json;
	} cases[] = {
		{ doc, "format", "2" },
		{ doc, "next_id", "3" },
		{ doc, "next_id", "-1" },
		{ doc, "groups", "[]" },
		{ group, "name", "\"nobody\"" },
		{ group, "name", "\"second\"" },
		{ process, "name", "\"nobody\"" },
		{ process, "id", "0" },
		{ process, "id", "2" },
		{ process, "pid", "2147483648" },
		{ process, "state", "\"SLEEPING\"" },
		{ process, "verdict", "\"guilty\"" },
		{ process, "spawnerr", "\"abc\"" },
		{ process, "spawnerr", "\"0g\"" },
		{ process, "spawnerr", "\"AA\"" },
		{ pipes, "queued", "\"0\"" },
		{ jobs, "next", "0" },
		{ jobs, "respawns", "[0]" },
		{ jobs, "queue", "[{\"number\":1,\"kind\":4,\"signo\":0,\"ids\":[]}]" },
		{ jobs, "queue", "[{\"number\":1,\"kind\":-1,\"signo\":0,\"ids\":[]}]" },
		{ jobs, "queue",
		    "[{\"number\":1,\"kind\":0,\"signo\":0,\"ids\":[\"x\"]}]" },
		{ events, "pools", "[]" },
		{ pool, "name", "\"nobody\"" },
		{ pool, "name", "\"idle\"" },
		{ pool, "next_serial", "-1" },
		{ event, "type", "\"NONE\"" },
		{ event, "serial", "-1" },
		{ event, "payload", "\"ff\"" },
		{ json_object_get(doc, "mood"), "state", "\"GLOOMY\"" },
		{ json_object_get(doc, "mood"), "reason", "null" },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		json_t *kept = json_incref(json_object_get(cases[i].in, cases[i].name));

		json_object_set_new(cases[i].in, cases[i].name,
		    json_loads(cases[i].json, JSON_DECODE_ANY, NULL));
		assert_refused(doc, cases[i].json);
		json_object_set_new(cases[i].in, cases[i].name, kept);
	}
	json_decref(doc);
	scene_free(old);
}

/* What no listener and no capture can be is refused before the runtime sees it. */
static void
test_spoiled_listener(void **state UNUSED)
{
	static const char *const cases[][2] = {
		{ "state", "\"ASLEEP\"" },
		{ "state", "\"READY\"" },	/* … with an event */
		{ "state", "\"ACKNOWLEDGED\"" },
		{ "outstanding", "null" },	/* BUSY with none */
		{ "missing", "0" },
		{ "missing", "-1" },
		{ "result", "\"00000000\"" },
		{ "line", "\"0\"" },
	};
	struct scene *old = scene_new();
	json_t *doc, *group, *listener, *kept;
	char line[2 * LISTENER_LINE_MAX + 1];

	live(old);
	doc = through_text(old);
	group = json_array_get(json_object_get(doc, "groups"), 0);
	listener = json_array_get(json_object_get(group, "processes"), 1);
	listener = json_object_get(json_object_get(listener, "pipes"), "listener");
	assert_non_null(listener);
	for (size_t i = 0; i < nitems(cases); i++) {
		kept = json_incref(json_object_get(listener, cases[i][0]));
		json_object_set_new(listener, cases[i][0],
		    json_loads(cases[i][1], JSON_DECODE_ANY, NULL));
		assert_refused(doc, cases[i][1]);
		json_object_set_new(listener, cases[i][0], kept);
	}
	/* It would have been judged as it got so long. */
	memset(line, '0', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	json_object_set_new(listener, "line", json_string(line));
	assert_refused(doc, "line");
	json_decref(doc);
	scene_free(old);
}

static void
test_runtime_refuses(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh = scene_new();
	json_t *doc = through_text(old);
	char *why;

	fresh->put_fails = true;
	assert_int_equal(statedoc_read(&fresh->master, doc, &ops, fresh, &why), -1);
	assert_string_equal(why, "not today");
	free(why);
	json_decref(doc);
	scene_free(fresh);
	scene_free(old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_every_state_occurs),
		cmocka_unit_test(test_every_member),
		cmocka_unit_test(test_moods),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_spoiled_members),
		cmocka_unit_test(test_spoiled_rest),
		cmocka_unit_test(test_spoiled_values),
		cmocka_unit_test(test_spoiled_listener),
		cmocka_unit_test(test_runtime_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
