/* Daemon world: a daemon state with groups; its callbacks are recorded as lines. */
#ifndef TESTS_UNIT_MASTER_DAEMON_DAEMON_WORLD_H
#define TESTS_UNIT_MASTER_DAEMON_DAEMON_WORLD_H

#include "tests/unit/master/recorder.h"

#include "common/loop.h"
#include "master/daemon/daemon_state.h"
#include "master/process/namespec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct scene {
	struct recorder recorder;
	struct loop *loop;
	struct groups *groups;
	struct daemon *daemon;
	uint64_t next_id;
};

static inline void
daemon_changed(void *ctx)
{
	struct scene *s = ctx;

	recorder_line(
	    &s->recorder, "state %s", daemon_state_name(daemon_state_get(s->daemon)));
	s->recorder.stopping = daemon_state_is_stopping(s->daemon);
}

static inline void
all_stopped(void *ctx)
{
	struct scene *s = ctx;

	recorder_line(&s->recorder, "all stopped");
}

static inline void
stop_by_pid(void *ctx)
{
	struct scene *s = ctx;

	recorder_line(&s->recorder, "stop by pid");
}

static const struct daemon_state_ops daemon_world_ops = {
	daemon_changed, all_stopped, stop_by_pid };

/* As in process_hooks.c. */
static inline void
changed(struct recorder *r, struct process *p, enum process_state from)
{
	struct scene *s = r->ctx;

	if (from != p->state && process_state_is_stopped(p->state))
		daemon_state_process_stopped(s->daemon, p);
}

static inline void
activate(struct scene *s, const char *name, int64_t priority, const char *programs)
{
	recorder_activate(&s->recorder, s->groups,
	    recorder_group_of(name, priority, programs), &s->next_id);
}

static inline void
begin(struct scene *s)
{
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	s->recorder.ctx = s;
	s->recorder.changed = changed;
	s->next_id = 1;
	s->recorder.groups = s->groups = groups_new(NULL);
	s->loop = loop_new();
	assert_non_null(s->loop);
	s->daemon = daemon_state_new(s->loop, s->groups, &daemon_world_ops, s);
	assert_non_null(s->daemon);
	log_init(recorder_sink, &s->recorder, LEVEL_INFO);
}

static inline void
finish(struct scene *s)
{
	daemon_state_free(s->daemon);
	groups_free(s->groups);
	loop_free(s->loop);
	recorder_clear(&s->recorder);
}

static inline int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	begin(s);
	*state = s;
	return 0;
}

static inline int
teardown(void **state)
{
	finish(*state);
	free(*state);
	return 0;
}

static inline struct process *
process(struct scene *s, const char *spec)
{
	struct group *group;
	struct process *p;

	assert_int_equal(namespec_resolve(s->groups, NULL, spec, &group, &p), FAULT_NONE);
	return p;
}

static inline void
start(struct scene *s, const char *spec)
{
	char *detail;
	uint64_t spawn;

	assert_int_equal(process_start(process(s, spec), &spawn, &detail), FAULT_NONE);
	free(recorder_take(&s->recorder));
}

static inline void
assert_lines(struct scene *s, const char *want)
{
	char *got = recorder_take(&s->recorder);

	assert_string_equal(got, want);
	free(got);
}

static inline void
assert_turn(struct scene *s, const char *want)
{
	assert_int_equal(loop_turn(s->loop, 0), 0);
	assert_lines(s, want);
}

#endif
