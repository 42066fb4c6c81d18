/* Http without free descriptors: clients wait, the loop does not spin, and clients are
 * served as soon as there are descriptors again. */
#include "tests/unit/rpcd/http/http_world.h"

#include <fcntl.h>
#include <sys/resource.h>

#define FEW_TURNS 60
#define REQUEST "GET /RPC2 HTTP/1.1\r\nHost: localhost\r\n\r\n"

static size_t complaints;

static void
count_complaints(
    void *ctx UNUSED, enum log_level level, const char *text, size_t len UNUSED)
{
	if (level == LEVEL_WARN && strstr(text, "cannot accept connections: ") != NULL)
		complaints++;
}

/* Sets the limit so that the next descriptor is refused; returns the old limit. */
static struct rlimit
take_files(void)
{
	struct rlimit before, none;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	return before;
}

static size_t
turns_within(struct world *w, int64_t ms)
{
	int64_t end = clock_mono_ms() + ms;
	size_t turns = 0;

	for (; clock_mono_ms() < end; turns++)
		loop_turn(w->rpcd.loop, 50);
	return turns;
}

static void
served(struct world *w, int fd)
{
	struct buf in;

	buf_init(&in, 0);
	assert_true(client_until(w, fd, &in, "\r\n\r\n"));
	buf_clear(&in);
}

/* With or without another open connection. */
static void
starve(bool busy)
{
	struct world *w = world_new(false, NULL, NULL);
	int first = -1, waiting[3];
	struct rlimit before;

	if (busy) {
		first = client_open(w);
		client_text(w, first, REQUEST);
		served(w, first);
	}
	for (size_t i = 0; i < 3; i++) {
		waiting[i] = client_open(w);
		client_text(w, waiting[i], REQUEST);
	}
	complaints = 0;
	log_init(count_complaints, NULL, LEVEL_DEBUG);
	before = take_files();
	assert_true(turns_within(w, 1500) < FEW_TURNS);
	assert_int_equal(complaints, 1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t i = 0; i < 3; i++) {
		served(w, waiting[i]);
		close(waiting[i]);
	}
	if (busy)
		close(first);
	log_init(no_log, NULL, LEVEL_CRITICAL);
	world_settle(w);
	world_free(w);
}

static void
test_without_a_connection(void **state UNUSED)
{
	starve(false);
}

static void
test_beside_an_open_one(void **state UNUSED)
{
	starve(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_without_a_connection),
	    cmocka_unit_test(test_beside_an_open_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
