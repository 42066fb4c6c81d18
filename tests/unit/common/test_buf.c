#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

static void
expect(const struct buf *b, const char *want)
{
	assert_int_equal(buf_len(b), strlen(want));
	if (*want != '\0')
		assert_memory_equal(buf_data(b), want, strlen(want));
}

static void
test_append(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_null(buf_data(&b));
	expect(&b, "");
	assert_int_equal(buf_append(&b, "", 0), 0);
	assert_int_equal(buf_puts(&b, "ab"), 0);
	assert_int_equal(buf_putc(&b, 'c'), 0);
	assert_int_equal(buf_printf(&b, "%d%s", 42, "x"), 0);
	assert_int_equal(buf_printf(&b, "%s", ""), 0);
	expect(&b, "abc42x");
	buf_clear(&b);
	expect(&b, "");
	buf_clear(&b);
}

static void
test_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(buf_puts(&b, "12345678"), 0);
	errno = 0;
	assert_int_equal(buf_putc(&b, 'x'), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_null(buf_reserve(&b, 1));
	expect(&b, "12345678");
	buf_consume(&b, 2);
	assert_int_equal(buf_printf(&b, "%d", 123), -1);
	assert_int_equal(buf_printf(&b, "%d", 12), 0);
	expect(&b, "34567812");
	buf_clear(&b);
	assert_int_equal(buf_puts(&b, "123456789"), -1);
	assert_int_equal(errno, ENOBUFS);
	buf_clear(&b);
}

static void
test_absurd_size(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(buf_puts(&b, "kept"), 0);
	assert_null(buf_reserve(&b, SIZE_MAX - 2));
	assert_int_equal(errno, ENOMEM);
	expect(&b, "kept");
	buf_clear(&b);
}

static void
test_reserve(void **state)
{
	struct buf b;
	char *to;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(buf_puts(&b, "ab"), 0);
	to = buf_reserve(&b, 1000);
	assert_non_null(to);
	memset(to, 'z', 1000);
	buf_commit(&b, 2);
	expect(&b, "abzz");
	buf_clear(&b);
}

/* A queue that is never empty keeps its bytes in order and its memory bounded. */
static void
test_queue(void **state)
{
	unsigned char out = 0, in = 0;
	struct buf b;
	int i, n;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < 20000; i++) {
		for (n = i % 7; n >= 0 && buf_len(&b) < 1000; n--)
			assert_int_equal(buf_putc(&b, (char)in++), 0);
		for (n = i % 5; n >= 0 && buf_len(&b) > 1; n--) {
			assert_int_equal((unsigned char)buf_data(&b)[0], out++);
			buf_consume(&b, 1);
		}
		assert_true(b.cap <= 4096);
	}
	assert_true(buf_len(&b) > 1);
	buf_consume(&b, buf_len(&b));
	expect(&b, "");
	buf_clear(&b);
}

/* The memory of consumed bytes is reused without a new allocation. */
static void
test_compaction(void **state)
{
	static const char text[200];
	struct buf b;
	char *data;
	size_t cap;

	(void)state;
	buf_init(&b, 0);
	assert_non_null(buf_reserve(&b, 100));
	data = b.data;
	cap = b.cap;
	while (buf_len(&b) + 50 <= cap)
		assert_int_equal(buf_append(&b, text, 50), 0);
	buf_consume(&b, buf_len(&b) - 1);
	assert_int_equal(buf_append(&b, text, 100), 0);
	assert_ptr_equal(b.data, data);
	assert_int_equal(b.cap, cap);
	assert_int_equal(buf_len(&b), 101);
	buf_clear(&b);
}

static void
test_memory_given_back(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1 << 20);
	assert_non_null(buf_reserve(&b, 200000));
	buf_commit(&b, 200000);
	buf_consume(&b, 199999);
	assert_non_null(b.data);
	buf_consume(&b, 1);
	assert_null(b.data);
	assert_int_equal(b.max, 1 << 20);
	assert_int_equal(buf_puts(&b, "x"), 0);
	buf_consume(&b, 1);
	assert_non_null(b.data);
	buf_clear(&b);
}

static void
test_steal(void **state)
{
	struct buf b;
	char *text;

	(void)state;
	buf_init(&b, 0);
	text = buf_steal(&b);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(buf_puts(&b, "xhello"), 0);
	buf_consume(&b, 1);
	text = buf_steal(&b);
	assert_string_equal(text, "hello");
	free(text);
	expect(&b, "");
	assert_null(b.data);
}

static void
test_take(void **state)
{
	struct buf b;
	char *data;

	(void)state;
	buf_init(&b, 3);
	assert_null(buf_take(&b));
	assert_int_equal(buf_puts(&b, "abc"), 0);
	data = buf_take(&b);
	assert_memory_equal(data, "abc", 3);
	free(data);
	expect(&b, "");
	assert_null(b.data);
	assert_int_equal(buf_puts(&b, "abcd"), -1);
}

static void
assert_only_content(const struct buf *b)
{
	for (size_t i = 0; i < b->cap; i++)
		assert_true(b->data[i] == '\0' || (i >= b->start && i < b->start + b->len));
}

static void
test_wipe(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	b.secret = 1;
	assert_int_equal(buf_puts(&b, "secret kept"), 0);
	memset(b.data + b.len, 0, b.cap - b.len);
	buf_consume(&b, 7);
	expect(&b, "kept");
	assert_only_content(&b);
	/* So many bytes that the content moves to the front. */
	assert_non_null(buf_reserve(&b, b.cap - b.len));
	assert_int_equal(b.start, 0);
	expect(&b, "kept");
	assert_only_content(&b);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_maximum),
		cmocka_unit_test(test_absurd_size),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_queue),
		cmocka_unit_test(test_compaction),
		cmocka_unit_test(test_memory_given_back),
		cmocka_unit_test(test_steal),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
