/* Stats: rows on the wire and in the API; unknown values are null or absent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "proto/state.h"
#include "proto/stats.h"

#define NO STATS_UNKNOWN

static void
expect_round(const struct process_stats *stats, const char *text)
{
	json_t *json = process_stats_write(stats);
	char *got = json_dumps(json, JSON_COMPACT);
	struct process_stats again;

	assert_string_equal(got, text);
	assert_int_equal(process_stats_read(json, &again), 0);
	assert_memory_equal(&again, stats, sizeof(again));
	free(got);
	json_decref(json);
}

static void
test_wire(void **state)
{
	(void)state;
	expect_round(&(struct process_stats){ 3, 812, 2, 5230, 125, 5242880, 12, 960, 1 },
	    "[3,812,2,5230,125,5242880,12,960,1]");
	expect_round(&(struct process_stats){ 3, 812, NO, NO, NO, NO, NO, 0, 0 },
	    "[3,812,null,null,null,null,null]");
	expect_round(&(struct process_stats){ 3, 812, 2, 5230, 0, 5242880, NO, 0, 1 },
	    "[3,812,2,5230,0,5242880,null,0,1]");
	expect_round(&(struct process_stats){ .id = 1 }, "[1]");
}

static void
test_malformed(void **state)
{
	static const char *const texts[] = { "{}", "{\"id\":1}", "[0]", "[\"3\"]", "[]",
		"[-1]", "[null]", "null", "1", "[1,1,1,1,1,-1]", "[1,1,1,1,1,1.5]",
		"[1,null]", "[1,1,0,0,0,0,0,null]", "[1,1,0,0,0,0,0,0,null]", "[1,1,[]]",
		"[1,-1]" };

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++) {
		json_t *json = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		struct process_stats stats;

		assert_non_null(json);
		assert_int_equal(process_stats_read(json, &stats), -1);
		json_decref(json);
	}
}

/* A later version may send more. */
static void
test_longer(void **state)
{
	json_t *json = json_loads("[3,812,1,2,3,4,5,6,7,8,\"x\"]", 0, NULL);
	struct process_stats stats;

	(void)state;
	assert_int_equal(process_stats_read(json, &stats), 0);
	assert_int_equal(stats.stderr_bytes, 7);
	json_decref(json);
}

static void
expect_api(const struct process_stats *stats, const char *text)
{
	const struct process_info info = { .group = (char[]){ "g" },
		.name = (char[]){ "p" } };
	json_t *json = process_stats_api(&info, stats);
	char *got = json_dumps(json, JSON_COMPACT);

	assert_string_equal(got, text);
	free(got);
	json_decref(json);
}

static void
test_api(void **state)
{
	(void)state;
	expect_api(&(struct process_stats){ 3, 812, 2, 5250, 125, 5242880, 12, 960, 1 },
	    "{\"name\":\"p\",\"group\":\"g\",\"pid\":812,\"processes\":2,"
	    "\"cpu_seconds\":5.25,\"cpu_percent\":12.5,\"rss\":5242880,\"fds\":12,"
	    "\"log_bytes\":{\"stdout\":960,\"stderr\":1}}");
	expect_api(&(struct process_stats){ 3, 812, NO, NO, NO, NO, NO, 0, 0 },
	    "{\"name\":\"p\",\"group\":\"g\",\"pid\":812,"
	    "\"log_bytes\":{\"stdout\":0,\"stderr\":0}}");
	for (size_t i = 0; i < STATS_MEMBERS; i++) {
		assert_non_null(stats_members[i].help);
		assert_non_null(stats_type_names[stats_members[i].type]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_longer),
		cmocka_unit_test(test_api),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
