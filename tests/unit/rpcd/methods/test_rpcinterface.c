/* Rpcinterface: calls of a program that serves a namespace, on the other end of a socket
 * pair. The test sets the time. */
#include "tests/unit/rpcd/methods/calls.h"

#define T_DUE (RPCINTERFACE_TIMEOUT_MS + 1)
#define NOT_IN_TIME FAULT("30", "FAILED: rpcinterface x did not answer in time")
#define NOT_RUNNING FAULT("30", "FAILED: rpcinterface x is not running")
#define NOT_DESCRIBED \
	FAULT("30", "FAILED: rpcinterface x has not described its methods yet")
#define NOT_AS_DECLARED \
	FAULT("30", "FAILED: x.f returned a value of another type than its signature")
#define TOO_MANY FAULT("30", "FAILED: rpcinterface x has too many calls waiting")

struct server {
	struct peer *peer; /* NULL = closed */
	uint64_t request;  /* the latest request */
	char method[32];
	unsigned requests;
};

static int64_t now = 1000;
static char logged[256];

static void
remember(void *ctx UNUSED, enum log_level level UNUSED, const char *text, size_t len)
{
	snprintf(logged, sizeof(logged), "%.*s", (int)len, text);
}

static void
got_request(void *ctx, struct peer *peer UNUSED, uint64_t id, const char *method,
    json_t *params UNUSED)
{
	struct server *server = ctx;

	server->request = id;
	server->requests++;
	snprintf(server->method, sizeof(server->method), "%s", method);
}

static void
closed(void *ctx, struct peer *peer, const char *why UNUSED, bool violation UNUSED)
{
	struct server *server = ctx;

	peer_free(peer);
	server->peer = NULL;
}

static void
pass(struct fixture *f, int64_t ms)
{
	now += ms;
	clock_freeze(now, NOW * INT64_C(1000));
	turn(f);
}

static void
take(struct fixture *f, const char *method, json_t *params, int fd)
{
	assert_int_equal(
	    rpcinterfaces_notification(f->rpcd.rpcinterfaces, method, params, &fd), 1);
	assert_int_equal(fd, -1);
	json_decref(params);
	turn(f);
}

/* Opens a program, which receives the request to describe its methods. */
static void
open_server(struct fixture *f, struct server *server)
{
	static const struct peer_ops ops = { .request = got_request, .closed = closed };
	int fds[2];

	*server = (struct server){ 0 };
	assert_int_equal(sock_pair(fds), 0);
	server->peer = peer_new(f->rpcd.loop, fds[1], &ops, server);
	peer_options(server->peer)->autoflush = true;
	take(f, "interface.open", json_pack("{s:s,s:{}}", "name", "x", "options"), fds[0]);
	assert_string_equal(server->method, "describe");
}

static void
respond(struct fixture *f, struct server *server, uint64_t id, json_t *result)
{
	assert_non_null(result);
	assert_int_equal(peer_reply(server->peer, id, result, -1, 0), 0);
	turn(f);
}

/* Lets the program describe one method, f, with this type. */
static void
describe(struct fixture *f, struct server *server, const char *type)
{
	struct method method;

	respond(f, server, server->request,
	    json_pack("{s:[{s:s,s:[s]}]}", "methods", "name", "f", "signature", type));
	assert_true(method_find(f->rpcd.sources, "x.f", &method));
}

static int
begin_test(void **state)
{
	now = 1000;
	logged[0] = '\0';
	if (setup(state) == -1)
		return -1;
	log_init(remember, NULL, LEVEL_WARN);
	return 0;
}

static void
test_silence_is_named_once(void **state)
{
	struct fixture *f = *state;
	struct server server;

	open_server(f, &server);
	pass(f, RPCINTERFACE_TIMEOUT_MS - 1);
	assert_string_equal(logged, "");
	pass(f, 2);
	assert_string_equal(logged, "rpcinterface x has not described its methods yet");
	logged[0] = '\0';
	pass(f, 100 * T_DUE);
	assert_string_equal(logged, "");
	describe(f, &server, "int");
	peer_free(server.peer);
}

/* The methods of the process before are known, those of the new one are not. */
static void
test_no_call_before_the_description(void **state)
{
	struct fixture *f = *state;
	struct server first, second;

	open_server(f, &first);
	describe(f, &first, "int");
	open_server(f, &second);
	assert_null(first.peer);
	at_once(f, "x.f", "", NOT_DESCRIBED);
	assert_int_equal(second.requests, 1);
	describe(f, &second, "int");
	begin(f, "x.f", "");
	turn(f);
	respond(f, &second, second.request, json_integer(5));
	expect(f, 2, VALUE(INT("5")));
	peer_free(second.peer);
}

static void
test_a_late_answer_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct server server;
	uint64_t late;

	open_server(f, &server);
	describe(f, &server, "int");
	begin(f, "x.f", "");
	pass(f, T_DUE);
	expect(f, 1, NOT_IN_TIME);
	late = server.request;
	begin(f, "x.f", "");
	turn(f);
	respond(f, &server, late, json_integer(5));
	assert_int_equal(f->replies, 1);
	respond(f, &server, server.request, json_integer(6));
	expect(f, 2, VALUE(INT("6")));
	peer_free(server.peer);
}

