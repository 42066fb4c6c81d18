#include "master/survivors/survivors.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/child/cgroup/cgroup_dir.h"
#include "master/child/cgroup/cgroup_end.h"
#include "master/child/child.h"
#include "master/child/pidfd.h"
#include "master/child/tree.h"
#include "master/survivors/fdstore.h"
#include "master/survivors/run_file.h"
#include "master/survivors/survivor.h"
#include "proto/state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct survivors {
	struct loop *loop;
	struct groups *groups;
	enum unclean_start policy;
	struct fdstore *fdstore; /* borrowed */
	struct run_file *file;   /* NULL = no state_directory= */
	struct idmap *pids;      /* id of a process → its recorded pid, as a pointer */
	struct survivor_list ending; /* in order */
	struct survivor_list left;   /* alone */
	struct source *timer;
	survivors_fn *done;
	void *done_ctx;
};

/* --- the record ---------------------------------------------------------------------- */

static void
survivors_record(struct survivors *s, const struct process *p)
{
	void *pid = (void *)(uintptr_t)p->pid;
	struct run_record record;

	if (idmap_set(s->pids, p->id, pid) == -1)
		return;
	run_record_of(p, &record);
	run_file_set(s->file, &record);
}

/* Only a process that can be taken over needs its pipes. */
static void
survivors_store_pipes(struct survivors *s, const struct process *p)
{
	struct child_origin origin;
	int fds[1 + OUTPUT_MAX];

	if (s->policy != UNCLEAN_ADOPT || p->group->ops->needs_its_daemon)
		return;
	child_origin(p, &origin);
	fds[0] = origin.stdin_fd;
	for (int c = 0; c < OUTPUT_MAX; c++)
		fds[1 + c] = origin.output_fds[c];
	fdstore_put(s->fdstore, p->pid, fds, nitems(fds));
}

/* A start that has failed while a survivor of the same program runs may have failed because
 * of it: only one process can have a port. */
static void
survivors_explain(const struct survivors *s, const struct process *p)
{
	const struct survivor *one;
	int pidfd;

	TAILQ_FOREACH(one, &s->left, in_list) {
		if (!str_equal(one->record.group, p->group->config->name) ||
		    !str_equal(one->record.name, p->config->name) ||
		    !survivor_find(&one->record, &pidfd))
			continue;
		if (pidfd != -1)
			close(pidfd);
		log_warn("%s: process %d, which an earlier daemon started as this program, "
			 "still runs; it may have the port or the files that %s needs",
		    p->config->name, one->record.pid, p->config->name);
	}
}

void
survivors_process_changed(
    struct survivors *s, const struct process *p, enum process_state from)
{
	pid_t recorded;

	if (s->file == NULL)
		return;
	recorded = (pid_t)(uintptr_t)idmap_get(s->pids, p->id);
	if (recorded != 0 && recorded != p->pid) {
		run_file_remove(s->file, recorded);
		idmap_remove(s->pids, p->id);
		if (s->policy == UNCLEAN_ADOPT)
			fdstore_remove(s->fdstore, recorded);
	}
	if (p->pid != 0 && recorded != p->pid)
		survivors_store_pipes(s, p);
	if (p->pid != 0 &&
	    (recorded != p->pid || (from != p->state && p->state == PROCESS_STOPPING)))
		survivors_record(s, p);
	if (from == PROCESS_STARTING &&
	    (p->state == PROCESS_BACKOFF || p->state == PROCESS_FATAL))
		survivors_explain(s, p);
}

void
survivors_flush(struct survivors *s)
{
	if (s->file != NULL)
		run_file_flush(s->file);
}

/* --- ending -------------------------------------------------------------------------- */

static void
survivors_log(const struct survivor *survivor, enum log_level level, const char *what)
{
	char *name = run_record_name(&survivor->record);

	log_at(level, "process %d, which an earlier daemon started as %s, %s",
	    survivor->record.pid, name != NULL ? name : survivor->record.name, what);
	free(name);
}

static void
survivors_drop(struct survivors *s, struct survivor *survivor)
{
	TAILQ_REMOVE(&s->ending, survivor, in_list);
	run_file_remove(s->file, survivor->record.pid);
	survivor_free(survivor);
}

static void
survivors_signal(struct survivor *survivor, const struct survivor_signal *signal)
{
	int rc;

	if (survivor->tree != NULL)
		tree_note(survivor->tree, survivor->record.pid);
	rc = pidfd_kill(survivor->pidfd, signal->as_group ? 0 : signal->signo);
	if (rc == 0 && signal->as_group)
		rc = kill(-survivor->record.pid, signal->signo);
	if (signal->signo == SIGKILL)
		survivors_log(survivor, LEVEL_WARN, "is killed with SIGKILL");
	if (rc == -1 && errno != ESRCH)
		survivors_log(survivor, LEVEL_ERROR, strerror(errno));
}

