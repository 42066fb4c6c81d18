/* Server with fake calls: raw bytes in, raw bytes out, over TCP and Unix sockets. The
 * cases of tests/data/http each hold `input` and `want`: lines that the answer must hold,
 * or after '!' must not. Cases named auth-* are for user "user", password "123". */
#include "tests/unit/rpcd/cases.h"
#include "tests/unit/rpcd/http/http_world.h"

#define CASES "tests/data/http"

/* ---- cases from files ---- */

/* All lines of `want` hold. */
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

/* A half-close drops what is parked, so that the turns before it answer that. */
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

/* ---- lives ---- */

#define POST_PARK "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\npark"
#define POST_PING "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nping"

/* The page's bytes are supervisord's. */
static void
test_page_is_exact(void **state)
{
	static const char page[] =
	    "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n"
	    "<h1>Error response</h1>\r\n<p>Error code 400.\r\n<p>Message: Bad Request.\r\n"
	    "</body>\r\n";
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	struct buf got;
	const char *body;

	(void)state;
	buf_init(&got, 0);
	client_text(w, fd, "GET /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_true(client_until(w, fd, &got, "</body>\r\n"));
	body = strstr(client_text_of(&got), "\r\n\r\n");
	assert_non_null(body);
	assert_string_equal(body + 4, page);
	buf_clear(&got);
	close(fd);
	world_free(w);
}

static void
test_parked_client_leaves(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);

	(void)state;
	client_text(w, fd, POST_PARK);
	while (w->calls.count == 0)
		loop_turn(w->rpcd.loop, 5);
	assert_int_equal(w->rpcd.busy, 1);
	close(fd);
	world_settle(w);
	assert_true(w->calls.parked[0].abandoned);
	world_free(w);
}

/* The connection is kept after a late answer, and its next request is served. */
static void
test_parked_then_next(void **state)
{
	struct world *w = world_new(true, NULL, NULL);
	int fd = client_open(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	for (int i = 0; i < 3; i++) {
		client_text(w, fd, POST_PARK);
		assert_true(client_until(w, fd, &got, "<late/>"));
		buf_clear(&got);
		client_text(w, fd, POST_PING);
		assert_true(client_until(w, fd, &got, "</role>"));
		buf_clear(&got);
	}
	assert_int_equal(w->calls.count, 3);
	close(fd);
	world_free(w);
}

/* Parked calls at the end are abandoned, not answered. */
static void
test_free_with_parked(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);

	(void)state;
	client_text(w, fd, POST_PARK);
	while (w->calls.count == 0)
		loop_turn(w->rpcd.loop, 5);
	http_server_quiesce(w->listener);
	http_server_free(w->listener);
	w->listener = NULL;
	assert_true(w->calls.parked[0].abandoned);
	close(fd);
	world_free(w);
}

/* The parked call that would be one too many is told that it may not park. */
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

/* A body up to the bound arrives whole; one over it gets its answer after it was read. */
static void
test_body_bounds(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	client_post_zeros(w, fd, HTTP_BODY_MAX);
	assert_true(client_until(w, fd, &got, "<length>4194304</length>"));
	buf_clear(&got);
	client_post_zeros(w, fd, HTTP_BODY_MAX + 1);
	assert_true(client_until(w, fd, &got, "HTTP/1.1 413 "));
	buf_clear(&got);
	close(fd);
	world_free(w);
}

/* The master hears when an answer that it waits for has been sent, and of no other. */
static void
test_end_is_told(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	client_text(w, fd, "POST /RPC2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
	assert_true(client_until(w, fd, &got, "<role>"));
	world_settle(w);
	assert_int_equal(w->calls.told, 0);
	client_text(w, fd, "POST /RPC2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nend");
	assert_true(client_until(w, fd, &got, "<end/>"));
	world_settle(w);
	assert_int_equal(w->calls.told, 1);
	buf_clear(&got);
	close(fd);
	world_free(w);
}

/* A refusal is read by a client that first sends its whole megabyte. */
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

/* Chunks without end, which nobody announced, are cut off. */
static void
test_endless_chunks(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	size_t len = HTTP_DISCARD_MAX + 65536;
	char head[160], *zeros = calloc(1, len);
	struct buf got;

	(void)state;
	assert_non_null(zeros);
	buf_init(&got, 0);
	snprintf(head, sizeof(head),
	    "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n",
	    len);
	client_text(w, fd, head);
	client_send(w, fd, zeros, len);
	client_until(w, fd, &got, NULL);
	assert_int_equal(buf_len(&got), 0);
	free(zeros);
	buf_clear(&got);
	close(fd);
	world_free(w);
}

/* A stream that breaks cuts the connection, so that nobody takes the part for the whole. */
static void
test_broken_stream(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	client_text(
	    w, fd, "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nbroken");
	assert_false(client_until(w, fd, &got, NULL));
	assert_null(strstr(client_text_of(&got), "\r\n0\r\n"));
	assert_int_equal(w->calls.streams, 1);
	buf_clear(&got);
	close(fd);
	world_free(w);
}

static void
test_quiesced_serves_old(void **state)
{
	struct world *w = world_new(false, NULL, NULL);
	int fd = client_open(w);
	struct buf got;

	(void)state;
	buf_init(&got, 0);
	client_text(w, fd, POST_PING);
	assert_true(client_until(w, fd, &got, "</role>"));
	buf_clear(&got);
	http_server_quiesce(w->listener);
	client_text(w, fd, POST_PING);
	assert_true(client_until(w, fd, &got, "</role>"));
	buf_clear(&got);
	close(fd);
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_page_is_exact),
	    cmocka_unit_test(test_parked_client_leaves),
	    cmocka_unit_test(test_parked_then_next),
	    cmocka_unit_test(test_free_with_parked),
	    cmocka_unit_test(test_parked_bound),
	    cmocka_unit_test(test_body_bounds),
	    cmocka_unit_test(test_end_is_told),
	    cmocka_unit_test(test_refusal_after_body),
	    cmocka_unit_test(test_endless_chunks),
	    cmocka_unit_test(test_broken_stream),
	    cmocka_unit_test(test_quiesced_serves_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
