/* Verify: requests wait for the master, which knows the slow hashes. A fake master answers
 * when the test lets it. */
#include "tests/unit/rpcd/http/http_world.h"

#include "rpcd/http/verify.h"
#include "tests/unit/rpcd/made_users.h"

#define ASK(basic) \
	"POST /RPC2 HTTP/1.1\r\nAuthorization: Basic " basic "\r\n" \
	"Content-Length: 4\r\n\r\nping"
#define CID_SLOW ASK("Y2lkOnNsb3c=")  /* cid:slow */
#define CID_OTHER ASK("Y2lkOm90aGVy") /* cid:other */

static const char *const slow[] = {
	"{\"name\":\"cid\",\"role\":\"view\",\"slow\":true}",
	NULL,
};

static const char *const plain[] = {
	"{\"name\":\"cid\",\"role\":\"operate\",\"password\":\"slow\",\"slow\":false}",
	NULL,
};

struct master {
	struct world *w;
	struct peer *peer;
	size_t asked; /* verifications */
	uint64_t ids[32];
	char last[64]; /* "USER PASSWORD" of the last one */
};

static void
master_on_request(
    void *ctx, struct peer *peer UNUSED, uint64_t id, const char *method, json_t *params)
{
	struct master *m = ctx;

	if (strcmp(method, "auth.verify") != 0)
		return;
	assert_true(m->asked < nitems(m->ids));
	m->ids[m->asked++] = id;
	snprintf(m->last, sizeof(m->last), "%s %s",
	    json_string_value(json_object_get(params, "user")),
	    json_string_value(json_object_get(params, "password")));
}

static void
on_closed(
    void *ctx UNUSED, struct peer *peer UNUSED, const char *why, bool violation UNUSED)
{
	fail_msg("a peer closed: %s", why);
}

static const struct peer_ops master_ops = { .request = master_on_request,
	.closed = on_closed };

static void
master_begin(struct master *m, struct world *w)
{
	int fds[2];

	*m = (struct master){ .w = w };
	assert_int_equal(sock_pair(fds), 0);
	w->rpcd.master = peer_new(w->rpcd.loop, fds[0], &master_ops, m);
	m->peer = peer_new(w->rpcd.loop, fds[1], &master_ops, m);
	peer_options(w->rpcd.master)->autoflush = true;
	peer_options(m->peer)->autoflush = true;
	users_send(w->rpcd.users, slow, NULL);
}

static void
master_end(struct master *m)
{
	struct world *w = m->w;

	http_server_free(w->listener);
	w->listener = NULL;
	peer_free(w->rpcd.master);
	peer_free(m->peer);
	world_free(w);
}

static void
until_asked(struct master *m, size_t n)
{
	int64_t end = clock_mono_ms() + PATIENCE_MS;

	while (m->asked < n) {
		assert_true(clock_mono_ms() < end);
		loop_turn(m->w->rpcd.loop, 5);
	}
	assert_int_equal(m->asked, n);
}

static void
master_answer(struct master *m, size_t nth, bool ok)
{
	assert_int_equal(
	    peer_reply(m->peer, m->ids[nth], json_pack("{s:b}", "ok", ok), -1, 0), 0);
}

static int
client_ask(struct master *m, const char *text)
{
	int fd = client_open(m->w);

	client_text(m->w, fd, text);
	return fd;
}

/* Reads an answer that contains the text, and closes the connection. */
static void
client_expect(struct master *m, int fd, const char *text)
{
	struct buf in;

	buf_init(&in, 0);
	if (!client_until(m->w, fd, &in, text))
		fail_msg("not %s, but: %s", text, client_text_of(&in));
	buf_clear(&in);
	close(fd);
}

static void
test_right(void **state)
{
	struct master m;
	int one, other;

	(void)state;
	master_begin(&m, world_new(false, NULL, NULL));
	/* The same credentials are verified once. */
	one = client_ask(&m, CID_SLOW);
	until_asked(&m, 1);
	assert_string_equal(m.last, "cid slow");
	other = client_ask(&m, CID_SLOW);
	client_expect(&m,
	    client_ask(&m, "POST /RPC2 HTTP/1.1\r\nContent-Length: 4\r\n\r\nping"),
	    "401 Unauthorized");
	master_answer(&m, 0, true);
	client_expect(&m, one, "<role>view</role>");
	client_expect(&m, other, "<role>view</role>");
	/* They are remembered, until the users change. */
	client_expect(&m, client_ask(&m, CID_SLOW), "<role>view</role>");
	assert_int_equal(m.asked, 1);
	users_send(m.w->rpcd.users, slow, NULL);
	one = client_ask(&m, CID_SLOW);
	until_asked(&m, 2);
	master_answer(&m, 1, true);
	client_expect(&m, one, "<role>view</role>");
	master_end(&m);
}

