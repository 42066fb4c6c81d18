#include "common/buf.h"
#include "master/child/output.h"
#include "master/log/backlog.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static bool strip;

struct tube {
	struct loop *loop;
	struct output *output;
	int writer;
};

static struct tube
open_tube(const struct scratch *scratch, const char *log)
{
	struct logfile *file = NULL;
	struct tube tube;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	if (log != NULL)
		assert_non_null(file = logfile_open(scratch_path(scratch, log), 0, 0));
	assert_non_null(tube.loop = loop_new());
	tube.output = output_new(tube.loop, fds[0],
	    &(struct output_use){
		.name = "c'at", .id = OUTPUT_STDOUT, .log = file, .strip_ansi = &strip });
	assert_non_null(tube.output);
	tube.writer = fds[1];
	return tube;
}

static void
close_tube(struct tube *tube)
{
	if (tube->writer != -1)
		close(tube->writer);
	output_free(tube->output);
	loop_free(tube->loop);
}

static void
print(const struct tube *tube, const char *bytes, size_t n)
{
	assert_int_equal(write(tube->writer, bytes, n), n);
}

static void
test_to_file(void **state)
{
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, "log");
	size_t len;
	char *text;

	print(&tube, "a\0b\xff", 4);
	assert_int_not_equal(loop_turn(tube.loop, 1000), -1);
	text = scratch_read(scratch, "log", &len);
	assert_int_equal(len, 4);
	assert_memory_equal(text, "a\0b\xff", 4);
	free(text);
	assert_ptr_equal(logfile_path(tube.output->use.log) != NULL, true);
	close_tube(&tube);
}

static void
test_copies(void **state)
{
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, NULL);

	assert_null(tube.output->use.log);
	print(&tube, "hello\n\xc3\xa4", 8);
	loop_turn(tube.loop, 1000);
	assert_string_equal(
	    scratch->log, "DEBG \"c'at\" stdout output:\nhello\n\xc3\xa4\n");
	scratch_forget(scratch);
	print(&tube, "a'\n\x80", 4);
	loop_turn(tube.loop, 1000);
	assert_string_equal(
	    scratch->log, "DEBG \"c'at\" stdout output:\nUndecodable: b\"a'\\n\\x80\"\n");
	close_tube(&tube);
}

static void
note_output(void *ctx, enum output_id id UNUSED, const char *bytes, size_t n)
{
	snprintf(ctx, 32, "%.*s", (int)n, bytes);
}

/* A protocol is received unchanged, and copied to the main log as a Python bytes literal.
 * */
static void
test_protocol(void **state)
{
	static const struct output_ops ops = { .output = note_output, .is_protocol = true };
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, "log");
	char got[32] = "", *text;
	size_t len;

	strip = true;
	assert_int_equal(output_listen(tube.output, &ops, got, 0), 0);
	print(&tube, "\x1b[1mREADY\n", 10);
	loop_turn(tube.loop, 1000);
	strip = false;
	assert_string_equal(got, "\x1b[1mREADY\n");
	assert_string_equal(
	    scratch->log, "DEBG \"c'at\" stdout output:\nb'\\x1b[1mREADY\\n'\n");
	text = scratch_read(scratch, "log", &len);
	assert_string_equal(text, "READY\n");
	free(text);
	close_tube(&tube);
}

static void
test_no_copies_above_debug(void **state)
{
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, NULL);

	log_init(scratch_sink, scratch, LEVEL_INFO);
	print(&tube, "x", 1);
	loop_turn(tube.loop, 1000);
	assert_string_equal(scratch->log, "");
	close_tube(&tube);
}

static void
test_end(void **state)
{
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, "log");
	char want[128];
	int fd = tube.output->fd;

	print(&tube, "last", 4);
	close(tube.writer);
	tube.writer = -1;
	loop_turn(tube.loop, 1000);
	loop_turn(tube.loop, 1000);
	assert_int_equal(tube.output->fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	snprintf(want, sizeof(want),
	    "DEBG fd %d closed, stopped monitoring <channel for c'at (stdout)>\n", fd);
	assert_true(scratch_logged(scratch, want));
	scratch_expect(scratch, "log", "last");
	assert_non_null(tube.output->use.log);
	output_drain(tube.output, 100);
	close_tube(&tube);
}

static size_t
waiting(const struct tube *tube)
{
	int n = 0;

	assert_int_equal(ioctl(tube->output->fd, FIONREAD, &n), 0);
	return (size_t)n;
}

