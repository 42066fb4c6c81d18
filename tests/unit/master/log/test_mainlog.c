#include "master/log/mainlog.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/* 2001-09-09 01:46:40.999 UTC */
#define WALL INT64_C(1000000000999)

static struct mainlog *
open_log(const struct scratch *scratch, bool echo)
{
	struct mainlog *log = mainlog_open(scratch_path(scratch, "log"), 0, 0, echo, -1);

	assert_non_null(log);
	log_init(mainlog_sink, log, LEVEL_DEBUG);
	return log;
}

static void
zone(const char *name)
{
	if (name != NULL)
		setenv("TZ", name, 1);
	else
		unsetenv("TZ");
	tzset();
}

static void
test_format(void **state)
{
	struct scratch *scratch = *state;
	struct mainlog *log = open_log(scratch, false);

	zone("EST5");
	clock_freeze(0, WALL);
	log_info("spawned: '%s' with pid %d", "cat", 7);
	log_bytes(LEVEL_DEBUG, "one\ntwo\0x\n", 10);
	clock_freeze(0, WALL + 1);
	log_critical("next second");
	log_at(LEVEL_TRACE, "unwanted");
	clock_freeze(0, WALL + 60000 - 990);
	log_warn("%s", "");
	zone(NULL);
	mainlog_free(log);
	char *text = scratch_read(scratch, "log", NULL);
	assert_memory_equal(text,
	    "2001-09-08 20:46:40,999 INFO spawned: 'cat' with pid 7\n"
	    "2001-09-08 20:46:40,999 DEBG one\ntwo\0x\n\n"
	    "2001-09-08 20:46:41,000 CRIT next second\n"
	    "2001-09-08 20:47:40,009 WARN \n",
	    55 + 40 + 41 + 30);
	free(text);
}

static void
test_long_line(void **state)
{
	struct scratch *scratch = *state;
	struct mainlog *log = open_log(scratch, false);
	static char much[300000];

	clock_freeze(0, WALL);
	memset(much, 'x', sizeof(much));
	mainlog_sink(log, LEVEL_INFO, much, sizeof(much));
	mainlog_sink(log, LEVEL_INFO, "", 0);
	mainlog_free(log);
	scratch_expect_size(scratch, "log", sizeof(much) + 2 * (24 + 5 + 1));
}

/* Runs fn with standard error redirected to a file; returns its content, new. */
static char *
on_console(const struct scratch *scratch, struct mainlog *log, void (*fn)(void))
{
	int saved = dup(STDERR_FILENO), fd;

	fd = open(scratch_path(scratch, "console"), O_RDWR | O_CREAT | O_APPEND, 0600);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	log_init(mainlog_sink, log, LEVEL_DEBUG);
	fn();
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	close(fd);
	return scratch_read(scratch, "console", NULL);
}

static void
log_at_intervals(void)
{
	for (int i = 0; i < 100; i++) {
		clock_freeze(1000 + i * 1000, WALL);
		log_info("line %d", i);
	}
}

static void
test_full_disk(void **state)
{
	struct scratch *scratch = *state;
	struct mainlog *log;
	char *text;

	if (access("/dev/full", W_OK) == -1)
		skip();
	zone("UTC");
	assert_non_null(log = mainlog_open("/dev/full", 0, 0, false, -1));
	text = on_console(scratch, log, log_at_intervals);
	assert_string_equal(text,
	    "2001-09-09 01:46:40,999 ERRO could not write log file /dev/full: "
	    "No space left on device\n"
	    "2001-09-09 01:46:40,999 ERRO could not write log file /dev/full: "
	    "No space left on device (59 more since the last report)\n");
	free(text);
	mainlog_free(log);
	zone(NULL);
}

static void
test_rotation(void **state)
{
	struct scratch *scratch = *state;
	struct mainlog *log = mainlog_open(scratch_path(scratch, "log"), 60, 1, false, -1);

	assert_non_null(log);
	clock_freeze(0, WALL);
	mainlog_sink(log, LEVEL_INFO, "0123456789", 10);
	scratch_expect(scratch, "log.1", NULL);
	mainlog_sink(log, LEVEL_INFO, "0123456789", 10);
	scratch_expect_size(scratch, "log.1", 80);
	scratch_expect(scratch, "log", "");
	mainlog_free(log);
}

