/* A real child of a runtime: spawned, written to, carried over to another master through
 * the state document's door, and reaped. */
#include "common/clock.h"
#include "master/fcgi.h"
#include "master/runtime.h"
#include "master/runtime_state.h"
#include "master/spawn.h"

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
#define PATIENCE_MS 5000

/* One master with one process, `cat`, whose stdout goes to a file. */
struct world {
	struct master master;
	struct config config;
	struct process_config process_config;
	struct process_config *list[1];
	struct group_config group_config;
	struct process *process;
	char log[4096];
};

static void
changed(struct process *process, enum process_state from)
{
	(void)process;
	(void)from;
}

static void
noop(struct process *process)
{
	(void)process;
}

static bool
is_stopping(struct process *process)
{
	(void)process;
	return false;
}

/* The real ops without the rooms that are not under test. */
static struct process_ops
test_ops(void)
{
	struct process_ops ops = runtime_ops;

	ops.changed = changed;
	ops.enqueue = noop;
	ops.is_stopping = is_stopping;
	return ops;
}

static struct process_ops ops;

static void
world_init(struct world *w, struct loop *loop, struct reaper *reaper, const char *dir)
{
	memset(w, 0, sizeof(*w));
	snprintf(w->log, sizeof(w->log), "%s/cat.log", dir);
	w->process_config = (struct process_config){.name = S("cat"),
	    .command = S("/bin/cat"),
	    .stopsignal = SIGTERM,
	    .umask = -1,
	    .redirect_stderr = true};
	w->process_config.channels[CHANNEL_STDOUT] =
	    (struct channel_config){.target = LOG_TO_FILE, .path = w->log};
	w->list[0] = &w->process_config;
	w->group_config = (struct group_config){.refs = 2, .name = S("cat"),
	    .processes = w->list, .nprocesses = 1};
	w->master.loop = loop;
	w->master.reaper = reaper;
	w->master.config = &w->config;
	getrlimit(RLIMIT_NOFILE, &w->master.child_nofile);
	w->master.next_id = 1;
	w->master.groups = groups_new();
	assert_non_null(groups_add(
	    w->master.groups, &w->group_config, &w->master.next_id, &ops, &w->master));
	w->process = groups_process(w->master.groups, 1);
	assert_non_null(w->process);
	assert_int_equal(runtime_attach(&w->master, w->process), 0);
}

static void
world_clear(struct world *w)
{
	runtime_detach(w->process);
	groups_free(w->master.groups);
}

static char *
new_dir(void)
{
	char *dir = strdup("/tmp/reeve-runtime-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void
remove_dir(const struct world *w, char *dir)
{
	unlink(w->log);
	assert_int_equal(rmdir(dir), 0);
	free(dir);
}

static bool
log_is(const struct world *w, const char *want)
{
	char text[256] = "";
	int fd = open(w->log, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	return n >= 0 && strcmp(text, want) == 0;
}

static void
wait_for_log(const struct world *w, const char *want)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (!log_is(w, want)) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->master.loop, 50);
	}
}

static void
wait_for_end(const struct world *w)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (w->process->pid != 0) {
		assert_true(clock_mono_ms() < end);
		loop_turn(w->master.loop, 50);
	}
}

static void
start_cat(struct world *w)
{
	uint64_t spawn;
	char *detail = NULL;

	assert_int_equal(process_start(w->process, &spawn, &detail), FAULT_NONE);
	assert_null(detail);
	assert_int_equal(spawn, 1);
}

static void
life_of_a_child(void **state)
{
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	char *why = NULL, *dir = new_dir();
	struct world w;

	(void)state;
	world_init(&w, loop, reaper, dir);
	assert_int_equal(runtime_write_stdin(w.process, "x", 1, &why), FAULT_NOT_RUNNING);
	start_cat(&w);
	assert_int_equal(runtime_write_stdin(w.process, "hello\n", 6, &why), FAULT_NONE);
	wait_for_log(&w, "hello\n");
	assert_int_equal(runtime_clear_logs(w.process), FAULT_NONE);
	assert_true(log_is(&w, ""));
	kill(w.process->pid, SIGKILL);
	wait_for_end(&w);
	assert_string_equal(runtime_log_path(w.process, CHANNEL_STDERR), "");
	world_clear(&w);
	reaper_free(reaper);
	loop_free(loop);
	remove_dir(&w, dir);
}

/* What exec would hand over under the same numbers, a test in one process must duplicate.
 */
static void
duplicate_all(struct statedoc_pipes *pipes)
{
	pipes->stdin_fd = dup(pipes->stdin_fd);
	pipes->outputs[CHANNEL_STDOUT].fd = dup(pipes->outputs[CHANNEL_STDOUT].fd);
	pipes->outputs[CHANNEL_STDOUT].log_fd = dup(pipes->outputs[CHANNEL_STDOUT].log_fd);
}