static void
test_drain(void **state)
{
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, "log");
	static char much[300000];

	assert_true(fcntl(tube.writer, F_SETPIPE_SZ, 1 << 19) >= (int)sizeof(much));
	log_init(scratch_sink, scratch, LEVEL_INFO);
	memset(much, 'x', sizeof(much));
	print(&tube, much, sizeof(much));
	output_drain(tube.output, 100);
	assert_int_equal(waiting(&tube), sizeof(much) - 100);
	output_drain(tube.output, 150000);
	assert_int_equal(waiting(&tube), sizeof(much) - 150100);
	output_drain(tube.output, 1 << 20);
	assert_int_equal(waiting(&tube), 0);
	output_drain(tube.output, 1 << 20); /* does not wait for an empty pipe */
	scratch_expect_size(scratch, "log", sizeof(much));
	close_tube(&tube);
}

/* One call reads at most 64 KiB, so that other sources of the loop are served. */
static void
test_bounded(void **state)
{
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, NULL);
	static char much[100000];

	assert_true(fcntl(tube.writer, F_SETPIPE_SZ, 1 << 17) >= (int)sizeof(much));
	log_init(scratch_sink, scratch, LEVEL_INFO);
	print(&tube, much, sizeof(much));
	loop_turn(tube.loop, 1000);
	assert_int_equal(waiting(&tube), sizeof(much) - 65536);
	close_tube(&tube);
}

static const char word_of_test[] = "0123456789abcdef";

/* Writes what fits of a long text from the offset `at`; returns how much. */
static size_t
chatter(int fd, size_t at, size_t n)
{
	char bytes[4096];
	ssize_t done;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = word_of_test[(at + i) % 16];
	done = write(fd, bytes, n < sizeof(bytes) ? n : sizeof(bytes));
	return done > 0 ? (size_t)done : 0;
}

static size_t
check_chatter(int fd, size_t at, size_t most)
{
	static char bytes[300000];
	ssize_t got = read(fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes));

	for (ssize_t i = 0; i < got; i++)
		assert_int_equal(bytes[i], word_of_test[(at + (size_t)i) % 16]);
	return got > 0 ? (size_t)got : 0;
}

/* The log is a pipe with a slow reader: the child waits, the loop sleeps, and nothing is
 * lost. */
