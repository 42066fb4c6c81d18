/* Run file: what was recorded is read again, in this boot and by the right user only; and
 * what happens when it is damaged, cannot be written or is in use. */
#include "common/str.h"
#include "master/survivors/run_file.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define OTHER_USER 65534

static struct run_file *
open_file(struct scratch *scratch, struct loop *loop)
{
	char *why = NULL;
	struct run_file *file = run_file_open(loop, scratch->dir, &why);

	if (file == NULL)
		fail_msg("%s", why);
	return file;
}

static void
set(struct run_file *file, int pid, const char *name)
{
	struct run_record record = {
		.group = strdup("g"),
		.name = strdup(name),
		.pid = pid,
		.id = (uint64_t)pid,
		.stopsignal = SIGTERM,
	};

	run_file_set(file, &record);
	run_record_clear(&record);
}

/* Reads with another object, as the next daemon does. want: the pids, "" = none. */
static void
expect(struct scratch *scratch, const char *want)
{
	struct loop *loop = loop_new();
	struct run_file *file = open_file(scratch, loop);
	struct run_record *records;
	char got[256] = "";
	size_t count, at = 0;

	records = run_file_read(file, &count);
	for (size_t i = 0; i < count; i++) {
		at += (size_t)snprintf(
		    got + at, sizeof(got) - at, "%s%d", at > 0 ? " " : "", records[i].pid);
		run_record_clear(&records[i]);
	}
	assert_string_equal(got, want);
	free(records);
	run_file_close(file);
	loop_free(loop);
}

/* A daemon that was killed: what it leaves is its file. */
static void
leave(struct scratch *scratch, void (*work)(struct run_file *))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct run_file *file = open_file(scratch, loop_new());

		run_file_begin(file);
		work(file);
		run_file_flush(file);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
three(struct run_file *file)
{
	set(file, 30, "c");
	set(file, 10, "a");
	set(file, 20, "b");
	run_file_flush(file);
	run_file_remove(file, 10);
	run_file_remove(file, 11);
	run_file_flush(file);
	set(file, 40, "d");
}