/* Signals what is due in the group whose turn it is. When it is due again; -1 = never. */
static int64_t
survivors_advance(struct survivors *s, int64_t now)
{
	struct survivor *first = TAILQ_FIRST(&s->ending), *one, *next;
	struct survivor_signal signal;
	int64_t due = -1;

	for (one = first; one != NULL; one = next) {
		next = TAILQ_NEXT(one, in_list);
		if (!str_equal(one->record.group, first->record.group))
			break;
		/* Its tree is being killed. */
		if (one->ended == NULL)
			continue;
		if (survivor_is_hopeless(one, now)) {
			survivors_log(one, LEVEL_ERROR, "does not end; it is left alone");
			if (one == first)
				first = next;
			survivors_drop(s, one);
			if (first == next)
				return now;
			continue;
		}
		signal = survivor_next_signal(one, now);
		if (signal.signo != 0)
			survivors_signal(one, &signal);
		if (due == -1 || one->due_ms < due)
			due = one->due_ms;
	}
	return due;
}

static void
survivors_continue(void *ctx, uint32_t ready UNUSED)
{
	struct survivors *s = ctx;
	survivors_fn *done = s->done;

	if (!TAILQ_EMPTY(&s->ending)) {
		source_arm(s->timer, survivors_advance(s, clock_mono_ms()));
		return;
	}
	source_arm(s->timer, -1);
	s->done = NULL;
	if (done != NULL)
		done(s->done_ctx);
}

static void
survivors_has_ended(struct survivor *survivor)
{
	struct survivors *s = survivor->all;

	survivors_log(survivor, LEVEL_INFO, "has ended");
	survivors_drop(s, survivor);
	source_arm(s->timer, clock_mono_ms());
}

static void
survivors_on_tree(void *ctx, size_t left)
{
	struct survivor *survivor = ctx;

	if (left > 0)
		survivors_log(
		    survivor, LEVEL_WARN, "has left processes that could not be killed");
	survivors_has_ended(survivor);
}

/* The last one also removes the directory of the earlier daemon. */
static void
survivors_on_cgroup(void *ctx, bool left)
{
	struct survivor *survivor = ctx;
	char *slash = strrchr(survivor->record.cgroup, '/');

	if (!left && cgroup_dir_remove(survivor->record.cgroup) == 0 && slash != NULL) {
		*slash = '\0';
		(void)rmdir(survivor->record.cgroup);
	}
	survivors_on_tree(survivor, left);
}

/* Kills what it has left, if its killmode says so. False when there is nothing to wait
 * for. */
static bool
survivors_end_rest(struct survivor *survivor)
{
	const char *path = survivor->record.cgroup;
	int dir = path != NULL ? cgroup_dir_open(path) : -1;

	if (dir != -1)
		survivor->cgroup_end =
		    cgroup_end_new(survivor->all->loop, dir, survivors_on_cgroup, survivor);
	else if (survivor->tree != NULL)
		tree_finish(survivor->tree);
	return survivor->cgroup_end != NULL || (dir == -1 && survivor->tree != NULL);
}

static void
survivors_on_end(void *ctx, uint32_t ready UNUSED)
{
	struct survivor *survivor = ctx;

	source_free(survivor->ended);
	survivor->ended = NULL;
	if (!survivors_end_rest(survivor))
		survivors_has_ended(survivor);
}

/* Takes the survivor. */
static void
survivors_end(struct survivors *s, struct survivor *survivor)
{
	survivor->all = s;
	survivor->ended =
	    loop_fd(s->loop, survivor->pidfd, EPOLLIN, survivors_on_end, survivor);
	if (survivor->record.mark != NULL)
		survivor->tree = tree_new(s->loop, survivor->record.mark,
		    (uid_t)survivor->record.uid, survivors_on_tree, survivor);
	if (survivor->ended == NULL) {
		survivors_log(survivor, LEVEL_ERROR,
		    "still runs and cannot be ended: its end could not be noticed");
		survivor_free(survivor);
		return;
	}
	survivors_log(survivor, LEVEL_WARN, "still runs; it is being ended");
	run_file_set(s->file, &survivor->record);
	survivor_insert(&s->ending, survivor);
	source_arm(s->timer, clock_mono_ms());
}

void
survivors_wait(struct survivors *s, survivors_fn *fn, void *ctx)
{
	s->done = fn;
	s->done_ctx = ctx;
	if (TAILQ_EMPTY(&s->ending))
		survivors_continue(s, 0);
}

bool
survivors_are_ending(const struct survivors *s)
{
	return !TAILQ_EMPTY(&s->ending);
}

/* --- taking over --------------------------------------------------------------------- */

/* The process that it belongs to; NULL = none can take it over. */
static struct process *
survivors_process(const struct survivors *s, const struct run_record *record)
{
	const struct group *group = groups_find(s->groups, record->group);
	struct process *p = group != NULL ? group_process(group, record->name) : NULL;

	if (p == NULL || group->ops->needs_its_daemon || p->pid != 0)
		return NULL;
	return p;
}

