#include "common/loglimit.h"
#include "master/log/syslogger.h"
#include "tests/unit/master/scratch.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/* 2001-09-09 01:46:40 UTC */
#define WALL INT64_C(1000000000000)
#define HEAD "<14>Sep  9 01:46:40 reeved: "

struct line {
	struct scratch *scratch;
	struct loop *loop;
	struct syslogger *logger;
	int receiver;
};

static int
listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static struct line
open_line(struct scratch *scratch)
{
	struct line line = { .scratch = scratch };

	setenv("TZ", "UTC", 1);
	tzset();
	clock_freeze(0, WALL);
	assert_non_null(line.loop = loop_new());
	line.receiver = listen_at(scratch_path(scratch, "log"));
	line.logger = syslogger_new(line.loop, scratch_path(scratch, "log"), "reeved");
	assert_non_null(line.logger);
	return line;
}

static void
close_line(struct line *line)
{
	syslogger_free(line->logger);
	loop_free(line->loop);
	if (line->receiver != -1)
		close(line->receiver);
	unsetenv("TZ");
	tzset();
}

/* NULL = nothing was received. */
static void
expect(const struct line *line, const char *want)
{
	char got[256];
	ssize_t n = recv(line->receiver, got, sizeof(got) - 1, 0);

	if (want == NULL) {
		assert_int_equal(n, -1);
		assert_int_equal(errno, EAGAIN);
		return;
	}
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void
log_text(const struct line *line, const char *text)
{
	assert_int_equal(syslogger_send(line->logger, "cat", text, strlen(text)), 0);
}

static void
test_lines(void **state)
{
	struct line line = open_line(*state);

	log_text(&line, "one\ntwo\n\n three \n\n\n");
	expect(&line, HEAD "cat one");
	expect(&line, HEAD "cat two");
	expect(&line, HEAD "cat ");
	expect(&line, HEAD "cat  three ");
	expect(&line, NULL);
	log_text(&line, "no end");
	expect(&line, HEAD "cat no end");
	log_text(&line, "\n\n");
	expect(&line, HEAD "cat ");
	expect(&line, NULL);
	log_text(&line, "");
	expect(&line, HEAD "cat ");
	log_text(&line, "\nx");
	expect(&line, HEAD "cat ");
	expect(&line, HEAD "cat x");
	log_text(&line, "a\xff\r\tb");
	expect(&line, HEAD "cat a\xff\r\tb");
	expect(&line, NULL);
	close_line(&line);
}

/* Nothing is opened before the first message. */
static void
test_lazy(void **state)
{
	struct line line = open_line(*state);
	int before = dup(0), after;

	close(before);
	log_text(&line, "x");
	after = dup(0);
	close(after);
	assert_int_equal(after, before + 1);
	close_line(&line);
}

/* A busy receiver is not waited for: messages are queued in order and sent as it reads. */
static void
test_busy(void **state)
{
	struct line line = open_line(*state);
	struct timespec before, after;
	char text[16], want[64];

	alarm(60);
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		log_text(&line, text);
	}
	/* The loop sleeps while the receiver does not read. */
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_not_equal(loop_turn(line.loop, 50), -1);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 +
		(after.tv_nsec - before.tv_nsec) / 1000000 >=
	    49);
	for (int i = 0; i < 5000; i++) {
		snprintf(want, sizeof(want), HEAD "cat %d", i);
		expect(&line, want);
		if (i % 5 == 0)
			loop_turn(line.loop, 0);
	}
	expect(&line, NULL);
	alarm(0);
	assert_string_equal(((struct scratch *)*state)->log, "");
	close_line(&line);
}

static void
test_bound(void **state)
{
	struct scratch *scratch = *state;
	struct line line = open_line(scratch);
	static char much[20000];
	int rc = 0, sent = 0;

	alarm(60);
	memset(much, 'x', sizeof(much));
	for (; rc == 0 && sent < 1000; sent++)
		rc = syslogger_send(line.logger, "cat", much, sizeof(much));
	assert_int_equal(rc, -1);
	assert_int_equal(errno, ENOBUFS);
	assert_true(sent > SYSLOGGER_QUEUE / 20100);
	syslogger_write(line.logger, "cat", much, sizeof(much));
	syslogger_write(line.logger, "cat", much, sizeof(much));
	assert_int_equal(scratch_count(scratch, "WARN could not send to syslog at "), 1);
	assert_true(scratch_logged(scratch, "/log: ENOBUFS; messages lost: 2\n"));
	alarm(0);
	close_line(&line);
}