static void
test_clear(void **state)
{
	struct scratch *scratch = *state;
	struct mainlog *log = open_log(scratch, false);
	char *text;

	assert_string_equal(mainlog_path(log), scratch_path(scratch, "log"));
	log_info("before");
	assert_int_equal(
	    link(scratch_path(scratch, "log"), scratch_path(scratch, "old")), 0);
	assert_int_equal(mainlog_clear(log), 0);
	scratch_expect(scratch, "log", "");
	text = scratch_read(scratch, "old", NULL);
	assert_non_null(strstr(text, " INFO reopening log file\n"));
	free(text);
	log_info("after");
	text = scratch_read(scratch, "log", NULL);
	assert_non_null(strstr(text, " INFO after\n"));
	free(text);
	assert_int_equal(unlink(scratch_path(scratch, "log")), 0);
	assert_int_equal(mainlog_clear(log), -1);
	assert_int_equal(errno, ENOENT);
	mainlog_free(log);
}

static void
test_no_file(void **state)
{
	struct mainlog *log = mainlog_open(NULL, 0, 0, false, -1);

	(void)state;
	assert_non_null(log);
	assert_null(mainlog_path(log));
	mainlog_sink(log, LEVEL_INFO, "x", 1);
	assert_int_equal(mainlog_clear(log), -1);
	assert_int_equal(errno, ENOENT);
	mainlog_free(log);
	assert_null(mainlog_open("/no/such/dir/log", 0, 0, false, -1));
	assert_int_equal(errno, ENOENT);
}

/* Replaces stdout by fd; returns the old one. */
static int
replace_stdout(int fd)
{
	int before;

	fflush(stdout);
	before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_true(before >= 0);
	if (fd == -1)
		close(STDOUT_FILENO);
	else
		assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	return before;
}

