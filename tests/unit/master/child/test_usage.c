/* Usage: samples of a made-up /proc: steps, callers that share a sample, its age, processes
 * that come and go, and a /proc that shows nothing. */
#include "master/child/usage.h"

#include "master/child/child_impl.h"
#include "tests/unit/master/group_scene.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	struct scene *scene;
	struct loop *loop;
	struct usage *usage;
	char proc[PATH_MAX];
	int entries;
	char answers[1000];
};

static void
make_dir(const struct world *w, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", w->proc, name);
	assert_int_equal(mkdir(path, 0777), 0);
}

/* A process with this CPU time in ticks, and three open descriptors. */
static void
make_process(struct world *w, int pid, int group, unsigned ticks)
{
	char path[PATH_MAX + 32], name[32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d", w->proc, pid);
	if (access(path, F_OK) == -1) {
		snprintf(name, sizeof(name), "%d", pid);
		make_dir(w, name);
		snprintf(name, sizeof(name), "%d/fd", pid);
		make_dir(w, name);
		w->entries++;
	}
	snprintf(path, sizeof(path), "%s/%d/stat", w->proc, pid);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
	    "%d (x) y) S 1 %d 1 0 -1 0 0 0 0 0 %u 0 0 0 20 0 1 0 33 4096 10 0 0\n", pid,
	    group, ticks);
	fclose(file);
}

static void
remove_process(struct world *w, int pid)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%d/stat", w->proc, pid);
	assert_int_equal(unlink(path), 0);
}

/* Programs a and b run with the pids 10 and 20; c does not run. */
static int
begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	void *scene;
	struct group *group;

	assert_non_null(w);
	assert_int_equal(setup(&scene), 0);
	w->scene = scene;
	group = add(w->scene, "g", 1, "a:1 b:1 c:1");
	group_process(group, "a")->pid = 10;
	group_process(group, "b")->pid = 20;
	snprintf(w->proc, sizeof(w->proc), "/tmp/reeve-test-usage-XXXXXX");
	assert_non_null(mkdtemp(w->proc));
	make_dir(w, "self");
	make_dir(w, "self/fd");
	make_dir(w, "sys");
	make_process(w, 1, 1, 5);
	make_process(w, 10, 10, 100);
	make_process(w, 11, 10, 1);
	make_process(w, 20, 20, 200);
	w->loop = loop_new();
	w->usage = usage_new(w->loop, w->scene->groups, w->proc);
	assert_non_null(w->usage);
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;
	char command[PATH_MAX + 32];
	void *scene = w->scene;

	usage_free(w->usage);
	loop_free(w->loop);
	(void)teardown(&scene);
	snprintf(command, sizeof(command), "rm -rf %s", w->proc);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void
on_usage(void *ctx, uint64_t request, uint64_t which)
{
	struct world *w = ctx;
	size_t len = strlen(w->answers);

	snprintf(
	    w->answers + len, sizeof(w->answers) - len, "%d:%d ", (int)request, (int)which);
}

static void
ask(struct world *w, uint64_t request)
{
	assert_int_equal(usage_ask(w->usage, on_usage, w, request, request * 2), 0);
}

static void
expect_answers(struct world *w, const char *want)
{
	assert_string_equal(w->answers, want);
	w->answers[0] = '\0';
}

/* Runs the loop until the callers have their answers; returns the number of turns. */
static int
sample(struct world *w)
{
	int turns = 0;

	while (w->answers[0] == '\0') {
		assert_true(turns++ < 1000);
		assert_int_equal(loop_turn(w->loop, 0), 0);
	}
	return turns;
}

static const struct process *
program(const struct world *w, const char *name)
{
	return group_process(groups_find(w->scene->groups, "g"), name);
}

static const struct usage_row *
usage_for(const struct world *w, const char *name)
{
	return usage_of(w->usage, program(w, name));
}

