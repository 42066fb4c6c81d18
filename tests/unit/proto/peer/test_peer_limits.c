#include "pair.h"

#include <fcntl.h>

static void
test_too_big(void **state)
{
	static char x[FRAME_MAX];
	struct pair t;

	(void)state;
	memset(x, 'x', sizeof(x) - 1);
	pair_open(&t, true);
	/* The caller handles a request that is too long; the connection continues. */
	assert_int_equal(peer_call(t.a.peer, "x", json_pack("{ss}", "name", x), false,
			     side_answer, &t.a),
	    0);
	assert_int_equal(errno, EMSGSIZE);
	pair_settle(&t);
	assert_int_equal(t.a.closed, 0);
	assert_int_equal(peer_notify(t.a.peer, "x", json_pack("{ss}", "x", x), -1, 0), -1);
	assert_int_equal(errno, EMSGSIZE);
	expect_closed(&t, &t.a, false, "cannot send x: Message too long");
	pair_close(&t);
}

static void
reply_too_long(struct side *s, uint64_t id, const char *method, json_t *params)
{
	static char x[FRAME_MAX];

	(void)params;
	memset(x, *method == 'e' ? 1 : 'x', sizeof(x) - 1);
	if (strcmp(method, "values") == 0) {
		json_t *values = json_array();

		for (int i = 0; i < FRAME_VALUES; i++)
			assert_int_equal(json_array_append_new(values, json_null()), 0);
		assert_int_equal(peer_reply(s->peer, id, values, -1, 0), 0);
	} else if (strcmp(method, "result") == 0) {
		assert_int_equal(
		    peer_reply(s->peer, id, json_string(x), open("/dev/null", O_RDONLY), 0),
		    0);
	} else {
		assert_int_equal(peer_fault(s->peer, id, FAULT_FAILED, x, 0), 0);
	}
}

/* A reply that exceeds the limits of a frame becomes a fault, a long message is cut, and
 * the connection continues. */
static void
test_reply_too_long(void **state)
{
	struct pair t;

	(void)state;
	pair_open(&t, false);
	t.b.on_request = reply_too_long;
	assert_true(peer_call(t.a.peer, "result", NULL, true, side_answer, &t.a) != 0);
	assert_true(peer_call(t.a.peer, "values", NULL, false, side_answer, &t.a) != 0);
	UNTIL(&t, t.a.answers == 2);
	expect_heard(&t.a,
	    "FAILED FAILED: the result is too long -\n"
	    "FAILED FAILED: the result is too long -\n");
	assert_true(peer_call(t.a.peer, "escapes", NULL, false, side_answer, &t.a) != 0);
	UNTIL(&t, t.a.answers == 3);
	assert_int_equal(buf_len(&t.a.heard), strlen("FAILED  -\n") + FRAME_PART);
	assert_int_equal(t.a.closed + t.b.closed, 0);
	pair_close(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_reply_too_long),
	};

	return cmocka_run_group_tests_name("peer_limits", tests, NULL, NULL);
}
