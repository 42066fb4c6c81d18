/* Server stats: pages of a control socket and structs of XML-RPC, also malformed ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "common/compiler.h"
#include "ctl/daemon/server_ops.h"
#include "ctl/daemon/server_stats.h"

#define T(text) ((char *)(uintptr_t)(text))

/* The results of the next calls; NULL is a fault. */
static const char *const *results;
static json_int_t asked_after;

static int
fake_call(struct server *server UNUSED, const char *method, json_t *params, struct reply *r)
{
	const char *text = *results++;

	assert_string_equal(method, "all.stats");
	asked_after = json_integer_value(json_object_get(params, "after"));
	json_decref(params);
	if (text == NULL)
		reply_set_fault(r, FAULT_UNKNOWN_METHOD, NULL);
	else
		r->result = json_loads(text, JSON_DECODE_ANY, NULL);
	return 0;
}

static const struct server_ops fake_ops = { .call = fake_call };

static struct server_stats *
get(const char *const *texts)
{
	struct server server = { .ops = &fake_ops };
	struct server_stats *stats;

	results = texts;
	assert_int_equal(server_stats(&server, &stats), 0);
	return stats;
}

static const struct process_info web = {
    .id = 3, .group = T("g"), .name = T("web"), .pid = 9};

static void
test_pages(void **state)
{
	static const char *const texts[] = {
		"{\"rows\":[[1],[3,9,1,0,0,5,null]],\"more\":true}",
		"{\"rows\":[[4,9,1,0,0,6]],\"more\":false}",
	};
	struct process_info other = web;
	struct server_stats *stats = get(texts);

	(void)state;
	assert_int_equal(asked_after, 3);
	assert_int_equal(server_stats_find(stats, &web)->rss, 5);
	assert_int_equal(server_stats_find(stats, &web)->fds, STATS_UNKNOWN);
	/* Another run of the process; a process without a row. */
	other.pid = 10;
	assert_null(server_stats_find(stats, &other));
	other.id = 2;
	assert_null(server_stats_find(stats, &other));
	server_stats_free(stats);
	assert_null(server_stats_find(NULL, &web));
}

static void
test_structs(void **state)
{
	static const char *const texts[] = {
		"[{\"name\":\"web\",\"group\":\"g\",\"pid\":9,\"cpu_seconds\":1.25,"
		"\"cpu_percent\":12.3,\"rss\":5e9,\"processes\":-1,\"fds\":1e300,"
		"\"log_bytes\":{\"stdout\":7,\"stderr\":\"x\"}},{},null,7]",
	};
	struct server_stats *stats = get(texts);
	const struct process_stats *row = server_stats_find(stats, &web);
	struct process_info other = web;

	(void)state;
	assert_non_null(row);
	assert_int_equal(row->cpu_ms, 1250);
	assert_int_equal(row->cpu_share, 123);
	assert_int_equal(row->rss, 5000000000);
	assert_int_equal(row->processes, STATS_UNKNOWN);
	assert_int_equal(row->fds, STATS_UNKNOWN);
	assert_int_equal(row->stdout_bytes, 7);
	other.name = T("other");
	assert_null(server_stats_find(stats, &other));
	server_stats_free(stats);
}

/* A server without stats is no error. */
static void
test_none(void **state)
{
	static const char *const texts[][2] = {
		{ NULL },
		{ "null" },
		{ "{}" },
		{ "{\"rows\":7}" },
		{ "{\"rows\":[[2],[2]],\"more\":true}" },
		{ "{\"rows\":[[2]],\"more\":true}", "{\"rows\":[[1]]}" },
		{ "{\"rows\":[[2]],\"more\":true}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < nitems(texts); i++)
		assert_null(get(texts[i]));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name("server_stats", tests, NULL, NULL);
}
