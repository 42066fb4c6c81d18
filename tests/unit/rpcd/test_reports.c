/* Reports: what the master receives of refusals, few and many, and of calls of programs. */
#include "rpcd/reports.h"

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
	struct reports *reports;
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
	w.reports = reports_new(&w.rpcd);
	w.origin = (struct caller_origin){ .is_unix = true, .uid = 7, .pid = 8 };
	w.caller = (struct caller){ .origin = &w.origin, .section = "unix_http_server" };
}

static void
end(void)
{
	reports_free(w.reports);
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
	for (const char *at = w.text; (at = strstr(at, "audit.report")) != NULL; at++)
		count++;
	return count;
}

static void
refuse(int count)
{
	for (int i = 0; i < count; i++)
		reports_refused(w.reports, &w.caller, "a.b", "web", "needs role admin");
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
	reports_refused(w.reports, &w.caller, "a.b", NULL, "w");
	assert_int_equal(received(), 1);
	assert_null(strstr(w.text, "\"target\""));
	reports_refused(NULL, &w.caller, "a.b", "web", "w");
	w.rpcd.ending = true;
	refuse(1);
	assert_int_equal(received(), 0);
	end();
}

/* A long target is cut between two characters; the audit log says that it was cut. */
static void
test_long_target(void **state)
{
	char target[2 * REPORTS_TARGET_MAX + 2] = "a";
	const char *first, *last;

	(void)state;
	begin();
	for (size_t i = 1; i + 2 < sizeof(target); i += 2)
		memcpy(target + i, "\303\251", 2);
	reports_refused(w.reports, &w.caller, "a.b", target, "w");
	assert_int_equal(received(), 1);
	first = strstr(w.text, "\"target\":\"a");
	assert_non_null(first);
	first += strlen("\"target\":\"");
	last = strchr(first, '"');
	assert_int_equal(last - first, REPORTS_TARGET_MAX - 1);
	assert_memory_equal(first, target, REPORTS_TARGET_MAX - 1);
	end();
}

static void
test_flood(void **state)
{
	(void)state;
	begin();
	refuse(1000);
	assert_int_equal(received(), REPORTS_REFUSALS);
	clock_freeze(START + 999, START);
	assert_int_equal(loop_turn(w.rpcd.loop, 0), 0);
	assert_int_equal(received(), 0);
	clock_freeze(START + 1000, START);
	assert_int_equal(loop_turn(w.rpcd.loop, 0), 0);
	assert_int_equal(received(), 1);
	assert_non_null(strstr(w.text, "\"count\":990"));
	assert_null(strstr(w.text, "\"target\""));
	/* The next second; its rest is reported with the first one after it. */
	refuse(REPORTS_REFUSALS + 1);
	assert_int_equal(received(), REPORTS_REFUSALS);
	clock_freeze(START + 3000, START);
	refuse(1);
	assert_int_equal(received(), 2);
	assert_non_null(strstr(w.text, "\"count\":1"));
	refuse(REPORTS_REFUSALS);
	end();
}

static void
expect_call(enum fault fault, const char *target, const char *result)
{
	json_t *report = reports_call(&w.caller, "x.f", target);

	reports_answered(&w.rpcd, report, fault);
	assert_int_equal(received(), 1);
	assert_non_null(strstr(w.text, "\"from\":\"uid 7 pid 8\""));
	assert_non_null(strstr(w.text, "\"method\":\"x.f\""));
	assert_non_null(strstr(w.text, result));
	assert_null(strstr(w.text, "\"why\""));
	assert_int_equal(strstr(w.text, "\"target\"") != NULL, target != NULL);
}

static void
test_calls(void **state)
{
	(void)state;
	begin();
	expect_call(FAULT_NONE, "key", "\"result\":\"ok\"");
	expect_call(FAULT_BAD_NAME, NULL, "\"result\":\"BAD_NAME\"");
	expect_call((enum fault)1000, NULL, "\"result\":\"fault 1000\"");
	expect_call((enum fault) - 1, NULL, "\"result\":\"fault -1\"");
	reports_unanswered(&w.rpcd, reports_call(&w.caller, "x.f", NULL));
	assert_int_equal(received(), 1);
	assert_non_null(strstr(w.text, "\"result\":\"unknown\""));
	/* No limit: the master has one. */
	for (int i = 0; i < 10 * REPORTS_REFUSALS; i++)
		reports_answered(&w.rpcd, reports_call(&w.caller, "x.f", NULL), FAULT_NONE);
	assert_int_equal(received(), 10 * REPORTS_REFUSALS);
	reports_answered(&w.rpcd, NULL, FAULT_NONE);
	reports_unanswered(&w.rpcd, NULL);
	assert_int_equal(received(), 0);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
