/* Conntable: deadlines, and which connection is closed when there are too many. Times and
 * addresses are made up. */
#include "rpcd/http/conntable.h"

#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT 80
#define CROWDED (LIMIT / 2 + 1) /* connections of which one is too many */
#define FULL (LIMIT / 8 * 7)
#define MANY (LIMIT / 8)    /* connections of an address, not too many yet */
#define FEW (LIMIT / 4 - 1) /* connections in a phase, not too many yet */

struct fixture {
	struct conntable *all;
	struct conn c[LIMIT];
	size_t n;
	int64_t now;
};

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->all = conntable_new(LIMIT);
	f->now = 1000;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	while (f->n > 0)
		conntable_close(&f->c[--f->n]);
	assert_int_equal(f->all->count, 0);
	assert_int_equal(conntable_deadline(f->all, f->now), -1);
	conntable_free(f->all);
	free(f);
	return 0;
}

/* Opens n connections of the address in the phase, 1 ms apart. Returns the first. */
static struct conn *
add(struct fixture *f, size_t n, uint64_t address, enum conn_phase phase)
{
	struct conn *first = &f->c[f->n];

	for (; n > 0; n--) {
		assert_true(f->n < LIMIT);
		conntable_open(f->all, &f->c[f->n], address, f->now++);
		if (phase != CONN_FRESH)
			conn_enter(&f->c[f->n], phase, f->now);
		f->n++;
	}
	return first;
}

static void
expect_victim(struct fixture *f, const struct conn *want)
{
	assert_ptr_equal(conntable_victim(f->all), want);
}

/* ---- addresses ---- */

static uint64_t
key(int family, const char *text)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (family == AF_INET) {
		assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
		return conntable_key((struct sockaddr *)&in);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
	return conntable_key((struct sockaddr *)&in6);
}

static void
test_keys(void **state)
{
	(void)state;
	assert_true(key(AF_INET, "10.0.0.1") != key(AF_INET, "10.0.0.2"));
	assert_true(key(AF_INET, "10.0.0.1") == key(AF_INET6, "::ffff:10.0.0.1"));
	assert_true(key(AF_INET6, "2001:db8::1") == key(AF_INET6, "2001:db8::ffff:1:2:3"));
	assert_true(key(AF_INET6, "2001:db8::1") != key(AF_INET6, "2001:db8:0:1::1"));
	assert_true(key(AF_INET6, "::1") != key(AF_INET, "127.0.0.1"));
}

/* ---- time ---- */

static void
test_head(void **state)
{
	struct fixture *f = *state;
	struct conn *first = add(f, 1, 1, CONN_FRESH);
	struct conn *second = add(f, 1, 1, CONN_FRESH);
	int64_t due = first->since + CONN_WAIT_MS;

	assert_int_equal(conntable_deadline(f->all, f->now), f->now + 1000);
	assert_null(conntable_expired(f->all, due - 1));
	assert_ptr_equal(conntable_expired(f->all, due), first);
	conn_enter(first, CONN_CLOSING, f->now);
	assert_null(conntable_expired(f->all, due));
	assert_ptr_equal(conntable_expired(f->all, second->since + CONN_WAIT_MS), second);
	/* A closing connection enters no other phase. */
	conn_enter(first, CONN_IDLE, f->now);
	assert_int_equal(first->phase, CONN_CLOSING);
}

/* The time of a body begins again while it arrives fast enough. */
static void
test_body(void **state)
{
	struct fixture *f = *state;
	struct conn *slow = add(f, 1, 1, CONN_FRESH);
	struct conn *fast = add(f, 1, 1, CONN_FRESH);

	f->now += CONN_WAIT_MS - 1000;
	conn_begin_body(slow, f->now);
	conn_begin_body(fast, f->now);
	for (int i = 0; i < 100; i++) {
		conn_received(fast, CONN_BODY_BYTES / 100 + 1);
		conn_received(slow, CONN_BODY_BYTES / 100);
	}
	f->now += CONN_WAIT_MS - 1;
	assert_null(conntable_expired(f->all, f->now));
	assert_ptr_equal(conntable_expired(f->all, f->now + 1), slow);
	conn_enter(slow, CONN_CLOSING, f->now);
	assert_null(conntable_expired(f->all, f->now + 1));
	assert_null(conntable_expired(f->all, f->now + CONN_WAIT_MS));
	f->now += CONN_WAIT_MS + 1;
	assert_ptr_equal(conntable_expired(f->all, f->now), fast);
}