/* The calls of one listener do not use the limit of another. */
static void
test_pending_of_each_listener(void **state)
{
	char body[] = "<methodCall><methodName>x.f</methodName></methodCall>";
	struct fixture *f = *state;
	struct share other = f->share;
	struct server server;
	struct buf content;
	struct call *call;

	open_server(f, &server);
	describe(f, &server, "int");
	for (int i = 0; i < RPCINTERFACE_PENDING_MAX; i++)
		begin(f, "x.f", "");
	assert_null(begin(f, "x.f", ""));
	assert_string_equal(f->reply, TOO_MANY);
	buf_init(&content, 0);
	assert_int_equal(buf_puts(&content, body), 0);
	call = call_begin(
	    f->rpcd.calls, &other, &f->callers[ROLE_ADMIN], &content, true, on_done, f);
	assert_non_null(call);
	call_abandon(call);
	buf_clear(&content);
	peer_free(server.peer);
}

/* An unanswered call uses memory, therefore their number is bounded. */
static void
test_calls_left_unanswered_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct server server;
	unsigned calls = 0;

	open_server(f, &server);
	describe(f, &server, "int");
	while (server.peer != NULL && calls < 2 * RPCINTERFACE_LATE_MAX) {
		for (int i = 0; i < RPCINTERFACE_PENDING_MAX; i++, calls++)
			begin(f, "x.f", "");
		turn(f);
		assert_null(begin(f, "x.f", ""));
		assert_string_equal(f->reply, TOO_MANY);
		pass(f, T_DUE);
		assert_int_equal(calls_parked(f->rpcd.calls), 0);
	}
	assert_int_equal(calls, RPCINTERFACE_LATE_MAX);
	assert_string_equal(
	    logged, "rpcinterface x has not answered 1024 calls; disconnecting it");
	at_once(f, "x.f", "", NOT_RUNNING);
}

/* The reply of a method of this type when its program returns this value. */
static void
returns(struct fixture *f, const char *type, const char *result, const char *want)
{
	struct server server;
	unsigned replies = f->replies;

	open_server(f, &server);
	describe(f, &server, type);
	begin(f, "x.f", "");
	turn(f);
	respond(f, &server, server.request, json_loads(result, JSON_DECODE_ANY, NULL));
	expect(f, replies + 1, want);
	peer_free(server.peer);
	turn(f);
}

static void
test_results_are_as_declared(void **state)
{
	struct fixture *f = *state;

	returns(f, "int", "5", VALUE(INT("5")));
	returns(f, "double", "5", VALUE("<value><double>5</double></value>\n"));
	returns(f, "double", "0.5", VALUE("<value><double>0.5</double></value>\n"));
	returns(f, "int", "5.0", NOT_AS_DECLARED);
	returns(f, "boolean", "1", NOT_AS_DECLARED);
	returns(f, "string", "null", NOT_AS_DECLARED);
	returns(f, "array", "[1, [null]]", NOT_AS_DECLARED);
	returns(f, "struct", "{\"a\": {\"b\": [[], null]}}", NOT_AS_DECLARED);
	returns(f, "struct", "{\"a\": []}", VALUE(STRUCT(MEMBER("a", ARRAY("")))));
}

/* A descriptor of another process may keep the connection open. */
static void
test_its_end_is_told(void **state)
{
	struct fixture *f = *state;
	struct server server;

	open_server(f, &server);
	describe(f, &server, "int");
	begin(f, "x.f", "");
	take(f, "interface.close", json_pack("{s:s}", "name", "x"), -1);
	expect(f, 1, NOT_RUNNING);
	assert_null(server.peer);
	at_once(f, "x.f", "", NOT_RUNNING);
	take(f, "interface.close", json_pack("{s:s}", "name", "y"), -1);
}

static void
test_a_namespace_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	struct server server;

	for (int i = 0; i < 3; i++) {
		open_server(f, &server);
		describe(f, &server, "int");
		begin(f, "x.f", "");
		take(f, "interface.remove", json_pack("{s:s}", "name", "x"), -1);
		assert_string_equal(f->reply, NOT_RUNNING);
		assert_null(server.peer);
		if (i > 0)
			pass(f, 1000);
		at_once(f, "x.f", "", FAULT("1", "UNKNOWN_METHOD"));
	}
	take(f, "interface.remove", json_pack("{s:s}", "name", "x"), -1);
}

static size_t answers;

static void
count_misfits(
    void *ctx UNUSED, enum log_level level UNUSED, const char *text, size_t len UNUSED)
{
	answers += strstr(text, "of another type than its signature") != NULL;
}

