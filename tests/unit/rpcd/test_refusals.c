/* Refusals: what the master receives of a few and of many. */
#include "rpcd/refusals.h"

#include "common/clock.h"
#include "common/sock.h"
#include "rpcd/rpcd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#define START 1000000

static struct world {
	struct rpcd rpcd;
	struct refusals *refusals;
	struct caller caller;
	struct caller_origin origin;
	int master; /* the other end of the connection */
	char text[65536];
} w;

static void
begin(void)
{
	static const struct peer_ops ops = { .closed = NULL };
	int pair[2];

	memset(&w, 0, sizeof(w));
	clock_freeze(START, START);
	assert_int_equal(sock_pair(pair), 0);
	w.master = pair[1];
	w.rpcd.loop = loop_new();
	w.rpcd.master = peer_new(w.rpcd.loop, pair[0], &ops, NULL);
	peer_options(w.rpcd.master)->autoflush = true;
	w.refusals = refusals_new(&w.rpcd);
	w.origin = (struct caller_origin){ .is_unix = true, .uid = 7, .pid = 8 };
	w.caller = (struct caller){ .origin = &w.origin, .section = "unix_http_server" };
}

static void
end(void)
{
	refusals_free(w.refusals);
	peer_free(w.rpcd.master);
	loop_free(w.rpcd.loop);
	close(w.master);
	clock_freeze(-1, -1);
}

/* The number of reports since the last call; w.text has them. */
static int
received(void)
{
	ssize_t n = read(w.master, w.text, sizeof(w.text) - 1);
	int count = 0;

	w.text[n > 0 ? n : 0] = '\0';
	for (const char *at = w.text; (at = strstr(at, "audit.refused")) != NULL; at++)
		count++;
	return count;
}

static void
refuse(int count)
{
	for (int i = 0; i < count; i++)
		refusals_report(w.refusals, &w.caller, "a.b", "web", "needs role admin");
}

static void
test_report(void **state)
{
	(void)state;
	begin();
	refuse(1);
	assert_int_equal(received(), 1);
	assert_non_null(strstr(w.text, "\"from\":\"uid 7 pid 8\""));
	assert_non_null(strstr(w.text, "\"listener\":\"unix_http_server\""));
	assert_non_null(strstr(w.text, "\"why\":\"needs role admin\""));
	assert_null(strstr(w.text, "\"count\""));
	assert_non_null(strstr(w.text, "\"target\":\"web\""));
	refusals_report(w.refusals, &w.caller, "a.b", NULL, "w");
	assert_int_equal(received(), 1);
	assert_null(strstr(w.text, "\"target\""));
	refusals_report(NULL, &w.caller, "a.b", "web", "w");
	w.rpcd.ending = true;
	refuse(1);
	assert_int_equal(received(), 0);
	end();
}

/* A long target is cut between two characters; the audit log says that it was cut. */
static void
test_long_target(void **state)
{
	char target[2 * REFUSALS_TARGET_MAX + 2] = "a";
	const char *first, *last;

	(void)state;
	begin();
	for (size_t i = 1; i + 2 < sizeof(target); i += 2)
		memcpy(target + i, "\303\251", 2);
	refusals_report(w.refusals, &w.caller, "a.b", target, "w");
	assert_int_equal(received(), 1);
	first = strstr(w.text, "\"target\":\"a");
	assert_non_null(first);
	first += strlen("\"target\":\"");
	last = strchr(first, '"');
	assert_int_equal(last - first, REFUSALS_TARGET_MAX - 1);
	assert_memory_equal(first, target, REFUSALS_TARGET_MAX - 1);
	end();
}

static void
test_flood(void **state)
{
	(void)state;
	begin();
	refuse(1000);
	assert_int_equal(received(), REFUSALS_A_SECOND);
	clock_freeze(START + 999, START);
	assert_int_equal(loop_turn(w.rpcd.loop, 0), 0);
	assert_int_equal(received(), 0);
	clock_freeze(START + 1000, START);
	assert_int_equal(loop_turn(w.rpcd.loop, 0), 0);
	assert_int_equal(received(), 1);
	assert_non_null(strstr(w.text, "\"count\":990"));
	assert_null(strstr(w.text, "\"target\""));
	/* The next second; its rest is reported with the first one after it. */
	refuse(REFUSALS_A_SECOND + 1);
	assert_int_equal(received(), REFUSALS_A_SECOND);
	clock_freeze(START + 3000, START);
	refuse(1);
	assert_int_equal(received(), 2);
	assert_non_null(strstr(w.text, "\"count\":1"));
	refuse(REFUSALS_A_SECOND);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
