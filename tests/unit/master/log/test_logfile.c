/* The cases of rotation are in tests/data/logfile, with supervisord's results. */
#include "master/log/logtarget.h"

#include "tests/unit/master/scratch_log.h"

#include <signal.h>
#include <sys/socket.h>

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* "NAME=CONTENT NAME=CONTENT", sorted; the files are removed. */
static void
collect(const struct scratch *scratch, char *out, size_t size)
{
	struct dirent **entries;
	char *text;
	int i, n;

	*out = '\0';
	n = scandir(scratch->dir, &entries, is_visible, by_name);
	for (i = 0; i < n; i++) {
		text = scratch_read(scratch, entries[i]->d_name, NULL);
		snprintf(out + strlen(out), size - strlen(out), "%s%s=%s", i > 0 ? " " : "",
		    entries[i]->d_name, text);
		(void)unlink(scratch_path(scratch, entries[i]->d_name));
		free(text);
		free(entries[i]);
	}
	free(entries);
}

static void
check_rotation(void *ctx, char *input, char *want)
{
	struct scratch *scratch = ctx;
	struct logfile *file = NULL;
	char got[4096], *word, *rest = NULL, *equals;
	long long maxbytes = atoll(strtok_r(input, " ", &rest));
	long long backups = atoll(strtok_r(NULL, " ", &rest));

	while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
		if (*word != '>') {
			assert_non_null(equals = strchr(word, '='));
			*equals = '\0';
			scratch_write(scratch, word, equals + 1);
			continue;
		}
		if (file == NULL)
			file = open_log(scratch, maxbytes, backups);
		put(file, word + 1);
	}
	logfile_free(file);
	collect(scratch, got, sizeof(got));
	if (strcmp(got, want) != 0)
		fail_msg("%lld %lld: <%s> instead of <%s>", maxbytes, backups, got, want);
}

static void
test_rotation(void **state)
{
	struct scratch *scratch = *state;

	assert_true(
	    scratch_cases("tests/data/logfile/rotation", check_rotation, scratch) > 20);
	assert_string_equal(scratch->log, "");
}

static void
test_append_and_mode(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file;
	mode_t before = umask(027);
	struct stat st;

	file = open_log(scratch, 0, 0);
	umask(before);
	assert_int_equal(fstat(logfile_fd(file), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_true(fcntl(logfile_fd(file), F_GETFD) & FD_CLOEXEC);
	assert_string_equal(logfile_path(file), scratch_path(scratch, "log"));
	put(file, "one");
	logfile_free(file);
	file = open_log(scratch, 0, 0);
	put(file, "two");
	logfile_free(file);
	scratch_expect(scratch, "log", "onetwo");
	assert_null(logfile_open("/no/such/dir/log", 0, 0));
	assert_int_equal(errno, ENOENT);
	assert_null(logfile_open(scratch->dir, 0, 0));
	assert_int_equal(errno, EISDIR);
}

static void
test_generation(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file = open_log(scratch, 3, 1);
	uint64_t first = logfile_record(file)->generation, second;

	put(file, "ab");
	assert_int_equal(logfile_record(file)->generation, first);
	put(file, "c");
	second = logfile_record(file)->generation;
	assert_true(second > first);
	assert_int_equal(logfile_clear(file), 0);
	assert_true(logfile_record(file)->generation > second);
	logfile_free(file);
}

/* After a rotation, the file is appended to: lines that another program adds are kept. */
static void
test_append_after_rotation(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file = open_log(scratch, 5, 1);
	int other;

	put(file, "12345");
	put(file, "a");
	other = open(scratch_path(scratch, "log"), O_WRONLY | O_APPEND);
	assert_int_equal(write(other, "b", 1), 1);
	close(other);
	put(file, "c");
	scratch_expect(scratch, "log", "abc");
	logfile_free(file);
}

/* Two programs with one log file lose nothing while there are enough backups. */
static void
test_two_writers(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *one = open_log(scratch, 6, 9), *two = open_log(scratch, 6, 9);
	char all[512] = "", name[16], *text;
	int i;

	for (i = 0; i < 12; i++) {
		put(i % 3 == 0 ? two : one, (char[]){ (char)('a' + i), '.', '\0' });
	}
	logfile_free(one);
	logfile_free(two);
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), i > 0 ? "log.%d" : "log", i);
		text = scratch_read(scratch, name, NULL);
		if (text != NULL)
			strcat(all, text);
		free(text);
	}
	assert_int_equal(strlen(all), 24);
	for (i = 0; i < 12; i++)
		assert_non_null(strchr(all, 'a' + i));
}

/* A file that we do not rotate follows another program's rotation, as its output would
 * disappear with the oldest backup. A file that was only renamed is kept. */
