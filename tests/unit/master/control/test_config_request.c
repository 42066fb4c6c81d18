/* Config request: the requests that wait when a reading begins share it, later ones share
 * the next, and the request of a client that has gone is carried out. */
#include "master/control/config_request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct {
	int begun[CONFIG_REQUESTS];
	struct {
		struct connection *client;
		uint64_t id;
		char *params;
		enum fault fault;
	} answers[8];
	size_t count;
} seen;

static struct master *const master = (struct master *)&seen;

static void
begin(struct master *ctx, enum config_request_kind kind)
{
	assert_ptr_equal(ctx, master);
	seen.begun[kind]++;
}

static void
answered(struct master *ctx, struct connection *client, uint64_t id, const json_t *params,
    const struct config_answer *answer)
{
	assert_ptr_equal(ctx, master);
	seen.answers[seen.count].client = client;
	seen.answers[seen.count].id = id;
	seen.answers[seen.count].params = json_dumps(params, JSON_ENCODE_ANY);
	seen.answers[seen.count++].fault = answer->fault;
}

static int
setup(void **state)
{
	seen = (__typeof__(seen)){ .count = 0 };
	*state = config_requests_new(master, begin);
	return *state == NULL;
}

static int
teardown(void **state)
{
	config_requests_free(*state);
	for (size_t i = 0; i < seen.count; i++)
		free(seen.answers[i].params);
	return 0;
}

static struct connection *
client(int n)
{
	static char clients[4];

	return (struct connection *)(void *)&clients[n];
}

static void
add(struct config_requests *all, enum config_request_kind kind, int n, const char *params)
{
	json_t *given = params != NULL ? json_loads(params, 0, NULL) : NULL;

	assert_int_equal(
	    config_requests_add(all, kind, answered, client(n), (uint64_t)n, given), 0);
	json_decref(given);
}

/* A reading begins for what waits, and ends with this answer. */
static void
read_for(struct config_requests *all, enum config_request_kind kind,
    const struct config_answer *answer)
{
	config_requests_take(all, kind);
	config_requests_answer(all, kind, answer);
}

static void
test_join(void **state)
{
	const struct config_answer good = { .fault = FAULT_NONE };
	const struct config_answer bad = { .fault = FAULT_CANT_REREAD };

	add(*state, CONFIG_REREAD, 1, "{\"names\":[\"a\"]}");
	add(*state, CONFIG_REREAD, 2, NULL);
	add(*state, CONFIG_PREVIEW, 3, NULL);
	assert_int_equal(seen.begun[CONFIG_REREAD], 1);
	assert_int_equal(seen.begun[CONFIG_PREVIEW], 1);
	assert_int_equal(seen.begun[CONFIG_RESTART], 0);
	read_for(*state, CONFIG_REREAD, &good);
	assert_int_equal(seen.count, 2);
	assert_ptr_equal(seen.answers[0].client, client(1));
	assert_string_equal(seen.answers[0].params, "{\"names\": [\"a\"]}");
	assert_int_equal(seen.answers[1].id, 2);
	assert_null(seen.answers[1].params);
	assert_false(config_requests_wait(*state, CONFIG_REREAD));
	assert_true(config_requests_wait(*state, CONFIG_PREVIEW));
	add(*state, CONFIG_REREAD, 1, NULL);
	assert_int_equal(seen.begun[CONFIG_REREAD], 2);
	read_for(*state, CONFIG_PREVIEW, &bad);
	assert_int_equal(seen.answers[2].fault, FAULT_CANT_REREAD);
}