static void
test_sample(void **state)
{
	struct world *w = *state;
	struct stat st;

	ask(w, 1);
	expect_answers(w, "");
	sample(w);
	expect_answers(w, "1:2 ");
	assert_int_equal(usage_for(w, "a")->processes, 2);
	assert_int_equal(usage_for(w, "a")->cpu_ms, 101 * (1000 / sysconf(_SC_CLK_TCK)));
	assert_int_equal(usage_for(w, "a")->rss, 20 * sysconf(_SC_PAGESIZE));
	assert_int_equal(usage_for(w, "b")->processes, 1);
	assert_null(usage_for(w, "c"));
	assert_int_equal(stat(w->proc, &st), 0);
	/* On a file system where the size of an empty directory is 0, as before 6.2. */
	if (st.st_size == 0)
		assert_int_equal(usage_for(w, "a")->fds, USAGE_UNKNOWN);
	else
		assert_int_equal(usage_for(w, "a")->fds, 2 * usage_for(w, "b")->fds);
}

/* One sample serves those that ask while it is made and for 2 s after; not later. */
static void
test_shared(void **state)
{
	struct world *w = *state;
	struct world other = *w;

	ask(w, 1);
	ask(w, 2);
	assert_int_equal(usage_ask(w->usage, on_usage, &other, 3, 3), 0);
	usage_forget(w->usage, &other);
	sample(w);
	expect_answers(w, "1:2 2:4 ");
	assert_string_equal(other.answers, "");
	make_process(w, 20, 20, 400);
	recorder_tick(&w->scene->recorder, USAGE_KEPT_MS - 1);
	ask(w, 4);
	expect_answers(w, "4:8 ");
	assert_int_equal(usage_for(w, "b")->permille, USAGE_UNKNOWN);
	recorder_tick(&w->scene->recorder, 1);
	ask(w, 5);
	expect_answers(w, "");
	sample(w);
	expect_answers(w, "5:10 ");
	assert_int_equal(
	    usage_for(w, "b")->permille, 200 * 1000 / sysconf(_SC_CLK_TCK) / 2);
	assert_int_equal(usage_for(w, "a")->permille, 0);
}

/* A turn reads and counts at most USAGE_STEP processes. */
static void
test_steps(void **state)
{
	struct world *w = *state;
	int turns;

	for (int pid = 100; pid < 100 + 4 * USAGE_STEP; pid++)
		make_process(w, pid, 10, 1);
	ask(w, 1);
	turns = sample(w);
	assert_true(turns >= 2 * (w->entries / USAGE_STEP));
	assert_true(turns < 20);
	assert_int_equal(usage_for(w, "a")->processes, 2 + 4 * USAGE_STEP);
	/* Nothing is scheduled but the end of the sample, which is forgotten then. */
	w->answers[0] = '\0';
	recorder_tick(&w->scene->recorder, USAGE_BASE_MS);
	loop_turn(w->loop, 0);
	loop_turn(w->loop, 0);
	assert_null(usage_for(w, "a"));
}

static void
test_changes(void **state)
{
	struct world *w = *state;
	struct process *a = group_process(groups_find(w->scene->groups, "g"), "a");

	ask(w, 1);
	loop_turn(w->loop, 0);
	/* While it is sampled, a is spawned again, and b has exited. */
	a->spawn++;
	a->pid = 12;
	remove_process(w, 20);
	group_process(a->group, "b")->pid = 0;
	sample(w);
	assert_null(usage_for(w, "a"));
	assert_null(usage_for(w, "b"));
	free(recorder_take(&w->scene->recorder));
	groups_remove(w->scene->groups, groups_find(w->scene->groups, "g"));
	recorder_tick(&w->scene->recorder, USAGE_KEPT_MS);
	w->answers[0] = '\0';
	ask(w, 2);
	sample(w);
}

