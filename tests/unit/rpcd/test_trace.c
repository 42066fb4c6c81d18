/* Trace: the log lines of calls and requests, and that they cost nothing at other
 * levels. */
#include "tests/unit/rpcd/methods/calls.h"

#include "common/str.h"
#include "rpcd/trace.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static struct buf lines;

static void
sink(void *ctx UNUSED, enum log_level level, const char *text, size_t len)
{
	assert_int_equal(
	    buf_printf(&lines, "%s %.*s\n", log_level_tag(level), (int)len, text), 0);
}

static int
setup_trace(void **state)
{
	int failed = setup(state);

	buf_init(&lines, 0);
	log_init(sink, NULL, LEVEL_TRACE);
	return failed;
}

static int
teardown_trace(void **state)
{
	log_init(NULL, NULL, LEVEL_CRITICAL);
	buf_clear(&lines);
	return teardown(state);
}

/* Checks the lines that were logged since the last call. */
static void
logged(const char *want)
{
	assert_int_equal(buf_putc(&lines, '\0'), 0);
	assert_string_equal(buf_data(&lines), want);
	buf_clear(&lines);
}

#define CALLED(name) "TRAC XML-RPC method called: " name "()\n"
#define WENT_WELL(name) "TRAC XML-RPC method " name "() returned successfully\n"
#define FAILED_SO(name, fault) \
	"TRAC XML-RPC method " name "() returned fault: " fault "\n"

static void
test_results(void **state)
{
	struct fixture *f = *state;

	begin(f, "supervisor.getPID", "");
	logged(CALLED("supervisor.getPID") WENT_WELL("supervisor.getPID"));
	begin(f, "supervisor.getPID", P("1"));
	logged(CALLED("supervisor.getPID")
		FAILED_SO("supervisor.getPID", "[2] INCORRECT_PARAMETERS"));
	begin(f, "supervisor.getProcessInfo", P("nope"));
	logged(CALLED("supervisor.getProcessInfo")
		FAILED_SO("supervisor.getProcessInfo", "[10] BAD_NAME: nope"));
	begin(f, "a.b", "");
	logged(CALLED("a.b") FAILED_SO("a.b", "[1] UNKNOWN_METHOD"));
}

/* A call that waits logs success when the wait begins, and nothing at its end. */
static void
test_waiting(void **state)
{
	struct fixture *f = *state;

	requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	logged(CALLED("supervisor.startProcess"));
	answer_started(f, 1, 1);
	logged(WENT_WELL("supervisor.startProcess"));
	tell_row(f,
	    (struct row){ 1, 1, 1, VERDICT_EXITED_EARLY, PROCESS_BACKOFF, "web", "web" });
	turn(f);
	expect(f, 1, FAULT("50", "SPAWN_ERROR: web"));
	logged("");
	requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}");
	answer_fault(f, FAULT_ALREADY_STARTED, "ALREADY_STARTED: web");
	logged(CALLED("supervisor.startProcess")
		FAILED_SO("supervisor.startProcess", "[60] ALREADY_STARTED: web"));
}

/* The calls of a multicall are not logged separately. */
static void
test_multicall(void **state)
{
	struct fixture *f = *state;

	begin(f, "system.multicall", CALLS(CALL("supervisor.getPID") CALL("nope")));
	logged(CALLED("system.multicall") WENT_WELL("system.multicall"));
	begin(f, "system.multicall", P("1"));
	logged(CALLED("system.multicall")
		FAILED_SO("system.multicall", "[2] INCORRECT_PARAMETERS"));
}

static void
test_abandoned(void **state)
{
	struct fixture *f = *state;

	call_abandon(requests(
	    f, "supervisor.startProcess", P("web"), "process.start", "{\"name\":\"web\"}"));
	logged(CALLED("supervisor.startProcess"));
}

/* A long name is cut without cutting a character. */
static void
test_long_name(void **state)
{
	char name[1000] = "x";

	(void)state;
	for (size_t i = 1; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 3);
	free(trace_called(name));
	assert_int_equal(buf_len(&lines), strlen(CALLED("")) + 199);
	assert_true(str_is_utf8(buf_data(&lines), buf_len(&lines)));
}

static void
test_request_data(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
		{"<a", "ERRO XML-RPC request data '<a' is invalid: unmarshallable\n"
		       "DEBG the XML-RPC request could not be parsed: unclosed token\n"},
		{"it's \xc3\xa9\n", "ERRO XML-RPC request data \"it's \xc3\xa9\\n\" is "
		    "invalid: unmarshallable\n"
		    "DEBG the XML-RPC request could not be parsed: "
		    "text outside of the element\n"},
		{"<\xff", "ERRO XML-RPC request data '<\\xff' is invalid: unmarshallable\n"
		    "DEBG the XML-RPC request could not be parsed: not UTF-8\n"},
		{"<methodCall/>", "ERRO XML-RPC request data '<methodCall/>' is invalid: "
		    "no method name\n"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < nitems(rows); i++) {
		begin_text(f, ROLE_ADMIN, true, rows[i].body, on_done, f);
		assert_int_equal(f->status, 400);
		logged(rows[i].want);
	}
}

/* A client that sends only invalid bodies cannot flood the log. */
static void
test_request_data_flood(void **state)
{
	struct fixture *f = *state;
	size_t n = 0;

	log_init(sink, NULL, LEVEL_INFO);
	for (int i = 0; i < 1000; i++)
		begin_text(f, ROLE_ADMIN, true, "<a", on_done, f);
	assert_int_equal(f->status, 400);
	for (size_t i = 0; i < buf_len(&lines); i++)
		n += buf_data(&lines)[i] == '\n';
	assert_int_equal(n, 10);
}

static void
test_answered(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(40000) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(2) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	in.sin_addr.s_addr = htonl(0x0a000001);
	in6.sin6_addr = in6addr_loopback;
	trace_answered((void *)&in, "POST /RPC2 HTTP/1.1", 200, 251);
	logged("TRAC 10.0.0.1:40000 - - [14/Nov/2023:22:13:20 +0000] "
	       "\"POST /RPC2 HTTP/1.1\" 200 251\n");
	trace_answered((void *)&in6, "GET / HTTP/1.0", 404, 0);
	logged("TRAC [::1]:2 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.0\" 404 0\n");
	trace_answered((void *)&un, "GET /error HTTP/1.0", 404, -1);
	trace_answered(NULL, "", 500, 1);
	logged("TRAC localhost:0 - - [14/Nov/2023:22:13:20 +0000] "
	       "\"GET /error HTTP/1.0\" 404 -\n"
	       "TRAC localhost:0 - - [14/Nov/2023:22:13:20 +0000] \"\" 500 1\n");
}

static void
test_unwanted(void **state)
{
	struct fixture *f = *state;

	log_init(sink, NULL, LEVEL_DEBUG);
	assert_null(trace_called("supervisor.getPID"));
	assert_null(trace_request_line("GET", "/", "HTTP/1.1"));
	begin(f, "supervisor.getPID", "");
	logged("");
}

#define TRACE(name) cmocka_unit_test_setup_teardown(name, setup_trace, teardown_trace)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TRACE(test_results),
		TRACE(test_waiting),
		TRACE(test_multicall),
		TRACE(test_abandoned),
		TRACE(test_long_name),
		TRACE(test_request_data),
		TRACE(test_request_data_flood),
		TRACE(test_answered),
		TRACE(test_unwanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
