/* State document: writes a master with processes in every state to text, reads that into a
 * new master from the same configuration, and compares them member by member. */
#include "tests/unit/master/state_world.h"

#include <unistd.h>

#include "common/str.h"

/* Writing again gives the same document, which covers members that no test names. */
static void
assert_written_alike(struct scene *s, const json_t *doc)
{
	json_t *again = through_text(s), *expected = json_deep_copy(doc);

	/* A backlog is lost when its log does not exist any more. */
	json_object_del(again, "backlogs");
	json_object_del(expected, "backlogs");
	assert_true(json_equal(again, expected));
	json_decref(again);
	json_decref(expected);
}

/* New: a master filled from the document, which must be valid. */
static struct scene *
restore(const json_t *doc)
{
	struct scene *fresh = scene_new();
	char *why = NULL;

	free(recorder_take(&fresh->recorder));
	fresh->recorder.quiet = false;
	if (state_document_read_early(&fresh->master, doc, &why) == -1 ||
	    state_document_read(&fresh->master, doc, &why) == -1)
		fail_msg("%s", why);
	assert_written_alike(fresh, doc);
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
	assert_int_equal(got->renewing, want->renewing);
	assert_int_equal(got->ended_ms, want->ended_ms);
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
	assert_int_equal(got->last_status, want->last_status);
	assert_int_equal(got->last_signal, want->last_signal);
	assert_int_equal(got->last_reason, want->last_reason);
	assert_int_equal(got->restarts, want->restarts);
	assert_int_equal(got->autostart_cancelled, want->autostart_cancelled);
	assert_int_equal(got->first_start_job, want->first_start_job);
	assert_int_equal(got->rejected_ms, want->rejected_ms);
	if (want->spawnerr == NULL)
		assert_null(got->spawnerr);
	else
		assert_string_equal(got->spawnerr, want->spawnerr);
	if (want->failure == NULL)
		assert_null(got->failure);
	else
		assert_string_equal(got->failure, want->failure);
}

static void
assert_groups(struct scene *got, struct scene *want)
{
	struct group *w, *g = TAILQ_FIRST(&got->master.groups->list);
	struct process *p, *q;

	TAILQ_FOREACH(w, &want->master.groups->list, in_groups) {
		assert_string_equal(g->config->name, w->config->name);
		assert_int_equal(g->count, w->count);
		assert_int_equal(g->rereads, w->rereads);
		assert_int_equal(g->unstopped, w->unstopped);
		q = TAILQ_FIRST(&g->processes);
		TAILQ_FOREACH(p, &w->processes, in_group) {
			assert_string_equal(q->config->name, p->config->name);
			assert_process(q, p);
			assert_ptr_equal(groups_process(got->master.groups, p->id), q);
			q = TAILQ_NEXT(q, in_group);
		}
		assert_null(q);
		g = TAILQ_NEXT(g, in_groups);
	}
	assert_null(g);
	assert_int_equal(got->master.groups->unstopped, want->master.groups->unstopped);
}

static void
assert_sequences(const struct sequences *got, const struct sequences *want)
{
	const struct sequence_record *g, *w;
	struct sequence_rest gr, wr;
	size_t i;

	for (i = 0; (w = sequences_get(want, i, &wr)) != NULL; i++) {
		g = sequences_get(got, i, &gr);
		assert_non_null(g);
		assert_int_equal(g->number, w->number);
		assert_int_equal(g->failed, w->failed);
		assert_int_equal(g->stop_failed, w->stop_failed);
		assert_true(str_equal(g->programs, w->programs));
		assert_int_equal(g->begun, w->begun);
		assert_int_equal(g->issued, w->issued);
		assert_int_equal(g->unknown, w->unknown);
		assert_int_equal(gr.count, wr.count);
		for (size_t k = 0; k < wr.count; k++) {
			assert_int_equal(gr.steps[k].action, wr.steps[k].action);
			assert_true(str_equal(gr.steps[k].target, wr.steps[k].target));
		}
		assert_int_equal(gr.nwaits, wr.nwaits);
		for (size_t k = 0; k < wr.nwaits; k++) {
			assert_int_equal(gr.waits[k].id, wr.waits[k].id);
			assert_int_equal(gr.waits[k].spawn, wr.waits[k].spawn);
			assert_int_equal(gr.waits[k].is_reported, wr.waits[k].is_reported);
		}
	}
	assert_null(sequences_get(got, i, &gr));
}

static void
assert_ids(const struct id_queue *got, const struct id_queue *want)
{
	assert_int_equal(id_queue_count(got), id_queue_count(want));
	if (id_queue_count(want) > 0)
		assert_memory_equal(got->ids + got->next, want->ids + want->next,
		    id_queue_count(want) * sizeof(*want->ids));
}

