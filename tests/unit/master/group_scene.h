/* Groups of recorded programs, for the tests of groups, their names and their order. */
#ifndef TESTS_GROUP_SCENE_H
#define TESTS_GROUP_SCENE_H

#include "tests/unit/master/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct scene {
	struct recorder recorder;
	struct groups *groups;
	uint64_t next_id;
};

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	s->groups = s->recorder.groups = groups_new(NULL);
	s->next_id = 1;
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	groups_free(s->groups);
	recorder_clear(&s->recorder);
	free(s);
	return 0;
}

/* A group of programs "NAME:PRIORITY …". */
static struct group *
add(struct scene *s, const char *name, int64_t priority, const char *programs)
{
	return recorder_activate(&s->recorder, s->groups,
	    recorder_group_of(name, priority, programs), &s->next_id);
}

static UNUSED void
enter(struct process *p, enum process_state to)
{
	enum process_state from = p->state;

	p->state = to;
	p->ops->changed(p, from);
}

#endif
