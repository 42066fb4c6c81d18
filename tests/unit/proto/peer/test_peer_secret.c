/* Secret peers: no memory that jansson frees has the secret. */
#include "pair.h"

#include <malloc.h>

#define SECRET "correct horse"

static size_t leaks; /* freed blocks with the secret */

static void
spy_free(void *block)
{
	if (block != NULL &&
	    memmem(block, malloc_usable_size(block), SECRET, strlen(SECRET)) != NULL)
		leaks++;
	free(block);
}

static void
answer(struct side *s, uint64_t id, const char *method, json_t *params)
{
	const char *text = json_string_value(json_object_get(params, "password"));

	assert_string_equal(method, "auth.verify");
	assert_string_equal(text, SECRET);
	assert_int_equal(
	    peer_reply(s->peer, id, json_pack("{ss}", "password", text), -1, 0), 0);
}

static void
ignore(struct side *s, enum fault fault, json_t *result)
{
	(void)s;
	assert_int_equal(fault, FAULT_NONE);
	assert_int_equal(json_object_size(result), 1);
}

static void
exchange(bool secret)
{
	json_malloc_t allocate;
	json_free_t release;
	struct pair t;

	pair_open(&t, false);
	peer_secret(t.a.peer, secret);
	peer_secret(t.b.peer, secret);
	t.b.on_request = answer;
	t.a.on_answer = ignore;
	leaks = 0;
	assert_true(peer_call(t.a.peer, "auth.verify",
			json_pack("{ss,ss}", "user", "bob", "password", SECRET), false,
			side_answer, &t.a) > 0);
	UNTIL(&t, t.a.answers == 1);
	json_get_alloc_funcs(&allocate, &release);
	assert_ptr_equal(release, spy_free);
	pair_close(&t);
}

static void
test_secret(void **state)
{
	(void)state;
	json_set_alloc_funcs(malloc, spy_free);
	exchange(true);
	assert_int_equal(leaks, 0);
	/* The spy sees what is not wiped. */
	exchange(false);
	assert_int_not_equal(leaks, 0);
	json_set_alloc_funcs(malloc, free);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