static void
restore_stdout(int before)
{
	assert_int_equal(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
	close(before);
}

/* Logs 3000 lines to a stdout that accepts fewer: all are in the file, and nothing waits.
 * */
static void
flood(struct mainlog *log)
{
	char line[100];
	int i;

	memset(line, 'x', sizeof(line));
	alarm(30);
	for (i = 0; i < 3000; i++)
		mainlog_sink(log, LEVEL_INFO, line, sizeof(line));
	alarm(0);
}

static void
echo_to(const struct scratch *scratch, int writer, int reader)
{
	static const char want[] = "2001-09-09 01:46:40,999 INFO first\n";
	int before = replace_stdout(writer);
	struct mainlog *log;
	char got[64];

	zone("UTC");
	clock_freeze(0, WALL);
	log = open_log(scratch, true);
	log_info("first");
	flood(log);
	restore_stdout(before);
	assert_int_equal(read(reader, got, sizeof(want) - 1), sizeof(want) - 1);
	assert_memory_equal(got, want, sizeof(want) - 1);
	/* Then the reader ends. */
	close(reader);
	before = replace_stdout(writer);
	close(writer);
	log_info("last");
	restore_stdout(before);
	mainlog_free(log);
	zone(NULL);
	scratch_expect_size(scratch, "log", 35 + 3000 * 130 + 34);
}

static void
test_echo_pipe(void **state)
{
	int fds[2];

	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	echo_to(*state, fds[1], fds[0]);
}

static void
test_echo_socket(void **state)
{
	int fds[2];

	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	echo_to(*state, fds[1], fds[0]);
}

/* Reads everything; returns how many bytes were read or reported as lost. A pipe accepts a
 * short line whole or not at all. */
static size_t
account(int reader)
{
	static char got[2 * 1024 * 1024];
	size_t total = 0, lost;
	char *line, *next;
	ssize_t n;

	for (next = got; (n = read(reader, next, 65536)) > 0; next += n)
		continue;
	*next = '\0';
	for (line = got; *line != '\0'; line = next + 1) {
		next = strchr(line, '\n');
		assert_non_null(next);
		if (sscanf(line, "[reeve: %zu bytes lost: No buffer space available]\n",
			&lost) == 1)
			total += lost;
		else
			total += (size_t)(next + 1 - line);
	}
	return total;
}

/* A slow reader gets lines about the loss. */
static void
test_echo_loss(void **state)
{
	const struct scratch *scratch = *state;
	struct mainlog *log;
	size_t total;
	int fds[2], before;

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	before = replace_stdout(fds[1]);
	log = open_log(scratch, true);
	restore_stdout(before);
	zone("UTC");
	clock_freeze(0, WALL);
	flood(log);
	flood(log);
	flood(log);
	total = account(fds[0]);
	assert_true(total < (size_t)3 * 3000 * 130);
	log_info("after");
	total += account(fds[0]);
	assert_int_equal(total, (size_t)3 * 3000 * 130 + 35);
	mainlog_free(log);
	close(fds[0]);
	close(fds[1]);
	zone(NULL);
}

/* The file keeps its shared offset: output of other commands is not overwritten. */
static void
test_echo_file(void **state)
{
	struct scratch *scratch = *state;
	int fd = open(scratch_path(scratch, "out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int before;
	struct mainlog *log;

	assert_int_equal(write(fd, "head\n", 5), 5);
	before = replace_stdout(fd);
	zone("UTC");
	clock_freeze(0, WALL);
	log = open_log(scratch, true);
	log_info("x");
	restore_stdout(before);
	assert_int_equal(write(fd, "tail\n", 5), 5);
	close(fd);
	mainlog_free(log);
	zone(NULL);
	scratch_expect(scratch, "out", "head\n2001-09-09 01:46:40,999 INFO x\ntail\n");
}

static void
test_echo_closed(void **state)
{
	struct scratch *scratch = *state;
	int before = replace_stdout(-1);
	struct mainlog *log = open_log(scratch, true);

	log_info("x");
	mainlog_free(log);
	restore_stdout(before);
	scratch_expect_size(scratch, "log", 31);
}

/* Each line of a message has a timestamp. A missing syslog causes no line. */
static void
test_syslog(void **state)
{
	static const char *const want[] = {
	    "2001-09-09 01:46:40,999 INFO one",
	    "2001-09-09 01:46:40,999 DEBG two",
	    "2001-09-09 01:46:40,999 DEBG three",
	};
	struct scratch *scratch = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct loop *loop = loop_new();
	struct mainlog *log = mainlog_open(NULL, 0, 0, false, -1);
	struct syslogger *syslog;
	char got[100];

	strcpy(address.sun_path, scratch_path(scratch, "socket"));
	assert_non_null(syslog = syslogger_new(loop, address.sun_path, "x"));
	mainlog_use_syslog(log, syslog);
	zone("UTC");
	clock_freeze(0, WALL);
	log_init(mainlog_sink, log, LEVEL_DEBUG);
	log_info("too early");
	assert_int_equal(bind(receiver, (struct sockaddr *)&address, sizeof(address)), 0);
	log_info("one");
	log_debug("two\nthree\n");
	zone(NULL);
	for (size_t i = 0; i < nitems(want); i++) {
		ssize_t n = recv(receiver, got, sizeof(got) - 1, 0);

		assert_true(n > 0);
		got[n] = '\0';
		assert_string_equal(strstr(got, "x: ") + 3, want[i]);
	}
	assert_int_equal(recv(receiver, got, sizeof(got), 0), -1);
	assert_null(mainlog_path(log));
	log_init(NULL, NULL, LEVEL_INFO);
	mainlog_free(log);
	syslogger_free(syslog);
	loop_free(loop);
	close(receiver);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_format),
	    TEST(test_long_line),
	    TEST(test_full_disk),
	    TEST(test_rotation),
	    TEST(test_clear),
	    TEST(test_syslog),
	    TEST(test_no_file),
	    TEST(test_echo_pipe),
	    TEST(test_echo_socket),
	    TEST(test_echo_loss),
	    TEST(test_echo_file),
	    TEST(test_echo_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
