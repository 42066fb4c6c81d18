/* Frame: each directory of tests/data/frame is a case. valid/CASE has `input`, one frame,
 * and `want`, the same frame as we write it; invalid/CASE has `input` and in `want` the
 * reason why it is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"

#define DATA "tests/data/frame"

static void
read_file(const char *kind, const char *name, const char *leaf, struct buf *b)
{
	char path[512], chunk[4096];
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), DATA "/%s/%s/%s", kind, name, leaf);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot open %s: %s", path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		assert_int_equal(buf_append(b, chunk, n), 0);
	(void)fclose(f);
}

static size_t
each_case(const char *kind, void (*check)(const char *name))
{
	char path[512];
	struct dirent *e;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), DATA "/%s", kind);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)) != NULL) {
		if (*e->d_name == '.')
			continue;
		check(e->d_name);
		n++;
	}
	(void)closedir(dir);
	return n;
}

static void
check_valid(const char *name)
{
	struct buf in, out, want;
	const char *why = NULL;
	json_t *object;

	buf_init(&in, 0);
	buf_init(&out, 0);
	buf_init(&want, 0);
	read_file("valid", name, "input", &in);
	read_file("valid", name, "want", &want);
	if (frame_next(&in, &frame_limits, &object, &why) != FRAME_OK)
		fail_msg("%s: refused: %s", name, why);
	assert_int_equal(buf_len(&in), 0);
	assert_int_equal(frame_write(&out, NULL, object), 0);
	json_decref(object);
	if (buf_len(&out) != buf_len(&want) ||
	    memcmp(buf_data(&out), buf_data(&want), buf_len(&out)) != 0)
		fail_msg("%s: written as %.*s", name, (int)buf_len(&out), buf_data(&out));
	buf_clear(&in);
	buf_clear(&out);
	buf_clear(&want);
}

static void
check_invalid(const char *name)
{
	const char *why = "accepted";
	struct buf in, want;
	json_t *object;

	buf_init(&in, 0);
	buf_init(&want, 0);
	read_file("invalid", name, "input", &in);
	read_file("invalid", name, "want", &want);
	if (frame_next(&in, &frame_limits, &object, &why) != FRAME_MALFORMED)
		fail_msg("%s: not refused", name);
	assert_null(object);
	assert_int_equal(errno, EBADMSG);
	if (buf_len(&want) != strlen(why) + 1 ||
	    memcmp(buf_data(&want), why, strlen(why)) != 0)
		fail_msg("%s: refused as '%s'", name, why);
	buf_clear(&in);
	buf_clear(&want);
}

static void
test_valid(void **state)
{
	(void)state;
	assert_true(each_case("valid", check_valid) >= 16);
}

static void
test_invalid(void **state)
{
	(void)state;
	assert_true(each_case("invalid", check_invalid) >= 37);
}

/* {"a":"xxx…"} of `size` bytes, which include the newline if there is one. */
static void
put_long(struct buf *b, size_t size, bool newline)
{
	size_t fill = size - strlen("{\"a\":\"\"}") - 1;
	char *to;

	assert_int_equal(buf_puts(b, "{\"a\":\""), 0);
	to = buf_reserve(b, fill);
	assert_non_null(to);
	memset(to, 'x', fill);
	buf_commit(b, fill);
	assert_int_equal(buf_puts(b, newline ? "\"}\n" : "\"}"), 0);
}

static void
test_line_limit(void **state)
{
	const char *why = NULL;
	json_t *object;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	put_long(&b, FRAME_MAX, true);
	assert_int_equal(buf_len(&b), FRAME_MAX);
	assert_int_equal(frame_next(&b, &frame_limits, &object, &why), FRAME_OK);
	json_decref(object);
	put_long(&b, FRAME_MAX + 1, true);
	assert_int_equal(frame_next(&b, &frame_limits, &object, &why), FRAME_TOO_LONG);
	assert_string_equal(why, "too long");
	assert_null(object);
	buf_clear(&b);
	put_long(&b, FRAME_MAX, false);
	assert_int_equal(buf_len(&b), FRAME_MAX - 1);
	assert_int_equal(frame_next(&b, &frame_limits, &object, &why), FRAME_NONE);
	assert_int_equal(buf_putc(&b, ' '), 0);
	assert_int_equal(frame_next(&b, &frame_limits, &object, &why), FRAME_TOO_LONG);
	buf_clear(&b);
}

static void
test_pieces(void **state)
{
	static const char text[] = "{\"a\":1}\n{\"b\":2}\n";
	const char *why = NULL;
	size_t frames = 0;
	json_t *object;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(frame_next(&b, &frame_limits, &object, &why), FRAME_NONE);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		enum frame_status want = text[i] == '\n' ? FRAME_OK : FRAME_NONE;

		assert_int_equal(buf_putc(&b, text[i]), 0);
		assert_int_equal(frame_next(&b, &frame_limits, &object, &why), want);
		frames += want == FRAME_OK;
		json_decref(object);
	}
	assert_int_equal(frames, 2);
	assert_int_equal(buf_puts(&b, text), 0);
	assert_int_equal(frame_next(&b, &frame_limits, &object, &why), FRAME_OK);
	assert_int_equal(json_integer_value(json_object_get(object, "a")), 1);
	json_decref(object);
	assert_int_equal(frame_next(&b, &frame_limits, &object, &why), FRAME_OK);
	assert_int_equal(json_integer_value(json_object_get(object, "b")), 2);
	json_decref(object);
	buf_clear(&b);
}