static void
test_life(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct run_file *file;
	struct stat st;

	expect(scratch, "");
	leave(scratch, three);
	expect(scratch, "20 30 40");
	/* One that does not begin leaves the file as it is. */
	expect(scratch, "20 30 40");
	assert_int_equal(stat(scratch_path(scratch, RUN_FILE_NAME), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	file = open_file(scratch, loop);
	run_file_begin(file);
	set(file, 50, "e");
	run_file_flush(file);
	assert_true(run_file_has(file, 50));
	assert_false(run_file_has(file, 20));
	/* Something still runs at the end. */
	run_file_close(file);
	expect(scratch, "50");
	file = open_file(scratch, loop);
	run_file_begin(file);
	run_file_close(file);
	scratch_expect(scratch, RUN_FILE_NAME, NULL);
	loop_free(loop);
	assert_string_equal(scratch->log, "");
}

static off_t
size_of(const struct scratch *scratch)
{
	struct stat st;

	assert_int_equal(stat(scratch_path(scratch, RUN_FILE_NAME), &st), 0);
	return st.st_size;
}

/* The file is appended to, and does not grow without bound. */
static void
test_growth(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct run_file *file = open_file(scratch, loop);
	ino_t first = 0;
	struct stat st;
	off_t before;

	run_file_begin(file);
	for (int pid = 2; pid < 102; pid++)
		set(file, pid, "n");
	run_file_flush(file);
	before = size_of(scratch);
	for (int i = 0; i < 10000; i++) {
		run_file_remove(file, 2 + i % 100);
		set(file, 2 + i % 100, "n");
		run_file_flush(file);
		assert_int_equal(stat(scratch_path(scratch, RUN_FILE_NAME), &st), 0);
		if (i == 0)
			first = st.st_ino;
		if (i == 50)
			assert_int_equal(st.st_ino, first);
		assert_true(st.st_size < 2 * before + 2 * 65536);
	}
	scratch_expect(scratch, "." RUN_FILE_NAME ".new", NULL);
	run_file_close(file);
	loop_free(loop);
}

static void
damage(struct scratch *scratch, const char *text, const char *want, const char *log)
{
	leave(scratch, three);
	scratch_write(scratch, RUN_FILE_NAME, text);
	chmod(scratch_path(scratch, RUN_FILE_NAME), 0600);
	scratch_forget(scratch);
	expect(scratch, want);
	assert_true(strstr(scratch->log, log) != NULL);
}

static void
test_damaged(void **state)
{
	struct scratch *scratch = *state;
	char *text, *cut;

	leave(scratch, three);
	text = scratch_read(scratch, RUN_FILE_NAME, NULL);
	/* Cut off within the last line, which is about the process 40. */
	text[strlen(text) - 10] = '\0';
	damage(scratch, text, "20 30", "is damaged: 1 line of it cannot be used");
	/* Without the head. */
	cut = strchr(text, '\n') + 1;
	damage(scratch, cut, "", "is damaged");
	damage(scratch, "", "", "");
	damage(scratch, "\n\n\n", "", "is damaged");
	damage(scratch, "{\"format\":1,\"boot\":\"another\"}\n", "",
	    "is of an earlier boot of the machine");
	free(text);
}

static void
expect_refused(struct scratch *scratch, const char *why)
{
	scratch_forget(scratch);
	expect(scratch, "");
	if (strstr(scratch->log, why) == NULL)
		fail_msg("'%s' is not in the log: %s", why, scratch->log);
}

static void
test_strange_files(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, RUN_FILE_NAME);

	leave(scratch, three);
	assert_int_equal(chmod(path, 0620), 0);
	expect_refused(scratch, "other users can write it");
	assert_int_equal(chmod(path, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, OTHER_USER, OTHER_USER), 0);
		expect_refused(scratch, "other users can write it");
	}
	assert_int_equal(truncate(path, RUN_FILE_MAX + 1), 0);
	assert_int_equal(chown(path, geteuid(), getegid()), 0);
	expect_refused(scratch, "it is too large");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused(scratch, "it is not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	expect_refused(scratch, "Too many levels of symbolic links");
	/* A link is replaced, and not followed. */
	leave(scratch, three);
	expect(scratch, "20 30 40");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refused(scratch, "it is not a regular file");
}

static void
test_directory_in_the_way(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct run_file *file = open_file(scratch, loop);

	assert_int_equal(mkdir(scratch_path(scratch, RUN_FILE_NAME), 0700), 0);
	run_file_begin(file);
	set(file, 10, "a");
	run_file_flush(file);
	assert_true(strstr(scratch->log, "cannot write ") != NULL);
	assert_int_equal(rmdir(scratch_path(scratch, RUN_FILE_NAME)), 0);
	run_file_flush(file);
	run_file_close(file);
	expect(scratch, "10");
	loop_free(loop);
}

/* A full disk: nothing of the file is lost, and it is written when there is space. */
static void
test_full(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct run_file *file = open_file(scratch, loop);
	struct rlimit before, limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	run_file_begin(file);
	set(file, 10, "a");
	run_file_flush(file);
	limit = before;
	limit.rlim_cur = (rlim_t)size_of(scratch) + 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	set(file, 20, "b");
	run_file_flush(file);
	set(file, 30, "c");
	run_file_flush(file);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(scratch_count(scratch, "cannot write "), 1);
	scratch_expect(scratch, "." RUN_FILE_NAME ".new", NULL);
	run_file_remove(file, 10);
	run_file_flush(file);
	run_file_close(file);
	expect(scratch, "20 30");
	loop_free(loop);
}

/* An administrator removes the file. */
static void
test_removed(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct run_file *file = open_file(scratch, loop);

	run_file_begin(file);
	set(file, 10, "a");
	run_file_flush(file);
	assert_int_equal(unlink(scratch_path(scratch, RUN_FILE_NAME)), 0);
	set(file, 20, "b");
	run_file_flush(file);
	run_file_close(file);
	expect(scratch, "10 20");
	loop_free(loop);
}

static void
test_in_use(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct run_file *file = open_file(scratch, loop);
	char *why = NULL;

	assert_null(run_file_open(loop, scratch->dir, &why));
	assert_true(strstr(why, "another daemon uses ") != NULL);
	free(why);
	run_file_close(file);
	assert_null(run_file_open(loop, "/no/such", &why));
	assert_true(strstr(why, "No such file or directory") != NULL);
	free(why);
	loop_free(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

static void
test_shared_directory(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	char *why = NULL;

	assert_int_equal(chmod(scratch->dir, 01777), 0);
	assert_null(run_file_open(loop, scratch->dir, &why));
	assert_true(strstr(why, "other users can write the directory of ") != NULL);
	free(why);
	assert_int_equal(chmod(scratch->dir, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(scratch->dir, OTHER_USER, (gid_t)-1), 0);
		assert_null(run_file_open(loop, scratch->dir, &why));
		free(why);
		assert_int_equal(chown(scratch->dir, 0, (gid_t)-1), 0);
	}
	expect(scratch, "");
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_life),
		TEST(test_growth),
		TEST(test_damaged),
		TEST(test_strange_files),
		TEST(test_directory_in_the_way),
		TEST(test_full),
		TEST(test_removed),
		TEST(test_in_use),
		TEST(test_shared_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