static void
assert_jobs(struct jobs *got, struct jobs *want)
{
	const struct job_record *g, *w;
	void *ctx;
	size_t i;

	for (i = 0; (w = jobs_get(want, i, &ctx)) != NULL; i++) {
		g = jobs_get(got, i, &ctx);
		assert_non_null(g);
		assert_int_equal(g->number, w->number);
		assert_int_equal(g->kind, w->kind);
		assert_int_equal(g->signo, w->signo);
		assert_int_equal(g->sequence, w->sequence);
		assert_true(str_equal(g->signal_text, w->signal_text));
		assert_ids(&g->ids, &w->ids);
	}
	assert_null(jobs_get(got, i, &ctx));
	assert_int_equal(jobs_record(got)->next_number, jobs_record(want)->next_number);
	assert_ids(&jobs_restarts(got)->ids, &jobs_restarts(want)->ids);
	assert_int_equal(jobs_restarts(got)->lost, jobs_restarts(want)->lost);
}

static void
assert_daemon(struct daemon *got, struct daemon *want)
{
	assert_int_equal(daemon_state_get(got), daemon_state_get(want));
	assert_string_equal(daemon_state_reason(got), daemon_state_reason(want));
	assert_int_equal(
	    daemon_state_record(got)->by_pid, daemon_state_record(want)->by_pid);
	assert_int_equal(
	    daemon_state_record(got)->reported_ms, daemon_state_record(want)->reported_ms);
	assert_int_equal(daemon_state_start(got), daemon_state_start(want));
}

static void
assert_pool_event(const struct pool_event *got, const struct pool_event *want)
{
	assert_int_equal(got->poolserial, want->poolserial);
	assert_int_equal(got->rejected, want->rejected);
	assert_int_equal(got->event->type, want->event->type);
	assert_int_equal(got->event->serial, want->event->serial);
	assert_int_equal(got->event->size, want->event->size);
	assert_int_equal(got->event->characters, want->event->characters);
	assert_memory_equal(got->event->payload, want->event->payload, want->event->size);
}

static void
assert_pool(const struct listener_pool *got, const struct listener_pool *want)
{
	const struct pool_waiting *g = STAILQ_FIRST(&got->buffer), *w;

	assert_string_equal(got->group->config->name, want->group->config->name);
	assert_int_equal(got->next_serial, want->next_serial);
	assert_int_equal(got->dropped, want->dropped);
	assert_int_equal(got->count, want->count);
	assert_int_equal(got->bytes, want->bytes);
	STAILQ_FOREACH(w, &want->buffer, in_buffer) {
		assert_pool_event(&g->item, &w->item);
		g = STAILQ_NEXT(g, in_buffer);
	}
	assert_null(g);
}

static void
assert_events(struct dispatcher *got, struct dispatcher *want)
{
	const struct listener_pool *g = NULL, *w = NULL;

	assert_int_equal(
	    dispatch_record(got)->sent_stopping, dispatch_record(want)->sent_stopping);
	while ((w = dispatch_next(want, w)) != NULL)
		assert_pool(g = dispatch_next(got, g), w);
	assert_null(dispatch_next(got, g));
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
	assert_int_equal(got->master.frontend_restarts, want->master.frontend_restarts);
	assert_true(str_equal(got->master.config_path, want->master.config_path));
	assert_true(str_equal(got->master.config_name, want->master.config_name));
	assert_int_equal(
	    got->master.child_nofile.rlim_cur, want->master.child_nofile.rlim_cur);
	assert_int_equal(
	    got->master.child_nofile.rlim_max, want->master.child_nofile.rlim_max);
	assert_groups(got, want);
	assert_jobs(got->master.jobs, want->master.jobs);
	assert_sequences(got->master.sequences, want->master.sequences);
	assert_daemon(got->master.daemon, want->master.daemon);
	assert_events(got->master.dispatcher, want->master.dispatcher);
}

/* ---- tests ---- */

