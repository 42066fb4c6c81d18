/* Child cgroup: what the files of a control group say about a real child; the group is a
 * directory, which the kernel knows nothing of. */
#include "common/clock.h"
#include "tests/unit/master/child_world.h"

#include <limits.h>

static void
write_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_non_null(file = fopen(path, "w"));
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
remove_file(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

struct stage {
	struct loop *loop;
	struct reaper *reaper;
	char *dir;
	char group[64];
	struct world w;
};

static void
stage_begin(struct stage *s)
{
	s->loop = loop_new();
	s->reaper = reaper_new(s->loop);
	s->dir = new_dir();
	snprintf(s->group, sizeof(s->group), "/tmp/reeve-test-group-XXXXXX");
	assert_non_null(mkdtemp(s->group));
	world_init(&s->w, s->loop, s->reaper, s->dir, PROGRAM);
	start_cat(&s->w);
	s->w.process->child->cgroup = strdup(s->group);
	s->w.process->child->oom_kills = 2;
	s->w.process->child->cpu_us = 5000;
}

static void
stage_end(struct stage *s, const char *const *files)
{
	if (s->w.process->pid != 0) {
		kill(s->w.process->pid, SIGKILL);
		wait_for_end(&s->w);
	}
	for (; *files != NULL; files++)
		remove_file(s->group, *files);
	world_clear(&s->w);
	assert_int_equal(access(s->group, F_OK), -1); /* together with the process */
	reaper_free(s->reaper);
	loop_free(s->loop);
	remove_dir(&s->w, s->dir);
}

/* The reason of an exit by SIGKILL with this file. */
static void
expect_reason(const char *events, enum exit_reason want)
{
	static const char *const files[] = { "memory.events", NULL };
	struct stage s;

	stage_begin(&s);
	write_file(s.group, "memory.events", events);
	kill(s.w.process->pid, SIGKILL);
	wait_for_end(&s.w);
	assert_int_equal(s.w.process->last_signal, SIGKILL);
	assert_int_equal(s.w.process->last_reason, want);
	stage_end(&s, files);
}

static void
test_reason(void **state)
{
	(void)state;
	expect_reason("low 0\nhigh 0\nmax 9\noom 1\noom_kill 3\noom_group_kill 0\n",
	    REASON_OUT_OF_MEMORY);
	expect_reason("low 0\nhigh 0\nmax 9\noom 1\noom_kill 2\n", REASON_NONE);
	expect_reason("low 0\n", REASON_NONE);
}

static void
test_usage(void **state)
{
	static const char *const files[] = { "cpu.stat", "memory.current", NULL };
	int64_t cpu_ms, memory;
	struct stage s;

	(void)state;
	stage_begin(&s);
	assert_true(child_cgroup_usage(s.w.process, &cpu_ms, &memory));
	assert_int_equal(cpu_ms, -1);
	assert_int_equal(memory, -1);
	write_file(s.group, "cpu.stat", "usage_usec 12000\nuser_usec 1\nsystem_usec 2\n");
	write_file(s.group, "memory.current", "123456\n");
	assert_true(child_cgroup_usage(s.w.process, &cpu_ms, &memory));
	assert_int_equal(cpu_ms, 7);
	assert_int_equal(memory, 123456);
	stage_end(&s, files);
}

/* A process without a group, and a group that does not exist any more. */
static void
test_none(void **state)
{
	static const char *const files[] = { NULL };
	int64_t cpu_ms, memory;
	struct stage s;

	(void)state;
	stage_begin(&s);
	assert_int_equal(rmdir(s.group), 0);
	assert_false(child_cgroup_usage(s.w.process, &cpu_ms, &memory));
	assert_int_equal(child_exit_reason(s.w.process), REASON_NONE);
	free(s.w.process->child->cgroup);
	s.w.process->child->cgroup = NULL;
	assert_false(child_cgroup_usage(s.w.process, &cpu_ms, &memory));
	assert_int_equal(child_exit_reason(s.w.process), REASON_NONE);
	stage_end(&s, files);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_none),
	};

	if (spawn_init(NULL) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
