/* Notify: the watchdog's interval, and the messages that arrive, at once or when the
 * socket's queue has space. */
#include "master/daemon/notify.h"
#include "tests/unit/master/scratch.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

static void
test_watchdog(void **state UNUSED)
{
	static const struct {
		const char *usec, *pid;
		int64_t want;
	} cases[] = {
	    {NULL, NULL, -1}, {NULL, "42", -1}, {"", NULL, -1}, {"x", NULL, -1},
	    {"0", NULL, -1}, {"-3", NULL, -1}, {"20000000", "41", -1},
	    {"20000000", "x", -1}, {"20000000", NULL, 10000}, {"20000000", "42", 10000},
	    {"3000", "42", 1}, {"1", "42", 1}, {"99999999999999999999", NULL, -1},
	};

	for (size_t i = 0; i < nitems(cases); i++)
		assert_int_equal(
		    notify_watchdog_ms(cases[i].usec, cases[i].pid, 42), cases[i].want);
}

/* --- messages ------------------------------------------------------------------ */

struct line {
	struct loop *loop;
	int receiver;
};

static struct line
open_line(const char *path, size_t length)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct line line = {.loop = loop_new(),
	    .receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};

	assert_non_null(line.loop);
	memcpy(to.sun_path, path, length);
	assert_int_equal(bind(line.receiver, (struct sockaddr *)&to,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
	    0);
	return line;
}

static void
close_line(struct line *line, struct notify *notify)
{
	clock_freeze(-1, -1);
	notify_free(notify);
	loop_free(line->loop);
	close(line->receiver);
}

/* want NULL: no message has arrived. */
static void
expect(const struct line *line, const char *want)
{
	char got[1024];
	ssize_t n = recv(line->receiver, got, sizeof(got) - 1, 0);

	if (want == NULL) {
		assert_int_equal(n, -1);
		return;
	}
	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static const char *
ready(char text[static 64])
{
	snprintf(text, 64, "READY=1\nMAINPID=%d\nSTATUS=running", (int)getpid());
	return text;
}

static void
test_states(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "n");
	struct line line = open_line(path, strlen(path) + 1);
	struct notify *n = notify_new(line.loop, path, -1);
	char text[64];

	assert_non_null(n);
	clock_freeze(41, 0);
	notify_state(n, DAEMON_RUNNING, "");
	expect(&line, ready(text));
	notify_state(n, DAEMON_RESTARTING, "");
	expect(&line,
	    "RELOADING=1\nMONOTONIC_USEC=42000\n"
	    "STATUS=stopping all processes, for a restart");
	notify_state(n, DAEMON_SHUTDOWN, "");
	expect(&line, "STOPPING=1\nSTATUS=stopping all processes");
	notify_state(n, DAEMON_FATAL, "one\nREADY=1");
	expect(&line, "STATUS=FATAL: one");
	expect(&line, NULL);
	close_line(&line, n);
}

static void
test_abstract(void **state UNUSED)
{
	char name[64] = "", text[64];
	struct line line;
	struct notify *n;

	snprintf(name + 1, sizeof(name) - 1, "reeve-test-notify-%d", (int)getpid());
	line = open_line(name, strlen(name + 1) + 1);
	name[0] = '@';
	n = notify_new(line.loop, name, -1);
	assert_non_null(n);
	notify_state(n, DAEMON_RUNNING, "");
	expect(&line, ready(text));
	close_line(&line, n);
}

/* When the queue is full, only the latest message waits. */
static void
test_full_queue(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "n");
	struct line line = open_line(path, strlen(path) + 1);
	struct notify *n = notify_new(line.loop, path, -1);
	char text[64], got[64];
	int64_t now = 1000;

	assert_non_null(n);
	clock_freeze(now, 0);
	for (int i = 0; i < 1000; i++)
		notify_state(n, DAEMON_RUNNING, "");
	notify_state(n, DAEMON_SHUTDOWN, "");
	while (recv(line.receiver, got, sizeof(got), 0) > 0)
		;
	clock_freeze(now + 100, 0);
	assert_int_equal(loop_turn(line.loop, 0), 0);
	expect(&line, "STOPPING=1\nSTATUS=stopping all processes");
	clock_freeze(now + 1000, 0);
	assert_int_equal(loop_turn(line.loop, 0), 0);
	expect(&line, NULL);
	notify_state(n, DAEMON_RUNNING, "");
	expect(&line, ready(text));
	close_line(&line, n);
}

/* They begin with READY=1 and do not depend on the state. */
static void
test_signs_of_life(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "n");
	struct line line = open_line(path, strlen(path) + 1);
	struct notify *n = notify_new(line.loop, path, 500);
	char text[64];

	assert_non_null(n);
	clock_freeze(1000, 0);
	assert_int_equal(loop_turn(line.loop, 0), 0);
	expect(&line, NULL);
	notify_state(n, DAEMON_RUNNING, "");
	expect(&line, ready(text));
	assert_int_equal(loop_turn(line.loop, 0), 0);
	expect(&line, "WATCHDOG=1");
	clock_freeze(1499, 0);
	assert_int_equal(loop_turn(line.loop, 0), 0);
	expect(&line, NULL);
	clock_freeze(1500, 0);
	assert_int_equal(loop_turn(line.loop, 0), 0);
	expect(&line, "WATCHDOG=1");
	notify_state(n, DAEMON_FATAL, "x");
	expect(&line, "STATUS=FATAL: x");
	clock_freeze(2000, 0);
	assert_int_equal(loop_turn(line.loop, 0), 0);
	expect(&line, "WATCHDOG=1");
	close_line(&line, n);
}

static void
test_nobody(void **state UNUSED)
{
	struct loop *loop = loop_new();
	struct notify *n;

	assert_null(notify_new(loop, NULL, 500));
	assert_null(notify_new(loop, "", 500));
	assert_null(notify_new(loop, "@", 500));
	assert_null(notify_new(loop, "vsock:2:3", 500));
	notify_state(NULL, DAEMON_RUNNING, "");
	notify_free(NULL);
	/* A socket that does not exist is not an error. */
	n = notify_new(loop, "/nowhere/at/all", -1);
	notify_state(n, DAEMON_RUNNING, "");
	assert_int_equal(loop_turn(loop, 0), 0);
	notify_free(n);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_watchdog),
	    cmocka_unit_test_setup_teardown(test_states, scratch_setup, scratch_teardown),
	    cmocka_unit_test(test_abstract),
	    cmocka_unit_test_setup_teardown(
	        test_full_queue, scratch_setup, scratch_teardown),
	    cmocka_unit_test_setup_teardown(
	        test_signs_of_life, scratch_setup, scratch_teardown),
	    cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