static void
test_follows_rotation(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *one, *two;

	clock_freeze(1000, 0);
	one = open_log(scratch, 4, 9);
	two = open_log(scratch, 0, 0);
	put(one, "1234");
	put(two, "a");
	scratch_expect(scratch, "log.1", "1234a");
	clock_freeze(2000, 0);
	put(two, "b");
	scratch_expect(scratch, "log", "b");
	assert_int_equal(logfile_record(two)->generation, 1);
	assert_int_equal(
	    rename(scratch_path(scratch, "log"), scratch_path(scratch, "moved")), 0);
	clock_freeze(9000, 0);
	put(two, "c");
	scratch_expect(scratch, "moved", "bc");
	scratch_expect(scratch, "log", NULL);
	logfile_free(one);
	logfile_free(two);
}

static void
test_vanished(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file = open_log(scratch, 3, 2);

	assert_int_equal(unlink(scratch_path(scratch, "log")), 0);
	put(file, "abc");
	put(file, "d");
	scratch_expect(scratch, "log", "d");
	scratch_expect(scratch, "log.1", NULL);
	assert_string_equal(scratch->log, "");
	logfile_free(file);
}

static void
test_reopen_and_clear(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file = open_log(scratch, 0, 0);

	put(file, "old");
	assert_int_equal(
	    rename(scratch_path(scratch, "log"), scratch_path(scratch, "moved")), 0);
	put(file, "er");
	assert_int_equal(logfile_reopen(file), 0);
	put(file, "new");
	scratch_expect(scratch, "moved", "older");
	scratch_expect(scratch, "log", "new");
	assert_int_equal(logfile_clear(file), 0);
	scratch_expect(scratch, "log", "");
	assert_int_equal(unlink(scratch_path(scratch, "log")), 0);
	assert_int_equal(logfile_clear(file), -1);
	assert_int_equal(errno, ENOENT);
	put(file, "back");
	scratch_expect(scratch, "log", "back");
	logfile_free(file);
}

static void
test_quiet(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file;

	if (access("/dev/full", W_OK) == -1)
		skip();
	assert_non_null(file = logfile_open("/dev/full", 0, 0));
	logfile_quiet(file, true);
	assert_int_equal(logfile_write(file, "x", 1), -1);
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(scratch->log, "");
	logfile_free(file);
}

static void
test_large(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file = open_log(scratch, 1000, 1);
	size_t n = (size_t)5 * 1024 * 1024;
	char *much = calloc(1, n);

	assert_non_null(much);
	assert_int_equal(logfile_write(file, much, n), 0);
	scratch_expect_size(scratch, "log.1", (off_t)n);
	scratch_expect_size(scratch, "log", 0);
	free(much);
	logfile_free(file);
}

