/* Reading, tailing and clearing logs. */
#include "tests/unit/rpcd/methods/calls.h"

/* ---- logs ---- */

static void
test_read_log(void **state)
{
	struct fixture *f = *state;

	requests(f, "supervisor.readProcessStdoutLog", P("web") P("<int>2</int>") P("3"),
	    "log.open", "{\"name\":\"web\",\"stream\":\"stdout\"}");
	answer_log(f, "01<\xff\n56", 1);
	expect(f, 1, VALUE(STRING("&lt;\xef\xbf\xbd\n")));
	requests(f, "supervisor.readProcessStderrLog",
	    P("web") P("0") P("<double>1.7</double>"), "log.open",
	    "{\"name\":\"web\",\"stream\":\"stderr\"}");
	answer_log(f, "0123", 1);
	expect(f, 2, VALUE(STRING("0")));
	requests(f, "supervisor.readLog", P("-3") P("0"), "mainlog.open", "{}");
	answer_log(f, "01234", 1);
	expect(f, 3, VALUE(STRING("234")));
	requests(f, "supervisor.readMainLog", P("-3") P("1"), "mainlog.open", "{}");
	answer_log(f, "01234", 1);
	expect(f, 4, FAULT("3", "BAD_ARGUMENTS"));
	requests(f, "supervisor.readProcessLog", P("web") P("0") P("0"), "log.open",
	    "{\"name\":\"web\",\"stream\":\"stdout\"}");
	answer_fault(f, FAULT_NO_FILE, "NO_FILE: /out");
	expect(f, 5, FAULT("20", "NO_FILE: /out"));
	requests(f, "supervisor.readLog", P("0") P("0"), "mainlog.open", "{}");
	answer(f, json_pack("{ss}", "path", "/"), open("/", O_RDONLY | O_CLOEXEC));
	expect(f, 6, VALUE(STRING("")));
}

#define END "9&lt;</string></value>\n</param>\n</params>\n</methodResponse>\n"

static void
test_long_log(void **state)
{
	struct fixture *f = *state;

	requests(f, "supervisor.readLog", P("0") P("0"), "mainlog.open", "{}");
	answer_log(f, "0123456789<", 20000);
	assert_true(f->streamed);
	assert_int_equal(strlen(f->reply), strlen(VALUE(STRING(""))) + 20000 * 14);
	assert_memory_equal(f->reply, VALUE(STRING("")), 50);
	assert_string_equal(f->reply + strlen(f->reply) - strlen(END), END);
}

#define TAIL(data, offset, overflow) \
	VALUE(ARRAY(STRING(data) INT(offset) BOOL(overflow)))

static void
test_tail_log(void **state)
{
	struct fixture *f = *state;
	static const char want[] = "{\"name\":\"web\",\"stream\":\"stdout\"}";

	requests(
	    f, "supervisor.tailProcessStdoutLog", P("web") P("0") P("3"), "log.open", want);
	answer_log(f, "0123456789abc", 1);
	expect(f, 1, TAIL("abc", "13", "1"));
	requests(
	    f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_log(f, "0123456789abc", 1);
	expect(f, 2, TAIL("0123456789abc", "13", "0"));
	requests(
	    f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_fault(f, FAULT_NO_FILE, "NO_FILE");
	expect(f, 3, TAIL("", "0", "0"));
	requests(
	    f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_fault(f, FAULT_FAILED, "FAILED");
	expect(f, 4, TAIL("", "5", "0"));
	requests(
	    f, "supervisor.tailProcessLog", P("web") P("5") P("100"), "log.open", want);
	answer_fault(f, FAULT_BAD_NAME, "BAD_NAME: web");
	expect(f, 5, FAULT("10", "BAD_NAME: web"));
	requests(f, "supervisor.tailProcessStderrLog", P("web") P("0") P("0"), "log.open",
	    "{\"name\":\"web\",\"stream\":\"stderr\"}");
	answer(f, json_pack("{ss}", "path", "/dev/null"),
	    open("/dev/null", O_RDONLY | O_CLOEXEC));
	expect(f, 6, TAIL("", "0", "0"));
}

static void
test_clear_log(void **state)
{
	struct fixture *f = *state;

	requests(
	    f, "supervisor.clearProcessLogs", P("web"), "log.clear", "{\"name\":\"web\"}");
	answer(f, NULL, -1);
	expect(f, 1, TRUE_VALUE);
	requests(f, "supervisor.clearLog", "", "mainlog.clear", "{}");
	answer_fault(f, FAULT_NO_FILE, "NO_FILE");
	expect(f, 2, FAULT("20", "NO_FILE"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read_log),
		TEST(test_long_log),
		TEST(test_tail_log),
		TEST(test_clear_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
