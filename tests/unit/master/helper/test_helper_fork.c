/* Helper process: a real fork that runs a function, with its socket, log and end. */
#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/child/reaper.h"
#include "master/child/spawn.h"
#include "master/helper/helper_process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct reading {
	struct loop *loop;
	struct helper_process *helper;
	struct peer *peer;
	struct buf log;
	char word[32]; /* the helper's input, and its answer */
	struct helper_end end;
	bool over;
};

static void
sink(void *ctx, enum log_level level, const char *text, size_t len)
{
	struct reading *reading = ctx;

	assert_int_equal(
	    buf_printf(&reading->log, "%s %.*s\n", log_level_tag(level), (int)len, text),
	    0);
}

/* In the child. */
static int
answer(void *ctx, int socket)
{
	struct reading *reading = ctx;
	int others = 0;

	for (int fd = 0; fd < 256; fd++)
		others += fd > 2 && fd != socket && fcntl(fd, F_GETFD) != -1;
	log_error("the word is %s, %d other descriptors", reading->word, others);
	reading->word[0] = '\0';
	dprintf(socket,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"word\","
	    "\"params\":{\"word\":\"changed\"}}\n");
	return 3;
}

static void
received(void *ctx, struct peer *peer, const char *method, json_t *params, int fd)
{
	struct reading *reading = ctx;

	(void)peer;
	assert_int_equal(fd, -1);
	assert_string_equal(method, "word");
	snprintf(reading->word, sizeof(reading->word), "%s",
	    json_string_value(json_object_get(params, "word")));
}

static void
closed(void *ctx, struct peer *peer, const char *why, bool violation)
{
	struct reading *reading = ctx;

	assert_false(violation);
	peer_free(peer);
	reading->peer = NULL;
	helper_process_closed(reading->helper, why, violation);
}

static int
connect_reading(void *ctx, int fd, struct peer **peer)
{
	static const struct peer_ops ops = { .notification = received, .closed = closed };
	struct reading *reading = ctx;

	*peer = reading->peer = peer_new(reading->loop, fd, &ops, reading);
	return reading->peer == NULL ? -1 : 0;
}

static void
ended(void *ctx, const struct helper_end *end)
{
	struct reading *reading = ctx;

	reading->end = *end;
	reading->over = true;
	if (reading->peer != NULL)
		peer_drain(reading->peer);
}

/* Lets an allocation that cannot be met return NULL under the sanitizer as well. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static int
run_out_of_memory(void *ctx, int socket)
{
	volatile size_t huge = SIZE_MAX / 2;

	(void)ctx;
	(void)socket;
	free(xmalloc(huge));
	return 0;
}

/* Until the process has ended; the log is in reading->log. */
static void
run_helper(struct reading *reading, int (*run)(void *ctx, int socket))
{
	const struct helper_kind kind = {
	    .name = "reader",
	    .once = true,
	    .limit_ms = 30000,
	    .end_ms = 1000,
	    .run = run,
	    .connect = connect_reading,
	    .ended = ended,
	};
	struct reaper *reaper;

	reading->loop = loop_new();
	reaper = reaper_new(reading->loop);
	assert_non_null(reaper);
	assert_int_equal(spawn_init(NULL), 0);
	buf_init(&reading->log, 4096);
	log_init(sink, reading, LEVEL_INFO);
	reading->helper = helper_process_new(reading->loop, reaper, &kind, NULL, reading);
	assert_non_null(reading->helper);
	assert_int_equal(helper_process_start(reading->helper), 0);
	while (!reading->over)
		assert_int_equal(loop_turn(reading->loop, 60000), 0);
	log_init(NULL, NULL, LEVEL_INFO);
	assert_int_equal(buf_append(&reading->log, "", 1), 0);
	helper_process_free(reading->helper);
	peer_free(reading->peer);
	reaper_free(reaper);
	loop_free(reading->loop);
}

static void
test_fork(void **state)
{
	struct reading reading = { .word = "given" };

	(void)state;
	run_helper(&reading, answer);
	assert_string_equal(reading.word, "changed");
	assert_null(reading.end.killed);
	assert_true(WIFEXITED(reading.end.wait_status));
	assert_int_equal(WEXITSTATUS(reading.end.wait_status), 3);
	assert_non_null(strstr(buf_data(&reading.log),
	    "ERRO reader: the word is given, 0 other descriptors\n"));
	assert_non_null(strstr(buf_data(&reading.log), " exited with status 3\n"));
	buf_clear(&reading.log);
}

/* Lack of memory is reported as such, although the exit status does not show it. */
static void
test_out_of_memory(void **state)
{
	struct reading reading = { .word = "" };

	(void)state;
	run_helper(&reading, run_out_of_memory);
	assert_true(WIFEXITED(reading.end.wait_status));
	assert_non_null(strstr(buf_data(&reading.log), "CRIT reader: out of memory\n"));
	assert_non_null(strstr(buf_data(&reading.log),
	    " failed: cannot run 'reader': Cannot allocate memory\n"));
	assert_int_equal(reading.end.errnum, ENOMEM);
	buf_clear(&reading.log);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
