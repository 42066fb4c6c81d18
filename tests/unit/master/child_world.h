/* Child world: a master with one real process, `cat`, for tests of a child's life. */
#ifndef TESTS_CHILD_WORLD_H
#define TESTS_CHILD_WORLD_H

#include "common/clock.h"
#include "master/child/child.h"
#include "master/child/child_impl.h"
#include "master/child/eventlistener.h"
#include "master/child/fcgi_program.h"
#include "master/child/fcgi_socket.h"
#include "master/child/spawn.h"
#include "master/event/dispatch.h"
#include "master/log/backlog.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define S(text) ((char *)(uintptr_t)(text))
#define WAIT_MS 20000

/* The kind of the process `cat`. */
enum role_of_cat { PROGRAM, CAPTURED, SHARING, LISTENER, PRINTED };

/* A master with one process, `cat`, whose stdout goes to a file, and with a pool, which is
 * either empty or has `cat`. */
struct world {
	struct child_context context;
	struct rlimit nofile;
	struct groups *groups;
	struct group_kind_row kinds[GROUP_KINDS];
	uint64_t next_id, next_event;
	struct config config;
	struct process_config process_config;
	struct process_config *list[1];
	struct group_config group_config;
	struct group_config pool_config;
	struct process *process;
	struct listener_pool *pool;
	char log[4096], socket[4096];
};

static inline void
changed(struct process *process, enum process_state from UNUSED)
{
	if (process->pid == 0 && process->group->ops->released != NULL)
		process->group->ops->released(process);
}

static inline void
noop(struct process *process)
{
	(void)process;
}

static inline bool
is_stopping(const struct process *process)
{
	(void)process;
	return false;
}

static const struct process_ops ops = {
    .spawn = child_spawn,
    .kill = child_kill,
    .arm = child_arm,
    .enqueue = noop,
    .changed = changed,
    .is_stopping = is_stopping,
};

static const enum group_kind kind_of_role[] = {
    [PROGRAM] = GROUP_PROGRAMS,
    [CAPTURED] = GROUP_PROGRAMS,
    [SHARING] = GROUP_FCGI,
    [LISTENER] = GROUP_LISTENER_POOL,
    [PRINTED] = GROUP_LISTENER_POOL,
};

static inline void
set_kinds(struct world *w)
{
	static const struct group_ops plain;

	w->kinds[GROUP_PROGRAMS].ops = &plain;
	w->kinds[GROUP_FCGI].ops = &fcgi_program_group_ops;
	w->kinds[GROUP_LISTENER_POOL] =
	    (struct group_kind_row){ &eventlistener_group_ops, w->context.dispatcher };
}

static inline void
set_config(struct world *w, const char *dir, enum role_of_cat role)
{
	snprintf(w->log, sizeof(w->log), "%s/cat.log", dir);
	snprintf(w->socket, sizeof(w->socket), "%s/sock", dir);
	w->process_config = (struct process_config){ .name = S("cat"),
		.command = S(role == SHARING ? "/bin/sleep 1000" : "/bin/cat"),
		.stopsignal = SIGTERM,
		.umask = -1,
		.redirect_stderr = true };
	w->process_config.outputs[OUTPUT_STDOUT] =
	    (struct output_config){ .target = LOG_TO_FILE,
		    .path = w->log,
		    .capture_maxbytes = role == CAPTURED ? 100 : 0 };
	w->list[0] = &w->process_config;
	w->group_config = (struct group_config){ .refs = 2,
		.name = S("cat"),
		.processes = w->list,
		.nprocesses = 1,
		.kind = kind_of_role[role],
		.pool.handler = role == PRINTED ? RESULT_PRINTED : RESULT_OK,
		.fcgi = { .url = S("unix://x"),
		    .path = w->socket,
		    .mode = 0700,
		    .uid = (uid_t)-1,
		    .gid = (gid_t)-1,
		    .backlog = 5 } };
	w->pool_config = (struct group_config){ .refs = 2,
		.name = S("pool"),
		.kind = GROUP_LISTENER_POOL,
		.pool.events = UINT32_C(1) << EVENT_PROCESS_COMMUNICATION };
}

static inline struct group *
add_group(struct world *w, struct group_config *config)
{
	struct group *group = groups_add(w->groups, config, &w->next_id, &ops, NULL);
	struct process *process;

	assert_non_null(group);
	TAILQ_FOREACH(process, &group->processes, in_group)
		assert_int_equal(child_attach(&w->context, process), 0);
	if (group->ops->added != NULL)
		assert_int_equal(group->ops->added(group), 0);
	return group;
}

static inline void
world_init(struct world *w, struct loop *loop, struct reaper *reaper, const char *dir,
    enum role_of_cat role)
{
	struct group *group;

	memset(w, 0, sizeof(*w));
	set_config(w, dir, role);
	getrlimit(RLIMIT_NOFILE, &w->nofile);
	w->next_id = 1;
	w->groups = groups_new(w->kinds);
	w->context = (struct child_context){ .loop = loop,
		.reaper = reaper,
		.config = &w->config,
		.nofile = &w->nofile,
		.backlogs = backlogs_new(loop),
		.dispatcher = dispatch_new(loop, w->groups, &w->next_event) };
	assert_non_null(w->context.backlogs);
	assert_non_null(w->context.dispatcher);
	set_kinds(w);
	group = add_group(w, &w->group_config);
	w->process = groups_process(w->groups, 1);
	assert_non_null(w->process);
	w->pool = role >= LISTENER ? group->shared : add_group(w, &w->pool_config)->shared;
}

static inline void
world_clear(struct world *w)
{
	struct group *group = w->process->group;

	child_detach(w->process);
	if (group->ops->removed != NULL)
		group->ops->removed(group);
	dispatch_free(w->context.dispatcher);
	backlogs_free(w->context.backlogs);
	groups_free(w->groups);
}

static inline char *
new_dir(void)
{
	char *dir = strdup("/tmp/reeve-runtime-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static inline void
remove_dir(const struct world *w, char *dir)
{
	unlink(w->log);
	assert_int_equal(rmdir(dir), 0);
	free(dir);
}

static inline bool
log_is(const struct world *w, const char *want)
{
	char text[256] = "";
	int fd = open(w->log, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	return n >= 0 && strcmp(text, want) == 0;
}

static inline void
wait_for_log(const struct world *w, const char *want)
{
	int64_t end = clock_mono_ms() + WAIT_MS;

	while (!log_is(w, want)) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->context.loop, 50);
	}
}

static inline void
wait_for_end(const struct world *w)
{
	int64_t end = clock_mono_ms() + WAIT_MS;

	while (w->process->pid != 0) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->context.loop, 50);
	}
}

static inline void
start_cat(struct world *w)
{
	uint64_t spawn;
	char *detail = NULL;

	assert_int_equal(process_start(w->process, &spawn, &detail), FAULT_NONE);
	assert_null(detail);
	assert_int_equal(spawn, 1);
}

#endif