/* A FIFO is opened without a reader and never waited for; excess output is dropped. */
static void
test_fifo(void **state)
{
	struct scratch *scratch = *state;
	static char much[1 << 20];
	struct logfile *file;
	struct stat st;
	char got[8];
	int reader;

	assert_int_equal(mkfifo(scratch_path(scratch, "log"), 0600), 0);
	assert_false(logfile_can_rotate(scratch_path(scratch, "log")));
	file = open_log(scratch, 10, 2);
	put(file, "hello");
	reader = open(scratch_path(scratch, "log"), O_RDONLY | O_NONBLOCK);
	assert_int_equal(read(reader, got, sizeof(got)), 5);
	assert_memory_equal(got, "hello", 5);
	put(file, "0123456789 and more than maxbytes");
	assert_int_equal(logfile_write(file, much, sizeof(much)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(scratch_count(scratch, "ERRO "), 1);
	close(reader);
	assert_int_equal(logfile_clear(file), 0);
	assert_int_equal(stat(scratch_path(scratch, "log"), &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	logfile_free(file);
	scratch_expect(scratch, "log.1", NULL);
}

/* An inherited descriptor is neither opened again, rotated nor removed. */
static void
test_given_file(void **state)
{
	struct scratch *scratch = *state;
	int fd = open(scratch_path(scratch, "out"), O_WRONLY | O_CREAT, 0600);
	struct logfile *file;
	char path[32];

	assert_true(fd > 2);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	assert_false(logfile_can_rotate(path));
	assert_non_null(file = logfile_open(path, 5, 1));
	assert_int_equal(write(fd, "head ", 5), 5);
	put(file, "0123456789 ");
	assert_int_equal(write(fd, "tail", 4), 4);
	assert_int_equal(logfile_clear(file), 0);
	assert_int_equal(logfile_reopen(file), 0);
	put(file, ".");
	scratch_expect(scratch, "out", "head 0123456789 tail.");
	logfile_free(file);
	/* Descriptors that we have opened are not accepted as logs. */
	assert_int_equal(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	assert_null(logfile_open(path, 0, 0));
	assert_int_equal(errno, ENOENT);
	close(fd);
	assert_null(logfile_open(path, 0, 0));
	assert_int_equal(errno, ENOENT);
}

/* A socket, such as the journal's, cannot be opened by its name. */
static void
test_given_socket(void **state)
{
	struct logfile *file;
	char path[32], got[8];
	int fds[2];

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	assert_non_null(file = logfile_open(path, 0, 0));
	put(file, "hello");
	assert_int_equal(read(fds[1], got, sizeof(got)), 5);
	close(fds[1]);
	assert_int_equal(logfile_write(file, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(fds[0]);
	logfile_free(file);
}

/* Devices are never renamed. /dev/null can seek, so there is no warning. */
static void
test_devices(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file = logfile_open("/dev/null", 1, 1);
	struct stat st;

	assert_non_null(file);
	put(file, "0123456789");
	assert_int_equal(logfile_record(file)->generation, 0);
	assert_string_equal(scratch->log, "");
	assert_int_equal(logfile_clear(file), 0);
	logfile_free(file);
	assert_int_equal(access("/dev/null.1", F_OK), -1);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

static void
expect_reader(const char *path, int want_errno, const char *want)
{
	int fd = logtarget_open_for_reader(path), flags;
	char got[32];

	if (want_errno != 0) {
		assert_int_equal(fd, -1);
		assert_int_equal(errno, want_errno);
		return;
	}
	assert_true(fd >= 0);
	flags = fcntl(fd, F_GETFL);
	assert_int_equal(flags & O_ACCMODE, O_RDONLY);
	assert_true(flags & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(read(fd, got, sizeof(got)), strlen(want));
	assert_memory_equal(got, want, strlen(want));
	close(fd);
}

static void
test_reader(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, "log", "text");
	expect_reader(scratch_path(scratch, "log"), 0, "text");
	expect_reader("/dev/null", 0, "");
	expect_reader(scratch_path(scratch, "none"), ENOENT, NULL);
	expect_reader(scratch->dir, EINVAL, NULL);
	expect_reader("/dev/zero", EINVAL, NULL);
	assert_int_equal(mkfifo(scratch_path(scratch, "fifo"), 0600), 0);
	expect_reader(scratch_path(scratch, "fifo"), EINVAL, NULL);
}

static void
test_reader_links(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, "log", "text");
	assert_int_equal(symlink("log", scratch_path(scratch, "relative")), 0);
	assert_int_equal(
	    symlink(scratch_path(scratch, "relative"), scratch_path(scratch, "absolute")),
	    0);
	assert_int_equal(symlink("/dev/null", scratch_path(scratch, "null")), 0);
	assert_int_equal(symlink("gone", scratch_path(scratch, "dangling")), 0);
	assert_int_equal(symlink("loop", scratch_path(scratch, "loop")), 0);
	expect_reader(scratch_path(scratch, "relative"), 0, "text");
	expect_reader(scratch_path(scratch, "absolute"), 0, "text");
	expect_reader(scratch_path(scratch, "null"), 0, "");
	expect_reader(scratch_path(scratch, "dangling"), ENOENT, NULL);
	expect_reader(scratch_path(scratch, "loop"), ELOOP, NULL);
}

/* A program's user must not get another user's file through root. */
static void
test_reader_foreign_link(void **state)
{
	struct scratch *scratch = *state;

	if (geteuid() != 0)
		skip();
	scratch_write(scratch, "secret", "text");
	assert_int_equal(chmod(scratch_path(scratch, "secret"), 0600), 0);
	assert_int_equal(symlink("secret", scratch_path(scratch, "log")), 0);
	assert_int_equal(symlink("log", scratch_path(scratch, "ours")), 0);
	expect_reader(scratch_path(scratch, "ours"), 0, "text");
	assert_int_equal(lchown(scratch_path(scratch, "log"), 65534, 65534), 0);
	expect_reader(scratch_path(scratch, "log"), EACCES, NULL);
	expect_reader(scratch_path(scratch, "ours"), EACCES, NULL);
	assert_int_equal(chmod(scratch_path(scratch, "secret"), 0644), 0);
	expect_reader(scratch_path(scratch, "log"), 0, "text");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_rotation),
	    TEST(test_append_and_mode),
	    TEST(test_generation),
	    TEST(test_append_after_rotation),
	    TEST(test_two_writers),
	    TEST(test_follows_rotation),
	    TEST(test_vanished),
	    TEST(test_reopen_and_clear),
	    TEST(test_quiet),
	    TEST(test_large),
	    TEST(test_fifo),
	    TEST(test_given_file),
	    TEST(test_given_socket),
	    TEST(test_devices),
	    TEST(test_reader),
	    TEST(test_reader_links),
	    TEST(test_reader_foreign_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
