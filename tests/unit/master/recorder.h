/* Recorder: processes without an operating system. It records the calls of their ops, their
 * log lines and their changes of state as lines of text. The clocks stand still;
 * recorder_tick moves them. One for each test. */
#ifndef TESTS_RECORDER_H
#define TESTS_RECORDER_H

#include "common/buf.h"
#include "common/clock.h"
#include "common/log.h"
#include "master/process/group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDER_MONO 1000000
#define RECORDER_WALL 1700000000000

struct recorder {
	struct buf lines;
	struct groups *groups;
	int64_t now; /* milliseconds since the test began */
	pid_t next_pid;
	char *spawn_fails; /* spawn fails with this text; NULL = it works */
	bool why_fails;    /* spawn fails without a text */
	int kill_errno;    /* 0 = kill works */
	bool stopping;
	bool quiet; /* of the ops only kill and spawn are recorded */
	void (*changed)(struct recorder *, struct process *, enum process_state from);
	void (*enqueue)(struct recorder *, struct process *);
	void *ctx; /* for the test */
};

static inline void PRINTF_LIKE(2, 3)
recorder_line(struct recorder *r, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0 || buf_printf(&r->lines, "%s\n", text) == -1)
		abort();
	va_end(ap);
	free(text);
}

static inline void
recorder_tick(struct recorder *r, int64_t ms)
{
	r->now += ms;
	clock_freeze(RECORDER_MONO + r->now, RECORDER_WALL + r->now);
}

static inline void
recorder_sink(void *ctx, enum log_level level, const char *text, size_t len)
{
	recorder_line(ctx, "%s %.*s", log_level_tag(level), (int)len, text);
}

static inline pid_t
recorder_spawn(struct process *p, char **why)
{
	struct recorder *r = p->ops_ctx;

	recorder_line(r, "spawn %s", p->config->name);
	if (r->why_fails)
		return -1;
	if (r->spawn_fails != NULL) {
		*why = strdup(r->spawn_fails);
		return -1;
	}
	return r->next_pid++;
}

static inline int
recorder_kill(struct process *p, pid_t target, int signo)
{
	struct recorder *r = p->ops_ctx;

	recorder_line(r, "kill %d %d", (int)target, signo);
	errno = r->kill_errno;
	return r->kill_errno == 0 ? 0 : -1;
}

static inline int
recorder_kill_all(struct process *p)
{
	struct recorder *r = p->ops_ctx;

	recorder_line(r, "kill all of %d", (int)p->pid);
	errno = r->kill_errno;
	return r->kill_errno == 0 ? 0 : -1;
}

static inline void
recorder_arm(struct process *p, int64_t deadline)
{
	struct recorder *r = p->ops_ctx;

	if (r->quiet)
		return;
	if (deadline == -1)
		recorder_line(r, "disarm");
	else
		recorder_line(
		    r, "arm in %lld ms", (long long)(deadline - RECORDER_MONO - r->now));
}

static inline void
recorder_enqueue(struct process *p)
{
	struct recorder *r = p->ops_ctx;

	if (!r->quiet)
		recorder_line(r, "enqueue");
	if (r->enqueue != NULL)
		r->enqueue(r, p);
}

static inline void
recorder_changed(struct process *p, enum process_state from)
{
	struct recorder *r = p->ops_ctx;

	if (!r->quiet)
		recorder_line(r, "changed %s > %s, pid %d", process_state_name(from),
		    process_state_name(p->state), (int)p->pid);
	if (r->groups != NULL && from != p->state)
		group_process_changed(r->groups, p, from);
	if (r->changed != NULL)
		r->changed(r, p, from);
}

static inline void
recorder_essential_ended(struct process *p)
{
	recorder_line(p->ops_ctx, "the daemon is to end with %d", p->ending);
}

static inline bool
recorder_is_stopping(const struct process *p)
{
	const struct recorder *r = p->ops_ctx;

	return r->stopping;
}

static const struct process_ops recorder_ops = {
	.spawn = recorder_spawn,
	.kill = recorder_kill,
	.kill_all = recorder_kill_all,
	.arm = recorder_arm,
	.enqueue = recorder_enqueue,
	.changed = recorder_changed,
	.essential_ended = recorder_essential_ended,
	.is_stopping = recorder_is_stopping,
};

static inline void
recorder_init(struct recorder *r)
{
	*r = (struct recorder){ .next_pid = 100 };
	buf_init(&r->lines, 0);
	log_init(recorder_sink, r, LEVEL_BLATHER);
	recorder_tick(r, 0);
}

static inline void
recorder_clear(struct recorder *r)
{
	buf_clear(&r->lines);
	free(r->spawn_fails);
	log_init(NULL, NULL, LEVEL_INFO);
	clock_freeze(-1, -1);
}

/* New: the lines since the last call. */
static inline char *
recorder_take(struct recorder *r)
{
	char *text;

	if (buf_putc(&r->lines, '\0') == -1 || (text = buf_steal(&r->lines)) == NULL)
		abort();
	return text;
}

/* ---- configurations made by hand ---- */

/* New, with the defaults of [program:x] but autorestart=false. */
static inline struct process_config *
recorder_program(const char *name, int64_t priority)
{
	struct process_config *c = calloc(1, sizeof(*c));

	if (c == NULL || (c->name = strdup(name)) == NULL ||
	    (c->exitcodes = calloc(1, sizeof(int))) == NULL)
		abort();
	c->priority = priority;
	c->nexitcodes = 1;
	c->startsecs = 1;
	c->startretries = 3;
	c->stopwaitsecs = 10;
	c->stopsignal = 15;
	c->autostart = true;
	c->umask = -1;
	return c;
}

/* New, with one reference and without programs. */
static inline struct group_config *
recorder_group(const char *name, int64_t priority)
{
	struct group_config *g = calloc(1, sizeof(*g));

	if (g == NULL || (g->name = strdup(name)) == NULL)
		abort();
	g->refs = 1;
	g->priority = priority;
	return g;
}

static inline struct process_config *
recorder_add(struct group_config *g, struct process_config *take)
{
	g->processes = reallocarray(g->processes, g->nprocesses + 1, sizeof(*g->processes));
	if (g->processes == NULL)
		abort();
	g->processes[g->nprocesses++] = take;
	return take;
}

/* New: a group with the programs "NAME:PRIORITY …". */
static inline struct group_config *
recorder_group_of(const char *name, int64_t priority, const char *programs)
{
	struct group_config *g = recorder_group(name, priority);
	char *copy = strdup(programs), *save = NULL, *word, *colon;

	for (word = strtok_r(copy, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		colon = strchr(word, ':');
		*colon = '\0';
		recorder_add(g, recorder_program(word, strtoll(colon + 1, NULL, 10)));
	}
	free(copy);
	return g;
}

/* Activates the group and drops our reference to the configuration. */
static inline struct group *
recorder_activate(
    struct recorder *r, struct groups *groups, struct group_config *take, uint64_t *next_id)
{
	struct group *group = groups_add(groups, take, next_id, &recorder_ops, r);

	if (group == NULL)
		abort();
	group_config_unref(take);
	return group;
}

#endif