/* Writing fails with this errno, and the buffer does not change. */
static void
check_unwritable(json_t *object, size_t max, int error)
{
	struct buf b;

	buf_init(&b, max);
	assert_int_equal(buf_puts(&b, "before"), 0);
	errno = 0;
	assert_int_equal(frame_write(&b, NULL, object), -1);
	assert_int_equal(errno, error);
	assert_int_equal(buf_len(&b), 6);
	assert_memory_equal(buf_data(&b), "before", 6);
	buf_clear(&b);
	json_decref(object);
}

/* A head and a value make one line; a line that is too long leaves nothing behind. */
static void
test_write_headed(void **state)
{
	static char x[FRAME_MAX];
	json_t *value = json_null();
	struct buf b;

	(void)state;
	buf_init(&b, FRAME_MAX);
	assert_int_equal(frame_write(&b, "{\"id\":1,\"result\":", value), 0);
	assert_int_equal(buf_len(&b), 23);
	assert_memory_equal(buf_data(&b), "{\"id\":1,\"result\":null}\n", 23);
	buf_clear(&b);
	/* The rest of the frame is {"a":""} and the newline. */
	memset(x, 'x', sizeof(x));
	value = json_stringn(x, FRAME_MAX - 9);
	assert_int_equal(frame_write(&b, "{\"a\":", value), 0);
	assert_int_equal(buf_len(&b), FRAME_MAX);
	buf_clear(&b);
	assert_int_equal(frame_write(&b, "{\"ab\":", value), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(buf_len(&b), 0);
	json_decref(value);
	buf_clear(&b);
}

static void
test_write_refusals(void **state)
{
	static char x[FRAME_MAX];

	(void)state;
	memset(x, 'x', sizeof(x));
	check_unwritable(json_pack("[i]", 1), 0, EINVAL);
	check_unwritable(json_string("x"), 0, EINVAL);
	check_unwritable(NULL, 0, EINVAL);
	check_unwritable(
	    json_pack("{s[io]}", "a", 1, json_string_nocheck("\xff")), 0, EINVAL);
	check_unwritable(json_pack("{ss%}", "a", x, (size_t)FRAME_MAX - 8), 0, EMSGSIZE);
	check_unwritable(json_pack("{ss}", "a", "more than fits"), 20, ENOBUFS);
	check_unwritable(json_pack("{si}", "a", 1), 6 + 7, ENOBUFS);
}

/* Wherever the space ends, also within the key of a member. */
static void
test_write_cut(void **state)
{
	static const char whole[] = "{\"longer than the rest\":1}\n";

	(void)state;
	for (size_t max = 7; max < 6 + sizeof(whole) - 1; max++)
		check_unwritable(
		    json_pack("{si}", "longer than the rest", 1), max, ENOBUFS);
}

static void
test_write_limit(void **state)
{
	static char x[FRAME_MAX];
	json_t *object;
	struct buf b;

	(void)state;
	memset(x, 'x', sizeof(x));
	object = json_pack("{ss%}", "a", x, (size_t)FRAME_MAX - 9);
	buf_init(&b, FRAME_MAX);
	assert_int_equal(frame_write(&b, NULL, object), 0);
	assert_int_equal(buf_len(&b), FRAME_MAX);
	json_decref(object);
	buf_clear(&b);
}

/* {"a":[0,0,…]} with `values` brackets and commas in total. */
static enum frame_status
read_values(size_t values)
{
	struct buf in;
	json_t *object = NULL;
	const char *why = NULL;
	enum frame_status status;

	buf_init(&in, 0);
	assert_int_equal(buf_puts(&in, "{\"a\":[0"), 0);
	for (size_t i = 2; i < values; i++)
		assert_int_equal(buf_puts(&in, ",0"), 0);
	assert_int_equal(buf_puts(&in, "]}\n"), 0);
	status = frame_next(&in, &frame_limits, &object, &why);
	if (status == FRAME_MALFORMED)
		assert_string_equal(why, "too many values");
	json_decref(object);
	buf_clear(&in);
	return status;
}

static void
values_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(read_values(FRAME_VALUES), FRAME_OK);
	assert_int_equal(read_values(FRAME_VALUES + 1), FRAME_MALFORMED);
}

static const char *watched;
static char freed_as[7];

static void
free_watched(void *ptr)
{
	if (ptr == watched)
		memcpy(freed_as, ptr, 6);
	free(ptr);
}

static void
test_forgotten_texts_are_wiped(void **state)
{
	json_t *kept = json_string("other");
	json_t *doc =
	    json_pack("{s:[{s:s}],s:O}", "list", "password", "secret", "shared", kept);

	(void)state;
	watched = json_string_value(
	    json_object_get(json_array_get(json_object_get(doc, "list"), 0), "password"));
	memcpy(freed_as, "unseen", 6);
	json_set_alloc_funcs(malloc, free_watched);
	frame_forget(doc);
	json_set_alloc_funcs(malloc, free);
	assert_memory_equal(freed_as, "\0\0\0\0\0\0", 6);
	assert_string_equal(json_string_value(kept), "other");
	json_decref(kept);
	frame_forget(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_bounded),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_write_headed),
		cmocka_unit_test(test_write_refusals),
		cmocka_unit_test(test_write_cut),
		cmocka_unit_test(test_write_limit),
		cmocka_unit_test(test_forgotten_texts_are_wiped),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