static void
test_slow_reader(void **state)
{
	const size_t all = 5000000;
	size_t written = 0, before, received = 0;
	struct scratch *scratch = *state;
	struct output_use use = { .name = "a", .id = OUTPUT_STDOUT, .strip_ansi = &strip };
	struct loop *loop = loop_new();
	struct output *output;
	int log[2], fds[2];
	char path[32];

	log_init(scratch_sink, scratch, LEVEL_INFO);
	assert_int_equal(pipe(log), 0);
	assert_int_equal(fcntl(log[0], F_SETFL, O_NONBLOCK), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", log[1]);
	assert_non_null(use.log = logfile_open(path, 0, 0));
	assert_non_null(use.backlogs = backlogs_new(loop));
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_non_null(output = output_new(loop, fds[0], &use));
	alarm(60);
	do {
		before = written;
		for (size_t n; (n = chatter(fds[1], written, all - written)) > 0;)
			written += n;
		loop_turn(loop, 0);
	} while (written > before);
	assert_true(written < all);
	/* Reopening the log meanwhile changes nothing. */
	assert_int_equal(logfile_reopen(output->use.log), 0);
	while (received < all) {
		received += check_chatter(log[0], received, 100000);
		loop_turn(loop, 0);
		for (size_t n;
		     written < all && (n = chatter(fds[1], written, all - written)) > 0;)
			written += n;
	}
	alarm(0);
	assert_int_equal(received, all);
	assert_string_equal(scratch->log, "");
	close(fds[1]);
	output_free(output);
	backlogs_free(use.backlogs);
	loop_free(loop);
	close(log[0]);
	close(log[1]);
}

static void
note_done(void *ctx)
{
	*(bool *)ctx = true;
}

/* Several processes write and end while the log's reader does not read: all output arrives
 * in order, and the end of the daemon waits for it. */
static void
test_outlived(void **state)
{
	struct scratch *scratch = *state;
	struct output_use use = { .name = "a", .id = OUTPUT_STDOUT, .strip_ansi = &strip };
	struct loop *loop = loop_new();
	struct output *output;
	int log[2], fds[2];
	size_t written = 0, received = 0;
	bool done = false;
	char path[32];

	log_init(scratch_sink, scratch, LEVEL_INFO);
	assert_int_equal(pipe(log), 0);
	assert_int_equal(fcntl(log[0], F_SETFL, O_NONBLOCK), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", log[1]);
	assert_non_null(use.backlogs = backlogs_new(loop));
	for (int i = 0; i < 40; i++) {
		assert_non_null(use.log = logfile_open(path, 0, 0));
		assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
		assert_non_null(output = output_new(loop, fds[0], &use));
		for (size_t n; (n = chatter(fds[1], written, 4096)) > 0;)
			written += n;
		close(fds[1]);
		loop_turn(loop, 0);
		output_drain(output, 1 << 20);
		output_finish(output);
		output_free(output);
	}
	backlogs_finish(use.backlogs, 60000, note_done, &done);
	assert_false(done);
	alarm(60);
	while (received < written) {
		received += check_chatter(log[0], received, 100000);
		loop_turn(loop, 0);
	}
	alarm(0);
	assert_int_equal(received, written);
	assert_true(done);
	assert_int_equal(backlogs_fd(use.backlogs, path), -1);
	backlogs_free(use.backlogs);
	loop_free(loop);
	close(log[0]);
	close(log[1]);
}

/* A loss is reported at its place in the log. */
static void
test_loss_is_reported(void **state)
{
	static char bytes[1 << 20];
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct backlogs *backlogs = backlogs_new(loop);
	struct logfile *file;
	size_t written = 0, kept = 0, last = 0;
	struct buf report;
	char path[32], want[100];
	int log[2];
	ssize_t n;

	log_init(scratch_sink, scratch, LEVEL_CRITICAL);
	buf_init(&report, 0);
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(pipe(log), 0);
	assert_int_equal(fcntl(log[0], F_SETFL, O_NONBLOCK), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", log[1]);
	assert_non_null(file = logfile_open(path, 0, 0));
	for (; written < BACKLOG_MAX + 3 * sizeof(bytes); written += sizeof(bytes))
		backlogs_write(backlogs, file, bytes, sizeof(bytes));
	alarm(60);
	while (backlogs_fd(backlogs, path) != -1 || last > 0) {
		loop_turn(loop, 0);
		n = read(log[0], bytes, sizeof(bytes));
		last = n > 0 ? (size_t)n : 0;
		for (size_t i = 0; i < last; i++) {
			kept += bytes[i] == 'x';
			if (bytes[i] != 'x')
				assert_int_equal(buf_putc(&report, bytes[i]), 0);
		}
	}
	alarm(0);
	assert_int_equal(kept % (1 << 20), 0);
	assert_int_equal(buf_putc(&report, '\0'), 0);
	snprintf(want, sizeof(want), "\n[reeve: %zu bytes lost: %s]\n", written - kept,
	    strerror(ENOBUFS));
	assert_true(written > kept);
	assert_string_equal(buf_data(&report), want);
	buf_clear(&report);
	logfile_free(file);
	backlogs_free(backlogs);
	loop_free(loop);
	close(log[0]);
	close(log[1]);
}

/* Without a reader, memory is bounded, the loss is logged once, and the end does not wait
 * for ever. */
static void
test_never_read(void **state)
{
	static const char bytes[65536];
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct backlogs *backlogs = backlogs_new(loop);
	struct logfile *file;
	const struct backlog_record *kept;
	bool done = false;
	char path[32];
	int log[2];
	size_t n;

	log_init(scratch_sink, scratch, LEVEL_WARN);
	assert_int_equal(pipe(log), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", log[1]);
	assert_non_null(file = logfile_open(path, 0, 0));
	for (size_t i = 0; i < 2 * BACKLOG_MAX / sizeof(bytes); i++)
		backlogs_write(backlogs, file, bytes, sizeof(bytes));
	logfile_free(file);
	assert_string_equal(backlogs_get(backlogs, 0, &kept), path);
	n = buf_len(&kept->bytes);
	assert_true(n <= BACKLOG_MAX && n > BACKLOG_MAX / 2);
	assert_true(kept->lost > 0 && kept->lost + n <= 2 * BACKLOG_MAX);
	assert_int_equal(scratch_count(scratch, "bytes are lost"), 1);
	backlogs_finish(backlogs, 10, note_done, &done);
	while (!done)
		loop_turn(loop, 100);
	backlogs_free(backlogs);
	assert_int_equal(scratch_count(scratch, "they were not read in time"), 1);
	loop_free(loop);
	close(log[0]);
	close(log[1]);
}

/* The child ends, and then the reader, while one waits for the other. */
static void
test_ends_while_waiting(void **state)
{
	struct scratch *scratch = *state;
	struct output_use use = { .name = "a", .id = OUTPUT_STDOUT, .strip_ansi = &strip };
	struct loop *loop = loop_new();
	struct output *output;
	struct timespec before, after;
	int log[2], fds[2];
	size_t written = 0;
	char path[32];

	signal(SIGPIPE, SIG_IGN);
	log_init(scratch_sink, scratch, LEVEL_INFO);
	assert_int_equal(pipe(log), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", log[1]);
	assert_non_null(use.log = logfile_open(path, 0, 0));
	assert_non_null(use.backlogs = backlogs_new(loop));
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_non_null(output = output_new(loop, fds[0], &use));
	for (size_t n, turns = 0; turns < 2000; turns++) {
		while ((n = chatter(fds[1], written, 1 << 20)) > 0)
			written += n;
		loop_turn(loop, 0);
	}
	close(fds[1]);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_not_equal(loop_turn(loop, 50), -1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 +
		(after.tv_nsec - before.tv_nsec) / 1000000 >=
	    49);
	close(log[0]);
	close(log[1]);
	for (int i = 0; i < 100 && output->fd != -1; i++)
		loop_turn(loop, 100);
	assert_int_equal(output->fd, -1);
	assert_int_equal(scratch_count(scratch, ": EPIPE\n"), 1);
	output_free(output);
	backlogs_free(use.backlogs);
	loop_free(loop);
}

/* On a full disk, the pipe is read nevertheless. */
static void
test_full_disk(void **state)
{
	struct scratch *scratch = *state;
	struct loop *loop = loop_new();
	struct output *output;
	int fds[2];

	if (access("/dev/full", W_OK) == -1)
		skip();
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	output = output_new(loop, fds[0],
	    &(struct output_use){ .name = "p",
		.id = OUTPUT_STDERR,
		.log = logfile_open("/dev/full", 0, 0),
		.strip_ansi = &strip });
	assert_non_null(output);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(write(fds[1], "x", 1), 1);
		loop_turn(loop, 1000);
	}
	assert_int_equal(scratch_count(scratch, "ERRO "), 1);
	assert_int_equal(scratch_count(scratch, "'p' stderr output:\nx"), 3);
	close(fds[1]);
	output_free(output);
	loop_free(loop);
}

/* Applies from the next chunk on, to the log and to the copy in the main log. */
static void
test_strip_ansi(void **state)
{
	struct scratch *scratch = *state;
	struct tube tube = open_tube(scratch, "log");

	print(&tube, "\033[1ma", 5);
	loop_turn(tube.loop, 1000);
	strip = true;
	print(&tube, "\033[1mb\033[0", 8);
	loop_turn(tube.loop, 1000);
	scratch_forget(scratch);
	print(&tube, "c\033[m", 4);
	loop_turn(tube.loop, 1000);
	strip = false;
	scratch_expect(scratch, "log", "\033[1mabc");
	assert_string_equal(scratch->log, "DEBG \"c'at\" stdout output:\nc\n");
	close_tube(&tube);
}

/* Each line is a message, besides the file; so is a line that is empty after stripping. */
static void
test_syslog(void **state)
{
	static const char *const want[] = { "a 1", "a ", "a 2", "a " };
	struct scratch *scratch = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct loop *loop = loop_new();
	struct output_use use = { .name = "a", .id = OUTPUT_STDOUT, .strip_ansi = &strip };
	struct output *output;
	char got[100];
	int fds[2];

	strcpy(address.sun_path, scratch_path(scratch, "socket"));
	assert_int_equal(bind(receiver, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_non_null(use.log = logfile_open(scratch_path(scratch, "log"), 0, 0));
	assert_non_null(use.syslog = syslogger_new(loop, address.sun_path, "x"));
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	assert_non_null(output = output_new(loop, fds[0], &use));
	assert_int_equal(write(fds[1], "1\n\n2\n\n", 6), 6);
	loop_turn(loop, 1000);
	strip = true;
	assert_int_equal(write(fds[1], "\033[1m", 4), 4);
	loop_turn(loop, 1000);
	strip = false;
	scratch_expect(scratch, "log", "1\n\n2\n\n");
	for (size_t i = 0; i < nitems(want); i++) {
		ssize_t n = recv(receiver, got, sizeof(got) - 1, 0);

		assert_true(n > 0);
		got[n] = '\0';
		assert_string_equal(strstr(got, "x: ") + 3, want[i]);
	}
	assert_int_equal(recv(receiver, got, sizeof(got), 0), -1);
	close(fds[1]);
	output_free(output);
	syslogger_free(use.syslog);
	loop_free(loop);
	close(receiver);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_to_file),
	    TEST(test_strip_ansi),
	    TEST(test_syslog),
	    TEST(test_copies),
	    TEST(test_protocol),
	    TEST(test_no_copies_above_debug),
	    TEST(test_end),
	    TEST(test_drain),
	    TEST(test_bounded),
	    TEST(test_slow_reader),
	    TEST(test_outlived),
	    TEST(test_loss_is_reported),
	    TEST(test_never_read),
	    TEST(test_ends_while_waiting),
	    TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