static void
child_changes_masters(void **state)
{
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	struct statedoc_pipes pipes = {.stdin_fd = -1, .outputs = {
	    {.fd = -1, .log_fd = -1}, {.fd = -1, .log_fd = -1}}};
	char *why = NULL, *dir = new_dir();
	struct world old, new;

	(void)state;
	world_init(&old, loop, reaper, dir);
	start_cat(&old);
	assert_int_equal(runtime_state_ops.get(NULL, old.process, &pipes), 0);
	duplicate_all(&pipes);
	pipes.queued = strdup("carried over\n");
	pipes.nqueued = strlen(pipes.queued);
	pipes.outputs[CHANNEL_STDOUT].generation = 7;
	world_init(&new, loop, reaper, dir);
	new.process->pid = old.process->pid;
	new.process->state = old.process->state;
	reaper_forget(reaper, old.process->pid);
	old.process->pid = 0;
	assert_int_equal(runtime_state_ops.put(NULL, new.process, &pipes, &why), 0);
	assert_int_equal(pipes.stdin_fd, -1);
	assert_int_equal(pipes.outputs[CHANNEL_STDOUT].fd, -1);
	free(pipes.queued);
	free(pipes.outputs[CHANNEL_STDOUT].log_path);
	world_clear(&old);
	wait_for_log(&new, "carried over\n");
	assert_int_equal(runtime_state_ops.get(NULL, new.process, &pipes), 0);
	assert_int_equal(pipes.outputs[CHANNEL_STDOUT].generation, 7);
	assert_string_equal(pipes.outputs[CHANNEL_STDOUT].log_path, new.log);
	free(pipes.outputs[CHANNEL_STDOUT].log_path);
	kill(new.process->pid, SIGKILL);
	wait_for_end(&new);
	world_clear(&new);
	reaper_free(reaper);
	loop_free(loop);
	remove_dir(&new, dir);
}

/* The world's group shares a socket: see master/fcgi.h. */
static void
share_socket(struct world *w, const char *path)
{
	w->group_config.kind = GROUP_FCGI;
	w->group_config.fcgi = (struct fcgi_config){.url = S("unix://x"), .path = S(path),
	    .mode = 0700, .uid = (uid_t)-1, .gid = (gid_t)-1, .backlog = 5};
	w->process->group->fcgi = fcgi_new(&w->group_config.fcgi);
	assert_non_null(w->process->group->fcgi);
}

static void
end_sharing(struct world *w)
{
	struct fcgi *fcgi = w->process->group->fcgi;

	runtime_detach(w->process);
	assert_int_equal(fcgi_fd(fcgi), -1);
	fcgi_free(fcgi);
	groups_free(w->master.groups);
}

/* Its group's socket is the child's standard input, and comes along to another master. */
static void
socket_changes_masters(void **state)
{
	struct loop *loop = loop_new();
	struct reaper *reaper = reaper_new(loop);
	struct statedoc_pipes pipes = {.stdin_fd = -1, .outputs = {
	    {.fd = -1, .log_fd = -1}, {.fd = -1, .log_fd = -1}}};
	char *why = NULL, *dir = new_dir(), path[4096];
	struct world old, new;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/sock", dir);
	world_init(&old, loop, reaper, dir);
	share_socket(&old, path);
	old.process_config.command = S("/bin/sleep 1000");
	start_cat(&old);
	assert_int_equal(runtime_write_stdin(old.process, "x", 1, &why), FAULT_NO_FILE);
	assert_int_equal(runtime_state_ops.get(NULL, old.process, &pipes), 0);
	assert_int_equal(pipes.stdin_fd, fcgi_fd(old.process->group->fcgi));
	duplicate_all(&pipes);
	fd = pipes.stdin_fd;
	world_init(&new, loop, reaper, dir);
	share_socket(&new, path);
	new.process->pid = old.process->pid;
	new.process->state = old.process->state;
	reaper_forget(reaper, old.process->pid);
	old.process->pid = 0;
	assert_int_equal(runtime_state_ops.put(NULL, new.process, &pipes, &why), 0);
	free(pipes.outputs[CHANNEL_STDOUT].log_path);
	assert_int_equal(pipes.stdin_fd, -1);
	end_sharing(&old);
	assert_int_equal(fcgi_fd(new.process->group->fcgi), fd);
	kill(new.process->pid, SIGKILL);
	wait_for_end(&new);
	end_sharing(&new);
	reaper_free(reaper);
	loop_free(loop);
	unlink(path);
	remove_dir(&new, dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(life_of_a_child),
	    cmocka_unit_test(child_changes_masters),
	    cmocka_unit_test(socket_changes_masters),
	};

	ops = test_ops();
	if (spawn_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