static void
test_master(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh;
	const struct id_queue *restarts;
	json_t *doc;
	char *armed;
	int timers = 0;

	live(old);
	busy(old);
	restarts = &jobs_restarts(old->master.jobs)->ids;
	assert_int_equal(
	    restarts->ids[restarts->next + 1], find(old, "second", "again")->id);
	doc = through_text(old);
	fresh = restore(doc);
	assert_same(fresh, old);

	/* Only the timers of STARTING, BACKOFF and STOPPING are armed. */
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

/* Makes sure that test_master compares processes in every state. */
static void
test_every_state_occurs(void **state UNUSED)
{
	struct scene *s = scene_new();
	struct process *p;
	unsigned seen = 0;

	live(s);
	GROUPS_FOREACH_PROCESS(p, s->master.groups, NULL)
		seen += strcasecmp(p->config->name, process_state_name(p->state)) == 0;
	assert_int_equal(seen, 8);
	scene_free(s);
}

/* Each member has a different value. */
static void
test_every_member(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh;
	struct process *p = find(old, "second", "exited");
	json_t *doc;

	assert_int_equal(groups_renumber(old->master.groups, p, 901), 0);
	old->master.next_id = 902;
	old->master.rereads = 3;
	p->group->rereads = 2;
	old->master.next_event = 77;
	old->master.exit_status = 78;
	old->master.frontend_restarts = 80;
	dispatch_next(old->master.dispatcher, NULL)->dropped = 81;
	p->spawn = 11;
	p->last_spawn = 12;
	p->verdict = VERDICT_SPAWN_FAILED;
	p->pid = 13;
	p->killing = true;
	p->renewing = true;
	p->ended_ms = 24;
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
	p->failure = strdup("cannot execute '/x'");
	p->respawning = true;
	p->ending = 139;
	p->last_status = -1;
	p->last_signal = 10;
	p->last_reason = REASON_OUT_OF_MEMORY;
	p->restarts = 23;
	p->autostart_cancelled = true;
	p->first_start_job = 21;
	p->rejected_ms = 22;
	doc = through_text(old);
	fresh = restore(doc);
	assert_same(fresh, old);
	json_decref(doc);
	scene_free(fresh);
	scene_free(old);
}

/* Bytes that a full pipe has not accepted. */
static void
test_backlogs(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh;
	struct backlog_record record = { .lost = 7 };
	const struct backlog_record *got;
	char path[32], *why;
	json_t *doc;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[1]);
	assert_int_equal(buf_append(&record.bytes, "a\0\xff", 3), 0);
	assert_int_equal(backlogs_restore(old->master.backlogs, path, &record), 0);
	buf_clear(&record.bytes);
	doc = through_text(old);
	scene_free(old);
	fresh = restore(doc);
	assert_string_equal(backlogs_get(fresh->master.backlogs, 0, &got), path);
	assert_int_equal(buf_len(&got->bytes), 3);
	assert_int_equal(got->lost, 7);
	assert_memory_equal(buf_data(&got->bytes), "a\0\xff", 3);
	assert_null(backlogs_get(fresh->master.backlogs, 1, &got));
	/* The log does not exist any more: the backlog is lost, the rest is read. */
	close(fds[0]);
	close(fds[1]);
	scene_free(fresh);
	fresh = restore(doc);
	assert_null(backlogs_get(fresh->master.backlogs, 0, &got));
	scene_free(fresh);
	json_object_set_new(
	    doc, "backlogs", json_pack("[{ss,ss}]", "path", "00", "bytes", ""));
	fresh = scene_new();
	assert_int_equal(state_document_read(&fresh->master, doc, &why), -1);
	free(why);
	scene_free(fresh);
	json_decref(doc);
}

static void
test_daemon_states(void **state UNUSED)
{
	static char reason[] = "broken \xff";
	const struct daemon_state_record states[] = {
		{ DAEMON_RUNNING, NULL, false, -1, 1 },
		{ DAEMON_SHUTDOWN, NULL, false, RECORDER_MONO, 2 },
		{ DAEMON_RESTARTING, NULL, true, -1, 3 },
		{ DAEMON_FATAL, reason, false, -1, 4 },
	};
	struct scene *old, *fresh;
	json_t *doc;

	for (size_t i = 0; i < nitems(states); i++) {
		old = scene_new();
		*daemon_state_record(old->master.daemon) = states[i];
		if (states[i].reason != NULL)
			daemon_state_record(old->master.daemon)->reason = strdup(reason);
		doc = through_text(old);
		fresh = restore(doc);
		assert_same(fresh, old);
		assert_int_equal(daemon_state_get(fresh->master.daemon), states[i].state);
		json_decref(doc);
		scene_free(fresh);
		scene_free(old);
	}
}

/* Jobs, timers and restarts continue in the new master. */
static void
test_goes_on(void **state UNUSED)
{
	struct scene *old = scene_new(), *fresh;
	json_t *doc;

	live(old);
	queue(old, JOB_STOP, 0, find(old, "first", "running"),
	    find(old, "first", "starting"));
	doc = through_text(old);
	fresh = restore(doc);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_master),
		cmocka_unit_test(test_every_state_occurs),
		cmocka_unit_test(test_every_member),
		cmocka_unit_test(test_backlogs),
		cmocka_unit_test(test_daemon_states),
		cmocka_unit_test(test_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