static void
test_wrong_answers_do_not_flood_the_log(void **state)
{
	struct fixture *f = *state;
	struct server server;

	open_server(f, &server);
	describe(f, &server, "int");
	log_init(count_misfits, NULL, LEVEL_WARN);
	answers = 0;
	for (int i = 0; i < 100; i++) {
		begin(f, "x.f", "");
		turn(f);
		respond(f, &server, server.request, json_string("no number"));
		expect(f, (unsigned)i + 1, NOT_AS_DECLARED);
	}
	assert_int_equal(answers, 5);
	peer_free(server.peer);
}

static void
test_a_death_is_no_breach(void **state)
{
	struct fixture *f = *state;
	struct server server;

	log_init(remember, NULL, LEVEL_INFO);
	open_server(f, &server);
	describe(f, &server, "int");
	begin(f, "x.f", "");
	peer_free(server.peer);
	turn(f);
	expect(f, 1, NOT_RUNNING);
	assert_non_null(strstr(logged, "rpcinterface x is disconnected: "));
}

static void
refused(void *ctx, enum fault fault, const char *message UNUSED, json_t *result UNUSED,
    int fd UNUSED)
{
	*(enum fault *)ctx = fault;
}

/* A request in parts is refused, because its parts would be kept until the last. */
static void
test_nothing_long_is_kept(void **state)
{
	struct fixture *f = *state;
	struct server server;
	enum fault fault = FAULT_NONE;
	char *text = xmalloc(200001);

	memset(text, 'x', 200000);
	text[200000] = '\0';
	open_server(f, &server);
	assert_int_not_equal(peer_call(server.peer, "m", json_pack("{s:s}", "data", text),
				 false, refused, &fault),
	    0);
	turn(f);
	assert_int_equal(fault, FAULT_FAILED);
	describe(f, &server, "int");
	free(text);
	peer_free(server.peer);
}

#define DESCRIPTION                                                                 \
	"{\"methods\": [{\"name\": \"f\", \"signature\": [\"int\", \"string\", "     \
	"\"name:string\"]}, {\"name\": \"g\", \"signature\": [\"int\"], \"role\": "   \
	"\"view\"}]}"
#define ARGUMENTS P("secret") P("key")
#define REPORT(result)                                                              \
	"{\"by\":{\"from\":\"uid 7 pid 42\",\"listener\":\"inet_http_server\","       \
	"\"method\":\"x.f\"},\"method\":\"x.f\",\"result\":\"" result "\","          \
	"\"target\":\"key\"}"

/* The master records what changes something, although it does not carry it out. */
static void
test_calls_are_reported(void **state)
{
	struct fixture *f = *state;
	struct server server;
	struct call *call;

	open_server(f, &server);
	respond(f, &server, server.request, json_loads(DESCRIPTION, 0, NULL));
	begin(f, "x.g", "");
	turn(f);
	respond(f, &server, server.request, json_integer(5));
	assert_int_equal(f->reports, 0);
	begin(f, "x.f", ARGUMENTS);
	turn(f);
	assert_int_equal(f->reports, 0);
	respond(f, &server, server.request, json_integer(5));
	assert_int_equal(f->reports, 1);
	assert_string_equal(f->report, REPORT("ok"));
	begin(f, "x.f", ARGUMENTS);
	turn(f);
	assert_int_equal(
	    peer_fault(server.peer, server.request, (enum fault)1000, "mine", 0), 0);
	turn(f);
	assert_string_equal(f->report, REPORT("fault 1000"));
	/* The client has left, the program answers. */
	call = begin(f, "x.f", ARGUMENTS);
	turn(f);
	call_abandon(call);
	respond(f, &server, server.request, json_integer(5));
	assert_int_equal(f->reports, 3);
	assert_string_equal(f->report, REPORT("ok"));
	/* A late answer, and none. */
	begin(f, "x.f", ARGUMENTS);
	pass(f, T_DUE);
	assert_int_equal(f->reports, 4);
	assert_string_equal(f->report, REPORT("unknown"));
	respond(f, &server, server.request, json_integer(5));
	assert_int_equal(f->reports, 4);
	begin(f, "x.f", ARGUMENTS);
	turn(f);
	peer_free(server.peer);
	turn(f);
	assert_int_equal(f->reports, 5);
	assert_string_equal(f->report, REPORT("unknown"));
	/* Not passed to the program. */
	at_once(f, "x.f", ARGUMENTS, NOT_RUNNING);
	assert_int_equal(f->reports, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_silence_is_named_once, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_no_call_before_the_description, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_a_late_answer_is_dropped, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_pending_of_each_listener, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_calls_left_unanswered_are_bounded,
		begin_test, teardown),
	    cmocka_unit_test_setup_teardown(test_results_are_as_declared, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_its_end_is_told, begin_test, teardown),
	    cmocka_unit_test_setup_teardown(test_a_namespace_comes_and_goes, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_wrong_answers_do_not_flood_the_log,
		begin_test, teardown),
	    cmocka_unit_test_setup_teardown(test_a_death_is_no_breach, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_nothing_long_is_kept, begin_test,
		teardown),
	    cmocka_unit_test_setup_teardown(test_calls_are_reported, begin_test, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
