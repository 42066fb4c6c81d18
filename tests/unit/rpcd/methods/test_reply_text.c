/* Reply text: texts and ranges of logs are sent in order, with reads of any size. */
#include "rpcd/methods/reply_text.h"

#include "tests/unit/rpcd/tail/made_log.h"

#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE "12345678\xc3\xa9<\xff\n" /* 13 bytes, so that pieces end everywhere */
#define LINE_XML "12345678\xc3\xa9&lt;\xef\xbf\xbd\n"
#define LINES 20000

static struct budget budget = { .name = "a listener", .max = BUDGET_MAX, .max_files = 100 };

/* No bytes are counted any more when the reply has ended. */
static int
all_given_back(void **state UNUSED)
{
	return budget.bytes == 0 && budget.files == 0 ? 0 : -1;
}

static void
put(struct reply_text *doc, const char *s)
{
	assert_int_equal(buf_puts(reply_text_buf(doc), s), 0);
}

static void
put_log(struct reply_text *doc, int fd, int64_t offset, int64_t length)
{
	struct logread_range range = { offset, length };

	assert_int_equal(reply_text_log(doc, dup(fd), &range), 0);
}

/* New: the whole stream, read in pieces of `max` bytes. */
static char *
drain(struct reply *reply, size_t max)
{
	char *piece = xmalloc(max);
	struct buf all;
	ssize_t n;

	buf_init(&all, 0);
	assert_int_equal(reply->status, 200);
	assert_non_null(reply->stream);
	while ((n = reply->stream->read(reply->stream, piece, max)) > 0) {
		assert_true((size_t)n <= max);
		assert_int_equal(buf_append(&all, piece, (size_t)n), 0);
	}
	assert_int_equal(n, 0);
	reply->stream->free(reply->stream);
	free(piece);
	return buf_steal(&all);
}

static void
expect_lines(const char **at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_memory_equal(*at, LINE_XML, strlen(LINE_XML));
		*at += strlen(LINE_XML);
	}
}

static void
expect_text(const char **at, const char *s)
{
	assert_memory_equal(*at, s, strlen(s));
	*at += strlen(s);
}

static void
stream_in(size_t max)
{
	int fd = make_log(LINE, LINES);
	struct reply_text doc;
	struct reply reply;
	const char *at;
	char *all;

	reply_text_init(&doc, &budget, &writer_xml);
	put(&doc, "a");
	put_log(&doc, fd, 0, 13 * LINES);
	put_log(&doc, fd, 13, 13 * (LINES - 1));
	put(&doc, "b");
	put_log(&doc, fd, 13, 26);
	put(&doc, "c");
	assert_int_equal(reply_text_size(&doc), 3 + 2 * strlen(LINE_XML));
	reply_text_move(&doc, &reply);
	assert_in_range(budget.bytes, REPLY_TEXT_LOG_COST, REPLY_TEXT_LOG_COST + 100);
	all = drain(&reply, max);
	at = all;
	expect_text(&at, "a");
	expect_lines(&at, 2 * LINES - 1);
	expect_text(&at, "b");
	expect_lines(&at, 2);
	expect_text(&at, "c");
	assert_int_equal(*at, '\0');
	free(all);
	close(fd);
}

static void
test_stream(void **state UNUSED)
{
	stream_in(100000);
	stream_in(4097);
	stream_in(7);
}

static void
test_body(void **state UNUSED)
{
	int fd = make_log(LINE, 2);
	struct reply_text doc;
	struct reply reply;

	reply_text_init(&doc, &budget, &writer_xml);
	put(&doc, "a");
	put_log(&doc, fd, 0, 26);
	reply_text_move(&doc, &reply);
	assert_int_equal(reply.status, 200);
	assert_null(reply.stream);
	assert_int_equal(buf_len(&reply.body), 1 + 2 * strlen(LINE_XML));
	assert_memory_equal(
	    buf_data(&reply.body), "a" LINE_XML LINE_XML, buf_len(&reply.body));
	buf_clear(&reply.body);
	close(fd);
}

/* A range that cuts characters at both ends. */
static void
test_cut(void **state UNUSED)
{
	int fd = make_log(LINE, LINES);
	struct reply_text doc;
	struct reply reply;
	char *all;

	reply_text_init(&doc, &budget, &writer_xml);
	put_log(&doc, fd, 9, 13 * 10000);
	reply_text_move(&doc, &reply);
	all = drain(&reply, 65536);
	assert_memory_equal(all, "\xef\xbf\xbd&lt;", 7);
	assert_string_equal(all + strlen(all) - 11, "12345678\xef\xbf\xbd");
	free(all);
	close(fd);
}

/* The log is truncated while it is sent: the reply still ends correctly. */
static void
test_shrunk(void **state UNUSED)
{
	int fd = make_log(LINE, LINES);
	struct reply_text doc;
	struct reply reply;
	char *all;

	reply_text_init(&doc, &budget, &writer_xml);
	put(&doc, "a");
	put_log(&doc, fd, 0, 13 * LINES);
	put(&doc, "z");
	reply_text_move(&doc, &reply);
	assert_int_equal(ftruncate(fd, 13), 0);
	all = drain(&reply, 1000);
	assert_string_equal(all, "a" LINE_XML "z");
	free(all);
	close(fd);
}

static void
test_limits(void **state UNUSED)
{
	struct logread_range range = { 0, 13 * LINES };
	int fd = make_log(LINE, LINES), bad = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct reply_text doc;

	reply_text_init(&doc, &budget, &writer_xml);
	for (int i = 0; i < REPLY_TEXT_LOGS_MAX; i++)
		put_log(&doc, fd, 0, 13 * LINES);
	assert_int_equal(reply_text_log(&doc, dup(fd), &range), -1);
	assert_int_equal(errno, EMFILE);
	reply_text_clear(&doc);
	/* A log that cannot be read adds nothing, and text can be removed. */
	put(&doc, "keep");
	put(&doc, "drop");
	range.length = 10;
	assert_int_equal(reply_text_log(&doc, bad, &range), -1);
	assert_int_equal(errno, EISDIR);
	reply_text_rollback(&doc, 4);
	assert_int_equal(reply_text_size(&doc), 4);
	reply_text_clear(&doc);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_stream, all_given_back),
		cmocka_unit_test_teardown(test_body, all_given_back),
		cmocka_unit_test_teardown(test_cut, all_given_back),
		cmocka_unit_test_teardown(test_shrunk, all_given_back),
		cmocka_unit_test_teardown(test_limits, all_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