/* The body comes in pieces, while the credentials are verified and after. */
static void
test_body_later(void **state)
{
	struct master m;
	char head[200], piece[50000];
	struct buf in;
	int fd;

	(void)state;
	memset(piece, 'x', sizeof(piece));
	buf_init(&in, 0);
	master_begin(&m, world_new(true, NULL, NULL));
	snprintf(head, sizeof(head),
	    "POST /RPC2 HTTP/1.1\r\nAuthorization: Basic Y2lkOnNsb3c=\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    2 * sizeof(piece));
	fd = client_ask(&m, head);
	until_asked(&m, 1);
	client_send(m.w, fd, piece, sizeof(piece));
	master_answer(&m, 0, true);
	for (int i = 0; i < 20; i++)
		loop_turn(m.w->rpcd.loop, 0);
	client_send(m.w, fd, piece, sizeof(piece));
	client_expect(&m, fd, "<length>100000</length>");
	/* The connection serves further requests. */
	fd = client_ask(&m, CID_SLOW);
	assert_true(client_until(m.w, fd, &in, "<role>view</role>"));
	buf_clear(&in);
	client_text(m.w, fd, CID_SLOW);
	client_expect(&m, fd, "<role>view</role>");
	assert_int_equal(m.asked, 1);
	master_end(&m);
}

static void
test_wrong(void **state)
{
	struct master m;
	int64_t began;
	int fd;

	(void)state;
	master_begin(&m, world_new(false, NULL, NULL));
	began = clock_mono_ms();
	fd = client_ask(&m, CID_OTHER);
	until_asked(&m, 1);
	master_answer(&m, 0, false);
	client_expect(&m, fd, "401 Unauthorized");
	assert_true(clock_mono_ms() - began >= AUTH_DELAY_MS - 10);
	fd = client_ask(&m, CID_OTHER);
	until_asked(&m, 2);
	/* The master cannot verify: the client may try again. */
	assert_int_equal(peer_fault(m.peer, m.ids[1], FAULT_FAILED, "FAILED: full", 0), 0);
	client_expect(&m, fd, "Retry-After: 1");
	master_end(&m);
}

/* What the master verifies is bounded, also for clients that have left. */
static void
test_too_many(void **state)
{
	static const char *const asks[] = {
		ASK("Y2lkOjE="), ASK("Y2lkOjI="), ASK("Y2lkOjM="), ASK("Y2lkOjQ="),
	};
	struct master m;

	(void)state;
	assert_int_equal(nitems(asks), HTTP_VERIFY_AN_ADDRESS);
	master_begin(&m, world_new(false, NULL, NULL));
	for (size_t i = 0; i < nitems(asks); i++) {
		int fd = client_ask(&m, asks[i]);

		until_asked(&m, i + 1);
		close(fd);
	}
	world_settle(m.w);
	client_expect(&m, client_ask(&m, CID_SLOW), "503 Service Unavailable");
	/* The answer for a client that has left is remembered. */
	master_answer(&m, 0, true);
	for (size_t i = 1; i < nitems(asks); i++)
		master_answer(&m, i, false);
	for (int i = 0; i < 20; i++)
		loop_turn(m.w->rpcd.loop, 0);
	client_expect(&m, client_ask(&m, asks[0]), "<role>view</role>");
	assert_int_equal(m.asked, HTTP_VERIFY_AN_ADDRESS);
	master_end(&m);
}

/* The users change while the master verifies: the new table decides. */
static void
test_reread(void **state)
{
	struct master m;
	int one, other;

	(void)state;
	master_begin(&m, world_new(false, NULL, NULL));
	one = client_ask(&m, CID_SLOW);
	until_asked(&m, 1);
	users_send(m.w->rpcd.users, plain, NULL);
	master_answer(&m, 0, false);
	client_expect(&m, one, "<role>operate</role>");
	users_send(m.w->rpcd.users, slow, NULL);
	one = client_ask(&m, CID_SLOW);
	until_asked(&m, 2);
	users_send(m.w->rpcd.users, slow, NULL);
	other = client_ask(&m, CID_SLOW);
	until_asked(&m, 3);
	master_answer(&m, 1, true);
	until_asked(&m, 4);
	master_answer(&m, 2, true);
	master_answer(&m, 3, true);
	client_expect(&m, one, "<role>view</role>");
	client_expect(&m, other, "<role>view</role>");
	/* Users who changed always: the client may try again. */
	one = client_ask(&m, CID_OTHER);
	for (size_t i = 0; i <= HTTP_VERIFY_TRIES; i++) {
		until_asked(&m, 5 + i);
		users_send(m.w->rpcd.users, slow, NULL);
		master_answer(&m, 4 + i, true);
	}
	client_expect(&m, one, "503 Service Unavailable");
	master_end(&m);
}

/* The end of the daemon answers those who wait. */
static void
test_end(void **state)
{
	struct master m;
	int fd;

	(void)state;
	master_begin(&m, world_new(false, NULL, NULL));
	fd = client_ask(&m, CID_SLOW);
	until_asked(&m, 1);
	http_server_end(m.w->listener);
	client_expect(&m, fd, "503 Service Unavailable");
	fd = client_ask(&m, CID_SLOW);
	master_end(&m);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_body_later),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_reread),
		cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