static void
test_idle(void **state)
{
	struct fixture *f = *state;
	struct conn *idle = add(f, 1, 1, CONN_IDLE);
	struct conn *busy = add(f, 1, 1, CONN_BUSY);

	assert_int_equal(conntable_deadline(f->all, f->now), idle->since + CONN_IDLE_MS);
	assert_null(conntable_expired(f->all, idle->since + CONN_IDLE_MS - 1));
	assert_ptr_equal(conntable_expired(f->all, idle->since + CONN_IDLE_MS), idle);
	/* The time for the head of the next request begins with that request. */
	f->now += CONN_WAIT_MS;
	conn_enter(idle, CONN_FRESH, f->now);
	assert_null(conntable_expired(f->all, f->now + CONN_WAIT_MS - 1));
	assert_ptr_equal(conntable_expired(f->all, f->now + CONN_WAIT_MS), idle);
	conn_enter(idle, CONN_BUSY, f->now);
	assert_int_equal(conntable_deadline(f->all, f->now), -1);
	assert_null(conntable_expired(f->all, busy->since + 10 * CONN_IDLE_MS));
}

/* ---- too many ---- */

static void
test_half_full(void **state)
{
	struct fixture *f = *state;
	struct conn *first = add(f, CROWDED - 1, 1, CONN_FRESH);

	expect_victim(f, NULL);
	(void)add(f, 1, 2, CONN_FRESH);
	expect_victim(f, first);
	/* A closing connection does not count. */
	conn_enter(first, CONN_CLOSING, f->now);
	expect_victim(f, NULL);
	(void)add(f, 1, 2, CONN_FRESH);
	expect_victim(f, first + 1);
}

/* The address with the most connections loses its oldest, even if others have older
 * ones. */
static void
test_most(void **state)
{
	struct fixture *f = *state;
	struct conn *more;

	(void)add(f, MANY + 1, 1, CONN_FRESH);
	more = add(f, MANY + 2, 2, CONN_FRESH);
	(void)add(f, CROWDED - 2 * MANY - 3, 3, CONN_BUSY);
	expect_victim(f, more);
	conn_enter(more, CONN_BUSY, f->now);
	conn_enter(more + 1, CONN_BUSY, f->now);
	expect_victim(f, &f->c[0]);
}

/* New clients are not affected when other addresses have too many connections. */
static void
test_newcomers(void **state)
{
	struct fixture *f = *state;
	struct conn *idle = add(f, CROWDED - 4, 1, CONN_IDLE);

	(void)add(f, 4, 2, CONN_FRESH);
	expect_victim(f, idle);
}

/* A single idle client is not closed for busy ones before the listener is full. */
static void
test_busy(void **state)
{
	struct fixture *f = *state;
	struct conn *kept = add(f, 1, 9, CONN_IDLE);
	struct conn *busy = add(f, CROWDED, 1, CONN_BUSY);

	expect_victim(f, NULL);
	(void)add(f, FULL - CROWDED - 2, 2, CONN_BUSY);
	expect_victim(f, NULL);
	(void)add(f, 1, 3, CONN_FRESH);
	expect_victim(f, busy);
	conn_enter(busy, CONN_CLOSING, f->now);
	expect_victim(f, NULL);
	assert_int_equal(kept->phase, CONN_IDLE);
}

/* Too many connections, each from another address. */
static void
test_spread(void **state)
{
	struct fixture *f = *state;
	struct conn *first = add(f, 1, 100, CONN_FRESH);

	for (uint64_t i = 1; i < FEW; i++)
		(void)add(f, 1, 100 + i, CONN_FRESH);
	for (uint64_t i = 0; i < CROWDED - FEW; i++)
		(void)add(f, 1, 1000 + i, CONN_BUSY);
	expect_victim(f, NULL);
	(void)add(f, 1, 99, CONN_FRESH);
	expect_victim(f, first);
}

/* ---- memory ---- */

static void
test_weight(void **state)
{
	struct fixture *f = *state;
	struct conn *one = add(f, 1, 1, CONN_FRESH);
	struct conn *two = add(f, 2, 2, CONN_FRESH);
	struct conn *other = two + 1;

	assert_null(conntable_heaviest(f->all, CONN_FRESH, f->now));
	conn_set_weight(one, 100, 5000);
	conn_set_weight(two, 60, 6000);
	conn_set_weight(other, 50, 7000);
	assert_ptr_equal(conntable_heaviest(f->all, CONN_FRESH, 7000), two);
	assert_null(conntable_heaviest(f->all, CONN_FRESH, 5999));
	assert_null(conntable_heaviest(f->all, CONN_BUSY, 7000));
	conn_enter(two, CONN_BUSY, 8000);
	assert_ptr_equal(conntable_heaviest(f->all, CONN_BUSY, 7000), two);
	assert_ptr_equal(conntable_heaviest(f->all, CONN_FRESH, 7000), one);
	conn_set_weight(one, 0, 9000);
	assert_ptr_equal(conntable_heaviest(f->all, CONN_FRESH, 9000), other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		TEST(test_head),
		TEST(test_body),
		TEST(test_idle),
		TEST(test_half_full),
		TEST(test_most),
		TEST(test_newcomers),
		TEST(test_busy),
		TEST(test_spread),
		TEST(test_weight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
