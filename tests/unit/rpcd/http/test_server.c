/* Server with fake calls: raw bytes in, raw bytes out, over TCP and Unix sockets. A case of
 * tests/data/http has `input` and `want`: lines that the answer must contain, or must not
 * after '!'. In cases named auth-*, the user is "user" and the password "123". */
#include "tests/unit/rpcd/cases.h"
#include "tests/unit/rpcd/http/http_world.h"

#define CASES "tests/data/http"

/* `length` is the number of bytes of the body. */
#define POST_OF(length, body) \
	"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: " length "\r\n\r\n" body
#define POST_PARK POST_OF("4", "park")
#define POST_PING POST_OF("4", "ping")

/* ---- cases from files ---- */

/* Whether the answer agrees with all lines of `want`. */
static bool
case_holds(const struct case_files *files, const char *got)
{
	char *save = NULL;

	for (char *line = strtok_r(files->want, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		bool wanted = *line != '!';

		if ((strstr(got, wanted ? line : line + 1) != NULL) == wanted)
			continue;
		print_error("%s: %s\ngot: %s\n", files->name, line, got);
		return false;
	}
	return true;
}

/* Answers parked calls before the half-close, which would abandon them. */
static void
case_check(const struct case_files *files, void *ctx)
{
	bool with_auth = strncmp(files->name, "auth-", 5) == 0;
	struct world *w =
	    world_new(*(bool *)ctx, with_auth ? "user" : NULL, with_auth ? "123" : NULL);
	int fd = client_open(w);
	struct buf got;

	buf_init(&got, 1 << 20);
	client_send(w, fd, files->input, files->input_len);
	for (int i = 0; i < 20; i++) {
		loop_turn(w->rpcd.loop, 0);
		world_answer_parked(w);
	}
	shutdown(fd, SHUT_WR);
	client_until(w, fd, &got, NULL);
	assert_true(case_holds(files, client_text_of(&got)));
	buf_clear(&got);
	close(fd);
	world_free(w);
}

static void
test_cases(void **state)
{
	bool is_unix = false;

	(void)state;
	cases_run(CASES, 30, case_check, &is_unix);
	is_unix = true;
	cases_run(CASES, 30, case_check, &is_unix);
}

/* ---- one client ---- */

/* A listener and a client of it: the state of a test. The listener is a Unix socket if the
 * initial state of the test is not NULL. */
struct visit {
	struct world *w;
	int fd;
	struct buf got;
};

static int
visit_begin(void **state)
{
	struct visit *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->w = world_new(*state != NULL, NULL, NULL);
	v->fd = client_open(v->w);
	buf_init(&v->got, 0);
	*state = v;
	return 0;
}

static int
visit_end(void **state)
{
	struct visit *v = *state;

	buf_clear(&v->got);
	close(v->fd);
	world_free(v->w);
	free(v);
	return 0;
}

/* Sends a request, and reads the answer up to this text. */
static void
visit_ask(struct visit *v, const char *request, const char *want)
{
	buf_clear(&v->got);
	client_text(v->w, v->fd, request);
	assert_true(client_until(v->w, v->fd, &v->got, want));
}

/* Sends a request whose call parks. */
static void
visit_park(struct visit *v)
{
	client_text(v->w, v->fd, POST_PARK);
	while (v->w->calls.count == 0)
		loop_turn(v->w->rpcd.loop, 5);
}

/* The error page is supervisord's to the byte. */
static void
test_page_is_exact(void **state)
{
	static const char page[] =
	    "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n"
	    "<h1>Error response</h1>\r\n<p>Error code 400.\r\n<p>Message: Bad Request.\r\n"
	    "</body>\r\n";
	struct visit *v = *state;
	const char *body;

	visit_ask(v, "GET /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n", "</body>\r\n");
	body = strstr(client_text_of(&v->got), "\r\n\r\n");
	assert_non_null(body);
	assert_string_equal(body + 4, page);
}

static void
test_parked_client_leaves(void **state)
{
	struct visit *v = *state;

	visit_park(v);
	assert_int_equal(v->w->rpcd.busy, 1);
	shutdown(v->fd, SHUT_RDWR);
	world_settle(v->w);
	assert_true(v->w->calls.parked[0].abandoned);
}

/* The connection stays open after a late answer, and its next request is served. */
static void
test_parked_then_next(void **state)
{
	struct visit *v = *state;

	for (int i = 0; i < 3; i++) {
		visit_ask(v, POST_PARK, "<late/>");
		visit_ask(v, POST_PING, "</role>");
	}
	assert_int_equal(v->w->calls.count, 3);
}

/* Parked calls are abandoned, not answered, when the listener is freed. */
static void
test_free_with_parked(void **state)
{
	struct visit *v = *state;

	visit_park(v);
	http_server_quiesce(v->w->listener);
	http_server_free(v->w->listener);
	v->w->listener = NULL;
	assert_true(v->w->calls.parked[0].abandoned);
}

/* A call beyond the limit of parked calls is not allowed to park. */
static void
test_parked_bound(void **state)
{
	struct world *w = world_new(true, NULL, NULL);
	int fds[HTTP_PARKED_MAX + 1];
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	for (size_t i = 0; i < HTTP_PARKED_MAX; i++) {
		fds[i] = client_open(w);
		client_text(w, fds[i], POST_PARK);
		while (w->calls.count <= i)
			loop_turn(w->rpcd.loop, 5);
	}
	assert_int_equal(w->calls.refused, 0);
	fds[HTTP_PARKED_MAX] = client_open(w);
	client_text(w, fds[HTTP_PARKED_MAX], POST_PARK);
	while (w->calls.refused == 0)
		loop_turn(w->rpcd.loop, 5);
	assert_true(client_until(w, fds[HTTP_PARKED_MAX], &got, "<refused/>"));
	assert_int_equal(w->calls.refused, 1);
	buf_clear(&got);
	for (size_t i = 0; i <= HTTP_PARKED_MAX; i++)
		close(fds[i]);
	world_free(w);
}

static void
client_post_zeros(struct world *w, int fd, size_t len)
{
	char head[128], *zeros = calloc(1, len);

	assert_non_null(zeros);
	snprintf(head, sizeof(head),
	    "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", len);
	client_text(w, fd, head);
	client_send(w, fd, zeros, len);
	free(zeros);
}

/* A body up to the limit arrives as a whole; a longer one is answered after it was read. */
static void
test_body_bounds(void **state)
{
	struct visit *v = *state;

	client_post_zeros(v->w, v->fd, HTTP_BODY_MAX);
	assert_true(client_until(v->w, v->fd, &v->got, "<length>4194304</length>"));
	buf_clear(&v->got);
	client_post_zeros(v->w, v->fd, HTTP_BODY_MAX + 1);
	assert_true(client_until(v->w, v->fd, &v->got, "HTTP/1.1 413 "));
}

/* calls_answered is called when an answer that ends the daemon was sent, and for no
 * other. */
static void
test_end_is_reported(void **state)
{
	struct visit *v = *state;

	visit_ask(v, POST_OF("3", "abc"), "<role>");
	world_settle(v->w);
	assert_int_equal(v->w->calls.notified, 0);
	visit_ask(v, POST_OF("3", "end"), "<end/>");
	world_settle(v->w);
	assert_int_equal(v->w->calls.notified, 1);
}

/* A client that first sends its whole megabyte can read the refusal. */
static void
test_refusal_after_body(void **state)
{
	struct world *w = world_new(false, "user", "123");
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	for (int i = 0; i < 10; i++) {
		int fd = client_open(w);

		client_post_zeros(w, fd, 1 << 20);
		assert_true(client_until(w, fd, &got, "HTTP/1.1 401 "));
		assert_false(client_until(w, fd, &got, NULL));
		buf_clear(&got);
		close(fd);
	}
	world_free(w);
}

/* Endless chunks, whose length nobody has announced, end the connection. */
static void
test_endless_chunks(void **state)
{
	struct visit *v = *state;
	size_t len = HTTP_DISCARD_MAX + 65536;
	char head[160], *zeros = calloc(1, len);

	assert_non_null(zeros);
	snprintf(head, sizeof(head),
	    "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n",
	    len);
	client_text(v->w, v->fd, head);
	client_send(v->w, v->fd, zeros, len);
	client_until(v->w, v->fd, &v->got, NULL);
	assert_int_equal(buf_len(&v->got), 0);
	free(zeros);
}

/* A stream that fails ends the connection, so that the client notices it. */
static void
test_broken_stream(void **state)
{
	struct visit *v = *state;

	client_text(v->w, v->fd, POST_OF("6", "broken"));
	assert_false(client_until(v->w, v->fd, &v->got, NULL));
	assert_null(strstr(client_text_of(&v->got), "\r\n0\r\n"));
	assert_int_equal(v->w->calls.streams, 1);
}

static void
test_quiesced_serves_old(void **state)
{
	struct visit *v = *state;

	visit_ask(v, POST_PING, "</role>");
	http_server_quiesce(v->w->listener);
	visit_ask(v, POST_PING, "</role>");
}

#define VISIT(test) cmocka_unit_test_setup_teardown(test, visit_begin, visit_end)
#define VISIT_UNIX(test) \
	cmocka_unit_test_prestate_setup_teardown( \
	    test, visit_begin, visit_end, (char[]){ "unix" })

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    VISIT(test_page_is_exact),
	    VISIT(test_parked_client_leaves),
	    VISIT_UNIX(test_parked_then_next),
	    VISIT(test_free_with_parked),
	    cmocka_unit_test(test_parked_bound),
	    VISIT(test_body_bounds),
	    VISIT(test_end_is_reported),
	    cmocka_unit_test(test_refusal_after_body),
	    VISIT(test_endless_chunks),
	    VISIT(test_broken_stream),
	    VISIT(test_quiesced_serves_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
