/* Http response: the cases of tests/data/response. The file `want` has the status, the body
 * and its end: "200 OK|hello|end"; or "broken" for a malformed head. */
#include "ctl/daemon/http_response.h"

#include "tests/unit/ctl/daemon/mutate.h"
#include "tests/unit/rpcd/cases.h"

#include <errno.h>

#define DATA "tests/data/response"
#define CASES 100
#define MUTATIONS 200 /* of each case */

/* How many bytes are passed and read at once. */
struct pace {
	size_t fed, read;
};

static const struct pace at_once = { 1 << 20, 4096 }, slow = { 1, 4096 }, picky = { 7, 1 };

/* Passes some more bytes, or the end. */
static void
feed(struct http_response *r, const char **bytes, size_t *n, size_t most)
{
	size_t some = *n < most ? *n : most;
	char *room = http_response_reserve(r, some > 0 ? some : 1);

	assert_non_null(room);
	memcpy(room, *bytes, some);
	http_response_commit(r, some);
	*bytes += some;
	*n -= some;
}

static void
add(struct buf *out, const char *text)
{
	assert_int_equal(buf_puts(out, text), 0);
}

/* New: the result, as `want` has it, for a server that sends these bytes and closes. */
static char *
result_of(const char *bytes, size_t n, struct pace pace, bool *to_eof)
{
	struct http_response r;
	struct buf out;
	char body[4096];
	ssize_t got = -1;
	int rc;

	r = (struct http_response){ 0 };
	buf_init(&out, 0);
	while ((rc = http_response_head(&r)) == -1 && errno == EAGAIN)
		feed(&r, &bytes, &n, pace.fed);
	if (rc == 0) {
		add(&out, r.status);
		add(&out, "|");
		while ((got = http_response_body(&r, body, pace.read)) > 0 ||
		    (got == -1 && errno == EAGAIN)) {
			if (got > 0)
				assert_int_equal(buf_append(&out, body, (size_t)got), 0);
			else
				feed(&r, &bytes, &n, pace.fed);
		}
		add(&out, "|");
	}
	if (got == -1)
		assert_int_equal(errno, EPROTO);
	add(&out, got == 0 ? "end" : "broken");
	*to_eof = rc == 0 && r.body == PART_TO_EOF;
	http_response_clear(&r);
	return buf_steal(&out);
}

static void
check(const struct case_files *files, void *ctx)
{
	const struct pace paces[] = { at_once, slow, picky };
	bool to_eof;

	(void)ctx;
	for (size_t i = 0; i < nitems(paces); i++) {
		char *got = result_of(files->input, files->input_len, paces[i], &to_eof);
		if (strcmp(got, files->want) != 0)
			fail_msg("%s, pace %zu:\nwant %s\ngot  %s", files->name, i,
			    files->want, got);
		free(got);
	}
}

static void
test_cases(void **state)
{
	(void)state;
	cases_run(DATA, CASES, check, NULL);
}

/* A response with a known length is incomplete if it is cut. */
static void
check_cut(const struct case_files *files, void *ctx)
{
	bool to_eof;

	(void)ctx;
	for (size_t n = 0; n < files->input_len; n++) {
		char *got = result_of(files->input, n, at_once, &to_eof);
		size_t len = strlen(got);

		if (len > 4 && strcmp(got + len - 4, "|end") == 0 && !to_eof)
			assert_string_equal(got, files->want);
		free(got);
	}
}

static void
test_cut(void **state)
{
	(void)state;
	cases_run(DATA, CASES, check_cut, NULL);
}

/* The result does not depend on the sizes of the parts. */
static void
same_at_any_pace(const char *bytes, size_t n)
{
	bool to_eof;
	char *one = result_of(bytes, n, at_once, &to_eof);
	char *other = result_of(bytes, n, slow, &to_eof);

	assert_string_equal(one, other);
	free(one);
	free(other);
}

static void
check_mutated(const struct case_files *files, void *ctx)
{
	mutate_case(ctx, files, MUTATIONS, same_at_any_pace);
}

static void
test_mutated(void **state)
{
	struct mutate m = { .state = 20240229 };

	(void)state;
	cases_run(DATA, CASES, check_mutated, &m);
}

/* --- limits --- */

/* Repeats a part of the response: returns how many bytes were accepted before it was
 * rejected, or `most`. */
static size_t
endless(const char *begin, const char *unit, size_t most)
{
	const char *bytes = begin;
	size_t n = strlen(begin), taken = 0;
	struct http_response r;
	char body[4096];
	bool broken = false;

	r = (struct http_response){ 0 };
	while (!broken && taken < most) {
		bool head = r.part == PART_STATUS || r.part == PART_HEADER;
		ssize_t got = head ? http_response_head(&r) :
				     http_response_body(&r, body, sizeof(body));

		broken = got == -1 && errno != EAGAIN;
		if (got != -1)
			continue;
		if (n == 0) {
			bytes = unit;
			n = strlen(unit);
			taken += n;
		}
		if (!broken)
			feed(&r, &bytes, &n, n);
		assert_true(r.in.cap < 1 << 19);
	}
	http_response_clear(&r);
	return taken;
}

static void
test_endless(void **state)
{
	static const char chunks[] = "HTTP/1.1 200 OK\r\n"
				     "Transfer-Encoding: chunked\r\n\r\n";
	static const struct {
		const char *begin, *unit;
	} floods[] = {
		{ "", "x" },
		{ "HTTP/1.1 200 ", "OK" },
		{ "HTTP/1.1 200 OK\r\n", "A: b\r\n" },
		{ "HTTP/1.1 200 OK\r\n", "A\n" },
		{ "HTTP/1.1 200 OK\r\nA: ", "b" },
		{ "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n" },
		{ "", "HTTP/1.1 100 Continue\r\n\r\n" },
		{ chunks, "0" },
		{ chunks, "1;x" },
	};
	char trailers[sizeof(chunks) + 10], large[sizeof(chunks) + 10];

	(void)state;
	for (size_t i = 0; i < nitems(floods); i++)
		if (endless(floods[i].begin, floods[i].unit, 1 << 20) >= 1 << 20)
			fail_msg("flood %zu is taken", i);
	snprintf(trailers, sizeof(trailers), "%s0\r\n", chunks);
	assert_true(endless(trailers, "A: b\r\n", 1 << 20) < 1 << 20);
	snprintf(large, sizeof(large), "%s5\r\nhello", chunks);
	assert_true(endless(large, "x", 1 << 20) < 1 << 20);
}

/* A body of any length is passed on as it arrives. */
static void
test_endless_body(void **state)
{
	(void)state;
	assert_true(endless("HTTP/1.1 200 OK\r\n\r\n", "0123456789", 1 << 20) >= 1 << 20);
	assert_true(endless("HTTP/1.1 200 OK\r\n"
			    "Content-Length: 18446744073709551615\r\n\r\n",
			"0123456789", 1 << 20) >= 1 << 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_endless_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
