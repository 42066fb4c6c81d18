/* Spawn run: spawns a program of /bin, for tests that read /proc or its output. */
#ifndef TESTS_SPAWN_RUN_H
#define TESTS_SPAWN_RUN_H

#include "master/child/spawn.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

struct run {
	struct scratch *scratch;
	struct spawn_request request;
	int input, output, errors; /* our ends of its pipes */
	int child[3];
	char text[8192];  /* its standard output */
	char wrong[8192]; /* its standard error */
	int status;
};

static inline void
make_pipe(int *reader, int *writer)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*reader = fds[0];
	*writer = fds[1];
}

static inline void
prepare(struct run *run, void **state, const char *path, char *const *argv)
{
	static sigset_t none;

	assert_int_equal(spawn_init(NULL), 0);
	sigemptyset(&none);
	*run = (struct run){ .scratch = *state };
	make_pipe(&run->child[0], &run->input);
	make_pipe(&run->output, &run->child[1]);
	make_pipe(&run->errors, &run->child[2]);
	run->request = (struct spawn_request){
		.path = path,
		.argv = argv,
		.envp = environ,
		.fds = { run->child[0], run->child[1], run->child[2] },
		.extra_fds = { -1, -1 },
		.umask = -1,
		.mask = &none,
	};
}

static inline pid_t
launch(struct run *run)
{
	pid_t pid = spawn_child(&run->request);
	int i;

	assert_true(pid > 0);
	for (i = 0; i < 3; i++)
		close(run->child[i]);
	return pid;
}

static inline void
read_all(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;

	/* EOF needs that this process has no copy of the child's end. */
	while ((n = read(fd, out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(fd);
}

static inline void
finish(struct run *run, pid_t pid)
{
	alarm(20);
	close(run->input);
	read_all(run->output, run->text, sizeof(run->text));
	read_all(run->errors, run->wrong, sizeof(run->wrong));
	assert_int_equal(waitpid(pid, &run->status, 0), pid);
	alarm(0);
}

static inline void
run_shell(struct run *run, void **state, const char *script)
{
	static char name[] = "sh", option[] = "-c", copy[512];
	static char *argv[] = { name, option, copy, NULL };

	snprintf(copy, sizeof(copy), "%s", script);
	prepare(run, state, "/bin/sh", argv);
}

/* Runs cat instead of the shell; await_cat waits until it runs. */
static inline pid_t
run_cat(struct run *run)
{
	static char name[] = "cat";
	static char *argv[] = { name, NULL };

	run->request.path = "/bin/cat";
	run->request.argv = argv;
	return launch(run);
}

static inline void
await_cat(struct run *run)
{
	char c;

	assert_int_equal(write(run->input, "x", 1), 1);
	assert_int_equal(read(run->output, &c, 1), 1);
}

/* The value of a line of /proc/PID/status. */
static inline void
status_line(pid_t pid, const char *key, char *out, size_t size)
{
	char path[64], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	assert_non_null(file = fopen(path, "r"));
	*out = '\0';
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(out, size, "%s", line + strlen(key));
	fclose(file);
	out[strcspn(out, "\n")] = '\0';
}

static inline void
expect_failure(struct run *run, const char *text)
{
	char want[5000];

	finish(run, launch(run));
	snprintf(want, sizeof(want), "%ssupervisor: child process was not spawned\n", text);
	assert_string_equal(run->wrong, want);
	assert_string_equal(run->text, "");
	assert_true(WIFEXITED(run->status));
	assert_int_equal(WEXITSTATUS(run->status), 127);
}

/* Closes all our ends, because another process has copies and waits for EOF. */
static inline void
leave(struct run *run)
{
	int i;

	for (i = 0; i < 3; i++)
		close(run->child[i]);
	close(run->input);
	close(run->output);
	close(run->errors);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

#endif
