/* Process list: clients share one reply as long as it is correct. */
#include "tests/unit/rpcd/methods/calls.h"

#include "rpcd/rendered.h"

static struct shared_buffer *
reply(struct fixture *f)
{
	return process_list_text(f->share.processes, &writer_xml, PROCESS_SUPERVISOR,
	    grant_of_role(ROLE_STATES));
}

/* New: the rights of a user who sees one group. */
static struct grant *
seeing(const char *user, const char *group)
{
	const char *const programs[] = { group, NULL };
	struct grant *grant = grant_new(&(struct grant_source){
	    .user = user, .role = ROLE_VIEW, .programs = programs });

	assert_non_null(grant);
	return grant;
}

static struct shared_buffer *
reply_to(struct fixture *f, struct grant *grant)
{
	return process_list_text(
	    f->share.processes, &writer_xml, PROCESS_SUPERVISOR, grant);
}

static void
test_shared_until_a_row_changes(void **state)
{
	struct fixture *f = *state;
	struct shared_buffer *first = shared_buffer_ref(reply(f)), *second;

	assert_ptr_equal(reply(f), first);
	tell_row(f, web_up);
	turn(f);
	second = shared_buffer_ref(reply(f));
	assert_ptr_not_equal(second, first);
	assert_null(strstr(first->data, "uptime"));
	assert_non_null(strstr(second->data, "pid 123, uptime 0:01:01"));
	notify(f, "stream.removed",
	    json_pack("{sI sI}", "seq", (json_int_t)++f->seq, "id", (json_int_t)1));
	turn(f);
	assert_null(strstr(reply(f)->data, ">web<"));
	shared_buffer_unref(first);
	shared_buffer_unref(second);
}

static void
test_of_the_second(void **state)
{
	struct fixture *f = *state;
	struct shared_buffer *first;

	tell_row(f, web_up);
	turn(f);
	clock_freeze(1000, NOW * INT64_C(1000) + 999);
	first = shared_buffer_ref(reply(f));
	assert_non_null(strstr(first->data, "uptime 0:01:01"));
	clock_freeze(1000, NOW * INT64_C(1000) + 1000);
	assert_non_null(strstr(reply(f)->data, "uptime 0:01:02"));
	clock_freeze(1000, NOW * INT64_C(1000) - 1);
	assert_non_null(strstr(reply(f)->data, "uptime 0:01:00"));
	shared_buffer_unref(first);
}

/* The list drops an old reply; a client that still sends it keeps it. */
static void
test_forgotten(void **state)
{
	struct fixture *f = *state;
	struct shared_buffer *text = shared_buffer_ref(reply(f));

	clock_freeze(1000 + RENDERED_KEPT_MS - 1, NOW * INT64_C(1000));
	turn(f);
	assert_int_equal(text->users, 2);
	clock_freeze(1000 + RENDERED_KEPT_MS, NOW * INT64_C(1000));
	turn(f);
	assert_int_equal(text->users, 1);
	assert_memory_equal(text->data, "<?xml", 5);
	shared_buffer_unref(text);
}

static void
test_value_alone(void **state)
{
	struct fixture *f = *state;
	struct buf out;
	const struct writer w = { &writer_xml, &out };
	const struct shared_buffer *whole;

	buf_init(&out, 0);
	whole = reply(f);
	process_list_write_value(f->share.processes, whole, &w);
	assert_non_null(memmem(whole->data, whole->len, buf_data(&out), buf_len(&out)));
	assert_memory_equal(buf_data(&out), "<value><array>", 14);
	assert_memory_equal(buf_data(&out) + buf_len(&out) - 17, "</array></value>\n", 17);
	buf_clear(&out);
}

/* Each caller has only the processes that it sees; equal rights share a text. */
static void
test_restricted(void **state)
{
	struct fixture *f = *state;
	struct grant *g = seeing("ann", "g"), *same = seeing("ann", "g");
	struct grant *none = seeing("ann", "nothing");
	const struct shared_buffer *whole = reply(f), *text = reply_to(f, g);

	assert_non_null(strstr(text->data, "<string>a</string>"));
	assert_non_null(strstr(text->data, "<string>b</string>"));
	assert_null(strstr(text->data, "web"));
	assert_non_null(strstr(whole->data, "web"));
	assert_ptr_equal(reply_to(f, g), text);
	assert_ptr_equal(reply_to(f, same), text);
	assert_null(strstr(reply_to(f, none)->data, "<struct>"));
	assert_ptr_equal(reply_to(f, g), text);
	assert_ptr_equal(reply(f), whole);
	grant_unref(g);
	grant_unref(same);
	grant_unref(none);
}

/* The text that was not used for the longest time makes place for another one; the text
 * with all processes never does. */
static void
test_many_rights(void **state)
{
	struct fixture *f = *state;
	struct grant *grants[RENDERED_GRANTS + 1];
	struct shared_buffer *texts[RENDERED_GRANTS + 1];
	const struct shared_buffer *whole = reply(f);
	char user[16];

	for (size_t i = 0; i < nitems(grants); i++) {
		snprintf(user, sizeof(user), "u%zu", i);
		grants[i] = seeing(user, "g");
		texts[i] = shared_buffer_ref(reply_to(f, grants[i]));
		assert_ptr_equal(reply_to(f, grants[0]), texts[0]);
	}
	assert_ptr_equal(reply_to(f, grants[2]), texts[2]);
	assert_ptr_not_equal(reply_to(f, grants[1]), texts[1]);
	assert_ptr_equal(reply(f), whole);
	for (size_t i = 0; i < nitems(grants); i++) {
		shared_buffer_unref(texts[i]);
		grant_unref(grants[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_shared_until_a_row_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_the_second, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_value_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restricted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_rights, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