/* The file may have changed since a reading began. */
static void
test_later_requests(void **state)
{
	const struct config_answer good = { .fault = FAULT_NONE };
	struct config_requests *all = *state;

	assert_int_equal(config_requests_next(all), CONFIG_REQUESTS);
	add(all, CONFIG_REREAD, 0, NULL);
	config_requests_take(all, CONFIG_REREAD);
	assert_false(config_requests_wait(all, CONFIG_REREAD));
	assert_int_equal(config_requests_next(all), CONFIG_REQUESTS);
	add(all, CONFIG_PREVIEW, 1, NULL);
	add(all, CONFIG_REREAD, 2, NULL);
	add(all, CONFIG_REREAD, 3, NULL);
	assert_int_equal(seen.begun[CONFIG_REREAD], 2);
	config_requests_answer(all, CONFIG_REREAD, &good);
	assert_int_equal(seen.count, 1);
	assert_ptr_equal(seen.answers[0].client, client(0));
	assert_int_equal(config_requests_next(all), CONFIG_PREVIEW);
	config_requests_take(all, CONFIG_PREVIEW);
	assert_int_equal(config_requests_next(all), CONFIG_REREAD);
	config_requests_take(all, CONFIG_REREAD);
	config_requests_answer(all, CONFIG_REREAD, &good);
	assert_int_equal(seen.count, 3);
	assert_ptr_equal(seen.answers[1].client, client(2));
	assert_ptr_equal(seen.answers[2].client, client(3));
	config_requests_answer(all, CONFIG_PREVIEW, &good);
	assert_int_equal(seen.count, 4);
}

static void
test_client_gone(void **state)
{
	const struct config_answer good = { .fault = FAULT_NONE };

	add(*state, CONFIG_REREAD, 1, NULL);
	add(*state, CONFIG_RESTART, 1, NULL);
	add(*state, CONFIG_REREAD, 2, NULL);
	config_requests_forget(*state, client(1));
	config_requests_forget(NULL, client(1));
	read_for(*state, CONFIG_REREAD, &good);
	read_for(*state, CONFIG_RESTART, &good);
	assert_int_equal(seen.count, 3);
	assert_null(seen.answers[0].client);
	assert_ptr_equal(seen.answers[1].client, client(2));
	assert_null(seen.answers[2].client);
}

/* A signal has no client, and what waits at the end is freed. */
static void
test_nobody(void **state)
{
	const struct config_answer good = { .fault = FAULT_NONE };

	assert_int_equal(
	    config_requests_add(*state, CONFIG_RESTART, NULL, NULL, 0, NULL), 0);
	assert_int_equal(seen.begun[CONFIG_RESTART], 1);
	read_for(*state, CONFIG_RESTART, &good);
	assert_int_equal(seen.count, 0);
	add(*state, CONFIG_PREVIEW, 1, "{}");
}

/* The requests of one client and of all clients are bounded, with those that are being read
 * for and those of clients that have gone. A signal is always accepted; a second one while
 * the first waits is not kept. */
static void
test_bounds(void **state)
{
	struct config_requests *all = *state;
	size_t count = 0;

	for (int n = 0; n < 4; n++) {
		for (int i = 0; i < CONFIG_REQUESTS_PER_CLIENT; i++, count++)
			add(all, i % 2 == 0 ? CONFIG_REREAD : CONFIG_PREVIEW, n, NULL);
		assert_int_equal(
		    config_requests_add(all, CONFIG_REREAD, answered, client(n), 1, NULL),
		    -1);
		assert_int_equal(errno, ENOBUFS);
		config_requests_take(all, CONFIG_REREAD);
		config_requests_forget(all, client(n));
	}
	assert_int_equal(count, CONFIG_REQUESTS_MAX);
	assert_int_equal(
	    config_requests_add(all, CONFIG_RESTART, answered, client(0), 1, NULL), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(config_requests_add(all, CONFIG_RESTART, NULL, NULL, 0, NULL), 0);
	assert_int_equal(config_requests_add(all, CONFIG_RESTART, NULL, NULL, 0, NULL), 0);
	assert_int_equal(seen.begun[CONFIG_RESTART], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_join, setup, teardown),
		cmocka_unit_test_setup_teardown(test_later_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_client_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
