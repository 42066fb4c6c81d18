/* Figures: pages, sharing among callers, a master that answers late or wrongly. */
#include "rpcd/figures.h"
#include "tests/unit/rpcd/methods/calls.h"

struct asker {
	unsigned calls;
	char failure[100]; /* of the last call, or "" */
};

static void
on_figures(void *ctx, const char *failure)
{
	struct asker *asker = ctx;

	asker->calls++;
	(void)snprintf(
	    asker->failure, sizeof(asker->failure), "%s", failure != NULL ? failure : "");
}

/* New figures; nobody has asked the master since the setup. */
static struct figures *
begin_figures(struct fixture *f)
{
	struct figures *figures = figures_new(&f->rpcd);

	assert_non_null(figures);
	assert_null(figures_get(figures));
	assert_int_equal(f->requests, 0);
	return figures;
}

static json_t *
page_of(int restarts, const char *pool, int waiting, int dropped, bool more)
{
	return json_pack("{si s[{ss si si}] sb}", "frontend_restarts", restarts, "pools",
	    "name", pool, "waiting", waiting, "dropped", dropped, "more", more);
}

static void
test_pages(void **state)
{
	struct fixture *f = *state;
	struct figures *figures = begin_figures(f);
	struct asker first = { 0 }, second = { 0 };

	figures_ask(figures, on_figures, &first);
	figures_ask(figures, on_figures, &second);
	turn(f);
	assert_int_equal(f->requests, 1);
	assert_string_equal(f->request.method, "daemon.figures");
	assert_string_equal(f->request.params, "{\"from\":0}");
	answer(f, page_of(1, "a", 2, 3, true), -1);
	assert_string_equal(f->request.params, "{\"from\":1}");
	assert_int_equal(first.calls, 0);
	assert_null(figures_get(figures));
	answer(f, page_of(7, "b", 4, 5, false), -1);
	assert_int_equal(first.calls, 1);
	assert_string_equal(first.failure, "");
	assert_int_equal(second.calls, 1);
	assert_int_equal(figures_get(figures)->count, 2);
	assert_int_equal(figures_get(figures)->frontend_restarts, 7);
	assert_string_equal(figures_get(figures)->pools[1].name, "b");
	assert_int_equal(figures_get(figures)->pools[0].dropped, 3);
	assert_int_equal(figures_get(figures)->pools[1].waiting, 4);
	/* From memory, then again from the master. */
	figures_ask(figures, on_figures, &first);
	assert_int_equal(first.calls, 2);
	clock_freeze(1000 + FIGURES_FRESH_MS, NOW * INT64_C(1000));
	figures_ask(figures, on_figures, &first);
	assert_int_equal(first.calls, 2);
	turn(f);
	assert_int_equal(f->requests, 3);
	answer(f, json_pack("{si s[] sb}", "frontend_restarts", 0, "pools", "more", 1), -1);
	assert_int_equal(first.calls, 3);
	assert_int_equal(figures_get(figures)->count, 0);
	figures_free(figures);
}

static void
test_malformed(void **state)
{
	static const char *const pages[] = {
		"{}", "[]", "7", "{\"frontend_restarts\":0}", "{\"pools\":[]}",
		"{\"frontend_restarts\":\"0\",\"pools\":[]}",
		"{\"frontend_restarts\":0,\"pools\":{}}",
		"{\"frontend_restarts\":0,\"pools\":[7]}",
		"{\"frontend_restarts\":0,\"pools\":[{\"name\":\"a\",\"waiting\":1}]}",
		("{\"frontend_restarts\":0,\"pools\":[{\"name\":\"a\",\"waiting\":1,"
		 "\"dropped\":null}]}"),
	};
	struct fixture *f = *state;
	struct figures *figures = begin_figures(f);
	struct asker asker = { 0 };

	for (size_t i = 0; i < nitems(pages); i++) {
		figures_ask(figures, on_figures, &asker);
		turn(f);
		answer(f, json_loads(pages[i], JSON_DECODE_ANY, NULL), -1);
		assert_int_equal(asker.calls, i + 1);
		assert_string_not_equal(asker.failure, "");
		assert_null(figures_get(figures));
	}
	figures_ask(figures, on_figures, &asker);
	turn(f);
	answer_fault(f, FAULT_FAILED, "FAILED: out of memory");
	assert_string_equal(asker.failure, "FAILED: out of memory");
	figures_free(figures);
}

/* Who waits too long is told so; the answer that comes late serves later callers. */
static void
test_late(void **state)
{
	struct fixture *f = *state;
	struct figures *figures = begin_figures(f);
	struct asker asker = { 0 }, gone = { 0 };

	figures_ask(figures, on_figures, &asker);
	figures_ask(figures, on_figures, &gone);
	figures_forget(figures, &gone);
	turn(f);
	clock_freeze(1000 + FIGURES_WAIT_MS - 1, NOW * INT64_C(1000));
	turn(f);
	assert_int_equal(asker.calls, 0);
	clock_freeze(1000 + FIGURES_WAIT_MS, NOW * INT64_C(1000));
	for (int i = 0; i < 1000 && asker.calls == 0; i++)
		loop_turn(f->rpcd.loop, 10);
	assert_int_equal(asker.calls, 1);
	assert_string_not_equal(asker.failure, "");
	assert_null(figures_get(figures));
	/* Nobody waits; the request is not sent again. */
	figures_ask(figures, on_figures, &asker);
	turn(f);
	assert_int_equal(f->requests, 1);
	answer(f, page_of(1, "a", 2, 3, false), -1);
	assert_int_equal(asker.calls, 2);
	assert_string_equal(asker.failure, "");
	assert_int_equal(gone.calls, 0);
	assert_int_equal(figures_get(figures)->count, 1);
	figures_free(figures);
}

static void
test_ending(void **state)
{
	struct fixture *f = *state;
	struct figures *figures = begin_figures(f);
	struct asker asker = { 0 }, waits = { 0 };

	figures_ask(figures, on_figures, &waits);
	f->rpcd.ending = true;
	turn(f);
	figures_free(figures);
	assert_int_equal(waits.calls, 0);
	figures = figures_new(&f->rpcd);
	figures_ask(figures, on_figures, &asker);
	assert_int_equal(asker.calls, 1);
	assert_string_equal(asker.failure, "reeve-rpcd is shutting down");
	f->rpcd.ending = false;
	figures_free(figures);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_pages),
		TEST(test_malformed),
		TEST(test_late),
		TEST(test_ending),
	};

	return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