/* The next line that the limit permits has the losses since then. */
static void
test_losses_are_counted(void **state)
{
	struct scratch *scratch = *state;
	struct line line = open_line(scratch);

	close(line.receiver);
	syslogger_write(line.logger, "cat", "lost", 4);
	syslogger_write(line.logger, "cat", "lost\nlost\n\nlost\n", 16);
	syslogger_write(line.logger, "cat", "", 0);
	assert_int_equal(scratch_count(scratch, "messages lost"), 1);
	unlink(scratch_path(scratch, "log"));
	line.receiver = listen_at(scratch_path(scratch, "log"));
	clock_freeze(clock_mono_ms() + LOG_LIMIT_MS, clock_wall_ms());
	syslogger_write(line.logger, "cat", "kept", 4);
	assert_int_equal(scratch_count(scratch, "messages lost"), 2);
	assert_true(scratch_logged(scratch, "/log: ECONNREFUSED; messages lost: 5\n"));
	close_line(&line);
}

/* The receiver is restarted at the same path. */
static void
test_receiver_restarts(void **state)
{
	struct scratch *scratch = *state;
	struct line line = open_line(scratch);

	log_text(&line, "one");
	expect(&line, HEAD "cat one");
	close(line.receiver);
	syslogger_write(line.logger, "cat", "lost\n", 5);
	syslogger_write(line.logger, "cat", "lost\n", 5);
	assert_int_equal(scratch_count(scratch, "WARN could not send to syslog at "), 1);
	assert_true(scratch_logged(scratch, "/log: ECONNREFUSED; messages lost: 1\n"));
	unlink(scratch_path(scratch, "log"));
	assert_int_equal(syslogger_send(line.logger, "cat", "lost", 4), -1);
	assert_int_equal(errno, ENOENT);
	line.receiver = listen_at(scratch_path(scratch, "log"));
	syslogger_write(line.logger, "cat", "two\n", 4);
	expect(&line, HEAD "cat two");
	assert_int_equal(scratch_count(scratch, "WARN could not send to syslog at "), 1);
	close(line.receiver);
	unlink(scratch_path(scratch, "log"));
	line.receiver = listen_at(scratch_path(scratch, "log"));
	log_text(&line, "three");
	expect(&line, HEAD "cat three");
	assert_int_equal(scratch_count(scratch, "WARN "), 1);
	close_line(&line);
}

/* The queue for a receiver that has ended is dropped, and the loop sleeps again. */
static void
test_receiver_ends_while_busy(void **state)
{
	struct scratch *scratch = *state;
	struct line line = open_line(scratch);

	for (int i = 0; i < 2000; i++)
		log_text(&line, "x");
	close(line.receiver);
	unlink(scratch_path(scratch, "log"));
	line.receiver = -1;
	for (int i = 0; i < 50; i++)
		assert_int_not_equal(loop_turn(line.loop, 0), -1);
	line.receiver = listen_at(scratch_path(scratch, "log"));
	log_text(&line, "y");
	expect(&line, HEAD "cat y");
	expect(&line, NULL);
	close_line(&line);
}

/* The queue is sent to a new receiver. */
static void
test_receiver_is_replaced_while_busy(void **state)
{
	struct scratch *scratch = *state;
	struct line line = open_line(scratch);
	char got[256];
	int came = 0;

	for (int i = 0; i < 2000; i++)
		log_text(&line, "x");
	close(line.receiver);
	unlink(scratch_path(scratch, "log"));
	line.receiver = listen_at(scratch_path(scratch, "log"));
	for (int i = 0; i < 2000; i++) {
		loop_turn(line.loop, 0);
		while (recv(line.receiver, got, sizeof(got), 0) > 0)
			came++;
	}
	assert_true(came > 1000);
	close_line(&line);
}

/* syslogger_free tries to send the queue. */
static void
test_end(void **state)
{
	struct scratch *scratch = *state;
	struct line line = open_line(scratch);
	char got[256];
	int first = 0, all = 0;

	for (int i = 0; i < 600; i++)
		log_text(&line, "x");
	while (recv(line.receiver, got, sizeof(got), 0) > 0)
		first++;
	syslogger_free(line.logger);
	for (all = first; recv(line.receiver, got, sizeof(got), 0) > 0; all++)
		continue;
	assert_true(all > first || first == 600);
	line.logger = NULL;
	close_line(&line);
}

static void
test_long_path(void **state)
{
	struct loop *loop = loop_new();
	struct syslogger *logger;
	char path[200];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_non_null(logger = syslogger_new(loop, path, "reeved"));
	assert_int_equal(syslogger_send(logger, "cat", "x", 1), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	syslogger_free(logger);
	loop_free(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lines),
	    TEST(test_lazy),
	    TEST(test_busy),
	    TEST(test_bound),
	    TEST(test_losses_are_counted),
	    TEST(test_receiver_restarts),
	    TEST(test_receiver_ends_while_busy),
	    TEST(test_receiver_is_replaced_while_busy),
	    TEST(test_end),
	    TEST(test_long_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