/* Takes the survivor. A process that was being stopped continues to be. */
static void
survivors_take_over(struct survivors *s, struct survivor *survivor)
{
	const struct run_record *record = &survivor->record;
	struct process *p = survivors_process(s, record);
	struct child_origin origin = {
		.stdin_fd = fdstore_take(s->fdstore, record->stdin_pipe, O_WRONLY),
		.output_fds = { fdstore_take(s->fdstore, record->stdout_pipe, O_RDONLY),
		    fdstore_take(s->fdstore, record->stderr_pipe, O_RDONLY) },
		.born_first = record->born_first,
		.born_last = record->born_last,
		.stdin_pipe = record->stdin_pipe,
		.output_pipes = { record->stdout_pipe, record->stderr_pipe },
		.mark = record->mark,
		.cgroup = record->cgroup,
	};
	const struct process_past past = {
		.pid = record->pid,
		.spawn = record->spawn,
		.restarts = record->restarts,
		.start = record->start,
	};

	if (p == NULL || child_take_over(p, record->pid, survivor->pidfd, &origin) == -1) {
		fd_close(origin.stdin_fd);
		for (int c = 0; c < OUTPUT_MAX; c++)
			fd_close(origin.output_fds[c]);
		survivors_end(s, survivor);
		return;
	}
	survivor->pidfd = -1;
	process_take_over(p, &past);
	if (record->stopping)
		(void)process_stop(p, NULL);
	survivor_free(survivor);
}

/* --- the start ----------------------------------------------------------------------- */

/* Takes the survivor. */
static void
survivors_leave(struct survivors *s, struct survivor *survivor)
{
	survivors_log(survivor, LEVEL_WARN, "still runs; it is left alone");
	if (survivor->pidfd != -1)
		close(survivor->pidfd);
	survivor->pidfd = -1;
	TAILQ_INSERT_TAIL(&s->left, survivor, in_list);
}

/* Takes the record of a process, which may have ended. */
static void
survivors_handle(struct survivors *s, struct run_record *record_take, bool resumed)
{
	struct survivor *survivor;
	int pidfd;

	if (!survivor_find(record_take, &pidfd)) {
		run_record_clear(record_take);
		return;
	}
	survivor = survivor_new(record_take);
	if (survivor == NULL) {
		if (pidfd != -1)
			close(pidfd);
		return;
	}
	survivor->pidfd = pidfd;
	if (s->policy == UNCLEAN_IGNORE || pidfd == -1)
		survivors_leave(s, survivor);
	else if (s->policy == UNCLEAN_STOP || resumed)
		survivors_end(s, survivor);
	else
		survivors_take_over(s, survivor);
}

void
survivors_begin(struct survivors *s, bool resumed)
{
	struct run_record *records;
	const struct process *p;
	size_t count;

	if (s->file == NULL)
		return;
	records = run_file_read(s->file, &count);
	run_file_begin(s->file);
	/* After an upgrade, what is neither a process of ours nor being ended is left. */
	GROUPS_FOREACH_PROCESS(p, s->groups, NULL)
		if (p->pid != 0)
			survivors_record(s, p);
	for (size_t i = 0; i < count; i++)
		if (run_file_has(s->file, records[i].pid))
			run_record_clear(&records[i]);
		else
			survivors_handle(s, &records[i], resumed);
	free(records);
	fdstore_forget_rest(s->fdstore);
	survivors_flush(s);
}

/* --- life ---------------------------------------------------------------------------- */

struct survivors *
survivors_new(struct loop *loop, struct groups *groups, struct fdstore *fdstore,
    const struct config *config, char **error)
{
	struct survivors *s = calloc(1, sizeof(*s));

	*error = NULL;
	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->groups = groups;
	s->fdstore = fdstore;
	s->policy = config->on_unclean_start;
	TAILQ_INIT(&s->ending);
	TAILQ_INIT(&s->left);
	s->pids = idmap_new();
	s->timer = loop_timer(loop, survivors_continue, s);
	if (s->pids != NULL && s->timer != NULL && config->state_directory == NULL)
		return s;
	if (s->pids != NULL && s->timer != NULL)
		s->file = run_file_open(loop, config->state_directory, error);
	if (s->file != NULL)
		return s;
	survivors_free(s);
	return NULL;
}

static void
survivors_free_list(struct survivor_list *list)
{
	struct survivor *survivor;

	while ((survivor = TAILQ_FIRST(list)) != NULL) {
		TAILQ_REMOVE(list, survivor, in_list);
		survivor_free(survivor);
	}
}

void
survivors_free(struct survivors *s)
{
	if (s == NULL)
		return;
	survivors_free_list(&s->ending);
	survivors_free_list(&s->left);
	run_file_close(s->file);
	idmap_free(s->pids);
	source_free(s->timer);
	free(s);
}
