/* Tail: tail_decide as a table, then tails of files that a fake master opens. */
#include "rpcd/tail/tail.h"

#include "tests/unit/rpcd/methods/calls.h"

#include <sys/stat.h>

/* ---- the decision ---- */

static const struct {
	int64_t pos, size;
	bool has_next;
	enum tail_move want;
} moves[] = {
	{0, 0, false, TAIL_WAIT},
	{5, 5, false, TAIL_WAIT},
	{0, 1, false, TAIL_READ},
	{5, INT64_C(1) << 40, false, TAIL_READ},
	{5, 4, false, TAIL_TRUNCATED},
	{5, 0, false, TAIL_TRUNCATED},
	{5, 5, true, TAIL_NEXT},
	{5, 6, true, TAIL_READ},
	{5, 4, true, TAIL_NEXT},
	{0, 0, true, TAIL_NEXT},
};

static void
test_moves(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(moves); i++)
		assert_int_equal(
		    tail_decide(moves[i].pos, moves[i].size, moves[i].has_next),
		    moves[i].want);
}

/* ---- tails of files ---- */

struct reader {
	struct tail *tail;
	unsigned opened, ready;
	int status;
	time_t changed;
};

static void
on_opened(void *ctx, int status, time_t changed)
{
	struct reader *r = ctx;

	r->opened++;
	r->status = status;
	r->changed = changed;
	if (status == 200)
		return;
	tail_free(r->tail);
	r->tail = NULL;
}

static void
on_ready(void *ctx)
{
	struct reader *r = ctx;

	r->ready++;
}

static const struct tail_ops ops = { .opened = on_opened, .ready = on_ready };
static const struct tail_target stdout_of_web = { (char[]){ "web" }, "stdout" };

static int
tail_setup(void **state)
{
	struct fixture *f;

	assert_int_equal(setup(state), 0);
	f = *state;
	f->rpcd.tails = tails_new(&f->rpcd);
	return f->rpcd.tails == NULL;
}

static int
tail_teardown(void **state)
{
	struct fixture *f = *state;

	tails_free(f->rpcd.tails);
	return teardown(state);
}

static void
expect_asked(struct fixture *f, unsigned requests, const char *method)
{
	turn(f);
	assert_int_equal(f->requests, requests);
	assert_string_equal(f->request.method, method);
}

/* Sends the file to the reader; the caller keeps its descriptor. */
static void
open_as(struct fixture *f, struct reader *r, int fd)
{
	unsigned requests = f->requests;

	r->tail =
	    tail_begin(f->rpcd.tails, &stdout_of_web, &f->callers[ROLE_VIEW], &ops, r);
	assert_non_null(r->tail);
	expect_asked(f, requests + 1, "log.open");
	assert_string_equal(f->request.params, "{\"name\":\"web\",\"stream\":\"stdout\"}");
	assert_string_equal(f->request.by,
	    "{\"from\":\"uid 7 pid 42\",\"listener\":\"inet_http_server\","
	    "\"method\":\"logtail\"}");
	assert_int_equal(r->opened, 0);
	answer(f, NULL, dup(fd));
	assert_int_equal(r->opened, 1);
	assert_int_equal(r->status, 200);
}

/* Reads everything in pieces of 7 bytes; returns the last result of tail_read. */
static ssize_t
read_all(struct reader *r, char *out, size_t size)
{
	ssize_t n;
	size_t used = 0;

	while ((n = tail_read(r->tail, out + used, 7)) > 0) {
		used += (size_t)n;
		assert_true(used + 7 < size);
	}
	out[used] = '\0';
	return n;
}

static void
expect_read(struct reader *r, const char *want)
{
	char got[4096];

	assert_int_equal(read_all(r, got, sizeof(got)), 0);
	assert_string_equal(got, want);
}