static void
expect_warning(struct world *w, const char *want)
{
	char *lines = recorder_take(&w->scene->recorder);

	if (strstr(lines, want) == NULL)
		fail_msg("no '%s' in: %s", want, lines);
	free(lines);
}

/* Logged once, and every caller gets an answer. */
static void
test_invisible(void **state)
{
	struct world *w = *state;
	char *lines;

	remove_process(w, 20);
	ask(w, 1);
	sample(w);
	assert_non_null(usage_for(w, "a"));
	assert_null(usage_for(w, "b"));
	expect_warning(
	    w, "WARN CPU and memory of programs are not known: b: its process is");
	recorder_tick(&w->scene->recorder, USAGE_KEPT_MS);
	w->answers[0] = '\0';
	ask(w, 2);
	sample(w);
	lines = recorder_take(&w->scene->recorder);
	assert_string_equal(lines, "");
	free(lines);
}

static void
test_no_proc(void **state)
{
	struct world *w = *state;

	usage_free(w->usage);
	w->usage = usage_new(w->loop, w->scene->groups, "/nonexistent/proc");
	ask(w, 1);
	sample(w);
	expect_answers(w, "1:2 ");
	assert_null(usage_for(w, "a"));
	expect_warning(
	    w, "WARN CPU and memory of programs are not known: /nonexistent/proc: No such");
}

static void
test_too_many(void **state)
{
	struct world *w = *state;
	struct world others[5];

	memset(others, 0, sizeof(others));
	for (int i = 0; i < USAGE_ASKERS_PER_CLIENT; i++)
		ask(w, 1);
	assert_int_equal(usage_ask(w->usage, on_usage, w, 1, 1), -1);
	assert_int_equal(errno, ENOBUFS);
	for (size_t n = USAGE_ASKERS_PER_CLIENT; n < USAGE_ASKERS_MAX; n++)
		assert_int_equal(usage_ask(w->usage, on_usage,
				     &others[n / USAGE_ASKERS_PER_CLIENT], 1, 1),
		    0);
	assert_int_equal(usage_ask(w->usage, on_usage, &others[4], 1, 1), -1);
	assert_int_equal(errno, ENOBUFS);
	usage_forget(w->usage, w);
	ask(w, 2);
	sample(w);
	expect_answers(w, "2:4 ");
}

/* Of a program with a control group, CPU time and memory are those of the group. */
static void
test_group(void **state)
{
	struct world *w = *state;
	struct process *a = group_process(groups_find(w->scene->groups, "g"), "a");
	struct child child = { .cgroup = w->proc, .cpu_us = 1000000 };
	char path[PATH_MAX + 32];
	FILE *file;

	a->child = &child;
	snprintf(path, sizeof(path), "%s/cpu.stat", w->proc);
	assert_non_null(file = fopen(path, "w"));
	assert_true(fputs("usage_usec 8000000\n", file) > 0);
	assert_int_equal(fclose(file), 0);
	ask(w, 1);
	sample(w);
	assert_int_equal(usage_for(w, "a")->cpu_ms, 7000);
	assert_int_equal(usage_for(w, "a")->rss, 20 * sysconf(_SC_PAGESIZE));
	assert_int_equal(usage_for(w, "a")->processes, 2);
	assert_int_equal(usage_for(w, "b")->cpu_ms, 200 * (1000 / sysconf(_SC_CLK_TCK)));
	a->child = NULL;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sample, begin, end),
		cmocka_unit_test_setup_teardown(test_group, begin, end),
		cmocka_unit_test_setup_teardown(test_shared, begin, end),
		cmocka_unit_test_setup_teardown(test_steps, begin, end),
		cmocka_unit_test_setup_teardown(test_changes, begin, end),
		cmocka_unit_test_setup_teardown(test_invisible, begin, end),
		cmocka_unit_test_setup_teardown(test_no_proc, begin, end),
		cmocka_unit_test_setup_teardown(test_too_many, begin, end),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