static void
append(int fd, const char *text)
{
	assert_true(lseek(fd, 0, SEEK_END) >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Changes the ctime of the file, as a rename does; waits until the clock has moved. */
static void
change(int fd)
{
	struct stat before, now;

	assert_int_equal(fstat(fd, &before), 0);
	do {
		assert_int_equal(fchmod(fd, 0600), 0);
		assert_int_equal(fstat(fd, &now), 0);
	} while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

/* Advances the clock and runs the timers that are due. */
static void
later(struct fixture *f, int64_t ms)
{
	clock_freeze(clock_mono_ms() + ms, NOW * INT64_C(1000));
	turn(f);
}

static void
test_growth(void **state)
{
	struct fixture *f = *state;
	struct reader r = { 0 };
	int fd = make_log("0123456789abcde\n", 65);
	char got[2048];

	open_as(f, &r, fd);
	assert_int_equal(read_all(&r, got, sizeof(got)), 0);
	assert_int_equal(strlen(got), TAIL_LAST);
	assert_memory_equal(got, "0123456789abcde\n", 16);
	append(fd, "more\n");
	assert_int_equal(r.ready, 0);
	later(f, TAIL_POLL_MS);
	assert_int_equal(r.ready, 1);
	expect_read(&r, "more\n");
	tail_free(r.tail);
	close(fd);
}

static void
test_truncated(void **state)
{
	struct fixture *f = *state;
	struct reader r = { 0 };
	int fd = make_log("old\n", 1);

	open_as(f, &r, fd);
	expect_read(&r, "old\n");
	assert_int_equal(ftruncate(fd, 0), 0);
	later(f, TAIL_POLL_MS);
	assert_int_equal(r.ready, 1);
	expect_read(&r, "==> File truncated <==\n");
	append(fd, "new\n");
	later(f, TAIL_POLL_MS);
	expect_read(&r, "new\n");
	tail_free(r.tail);
	close(fd);
}

/* The log is requested again once after each change, and then at intervals. The old file is
 * read to its end, then the new one from its start. */
static void
test_replaced(void **state)
{
	struct fixture *f = *state;
	struct reader r = { 0 };
	int fd = make_log("old\n", 1), other = make_log("x", 2000);
	char got[4096];

	open_as(f, &r, fd);
	expect_read(&r, "old\n");
	later(f, TAIL_POLL_MS);
	expect_asked(f, 2, "log.open");
	answer(f, NULL, dup(fd));
	later(f, TAIL_POLL_MS);
	expect_asked(f, 2, "log.open");
	later(f, TAIL_REQUEST_MS);
	expect_asked(f, 3, "log.open");
	answer_fault(f, FAULT_NO_FILE, "NO_FILE");
	assert_int_equal(r.ready, 0);
	change(fd);
	later(f, TAIL_POLL_MS);
	expect_asked(f, 4, "log.open");
	append(fd, "late\n");
	answer(f, NULL, dup(other));
	assert_int_equal(r.ready, 1);
	assert_int_equal(read_all(&r, got, sizeof(got)), 0);
	assert_int_equal(strlen(got), 2005);
	assert_memory_equal(got, "late\nxxx", 8);
	tail_free(r.tail);
	close(fd);
	close(other);
}

static void
test_refused(void **state)
{
	static const struct {
		enum fault fault;
		int status;
	} refusals[] = {
	    {FAULT_BAD_NAME, 404},
	    {FAULT_NO_FILE, 404},
	    {FAULT_NOT_PERMITTED, 403},
	    {FAULT_FAILED, 503},
	    {FAULT_SHUTDOWN_STATE, 503},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < nitems(refusals); i++) {
		struct reader r = { 0 };

		r.tail = tail_begin(
		    f->rpcd.tails, &stdout_of_web, &f->callers[ROLE_VIEW], &ops, &r);
		assert_non_null(r.tail);
		turn(f);
		answer_fault(f, refusals[i].fault, "X");
		assert_int_equal(r.opened, 1);
		assert_int_equal(r.status, refusals[i].status);
		assert_null(r.tail);
	}
}

/* When a client leaves before the reply, the descriptor of the reply is closed. */
static void
test_left_early(void **state)
{
	struct fixture *f = *state;
	struct reader r = { 0 };
	struct tail_target main_log = { NULL, NULL };

	r.tail = tail_begin(f->rpcd.tails, &main_log, &f->callers[ROLE_VIEW], &ops, &r);
	assert_non_null(r.tail);
	expect_asked(f, 1, "mainlog.open");
	assert_string_equal(f->request.params, "{}");
	tail_free(r.tail);
	answer_log(f, "x", 1);
	assert_int_equal(r.opened, 0);
}

/* When the daemon ends, open tails read to the end of their logs, others are refused. */
static void
test_end(void **state)
{
	struct fixture *f = *state;
	struct reader open = { 0 }, refused = { 0 };
	int fd = make_log("old\n", 1);
	char got[64];

	open_as(f, &open, fd);
	expect_read(&open, "old\n");
	append(fd, "bye\n");
	refused.tail = tail_begin(
	    f->rpcd.tails, &stdout_of_web, &f->callers[ROLE_VIEW], &ops, &refused);
	tails_end(f->rpcd.tails);
	assert_int_equal(open.ready, 1);
	assert_int_equal(refused.status, 503);
	assert_int_equal(read_all(&open, got, sizeof(got)), TAIL_END);
	assert_string_equal(got, "bye\n");
	tail_free(open.tail);
	close(fd);
	f->rpcd.ending = true;
	assert_null(tail_begin(
	    f->rpcd.tails, &stdout_of_web, &f->callers[ROLE_VIEW], &ops, &refused));
}

#define TAIL_TEST(name) \
	cmocka_unit_test_setup_teardown(name, tail_setup, tail_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_moves),
	    TAIL_TEST(test_growth),
	    TAIL_TEST(test_truncated),
	    TAIL_TEST(test_replaced),
	    TAIL_TEST(test_refused),
	    TAIL_TEST(test_left_early),
	    TAIL_TEST(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
