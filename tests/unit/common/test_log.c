#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

static struct {
	int calls;
	enum log_level level;
	size_t len;
	char text[128 * 1024];
} got;

static void
record(void *ctx, enum log_level level, const char *text, size_t len)
{
	assert_ptr_equal(ctx, &got);
	assert_true(len < sizeof(got.text));
	got.calls++;
	got.level = level;
	got.len = len;
	memcpy(got.text, text, len);
	got.text[len] = '\0';
	errno = EIO;
}

static int
setup(void **state)
{
	(void)state;
	memset(&got, 0, sizeof(got));
	log_init(record, &got, LEVEL_BLATHER);
	return 0;
}

static void
expect(enum log_level level, const char *text)
{
	assert_int_equal(got.calls, 1);
	assert_int_equal(got.level, level);
	assert_string_equal(got.text, text);
	got.calls = 0;
}

static void
test_levels(void **state)
{
	(void)state;
	log_critical("c%d", 1);
	expect(LEVEL_CRITICAL, "c1");
	log_error("e%s", "x");
	expect(LEVEL_ERROR, "ex");
	log_warn("w");
	expect(LEVEL_WARN, "w");
	log_info("i");
	expect(LEVEL_INFO, "i");
	log_debug("d");
	expect(LEVEL_DEBUG, "d");
	log_trace("t");
	expect(LEVEL_TRACE, "t");
	log_at(LEVEL_BLATHER, "%s", "b");
	expect(LEVEL_BLATHER, "b");
}

static void
test_threshold(void **state)
{
	(void)state;
	log_init(record, &got, LEVEL_WARN);
	assert_int_equal(log_threshold(), LEVEL_WARN);
	assert_true(log_wants(LEVEL_WARN));
	assert_false(log_wants(LEVEL_INFO));
	log_info("dropped");
	log_at(LEVEL_DEBUG, "dropped");
	log_bytes(LEVEL_TRACE, "dropped", 7);
	assert_int_equal(got.calls, 0);
	log_error("kept");
	expect(LEVEL_ERROR, "kept");
}

static void
test_errno_kept(void **state)
{
	(void)state;
	errno = ENOENT;
	log_warn("x");
	assert_int_equal(errno, ENOENT);
	log_bytes(LEVEL_WARN, "x", 1);
	assert_int_equal(errno, ENOENT);
}

static void
test_long(void **state)
{
	static const size_t sizes[] = { 1022, 1023, 1024, 1025, 5000, 65535 };
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(sizes); i++) {
		text = malloc(sizes[i] + 1);
		assert_non_null(text);
		memset(text, 'a' + (int)i, sizes[i]);
		text[sizes[i]] = '\0';
		log_info("%s", text);
		assert_int_equal(got.len, sizes[i]);
		assert_string_equal(got.text, text);
		free(text);
	}
	text = malloc(100001);
	assert_non_null(text);
	memset(text, 'z', 100000);
	text[100000] = '\0';
	log_info("%s", text);
	assert_int_equal(got.len, 65535);
	free(text);
}

static void
test_bytes(void **state)
{
	(void)state;
	log_bytes(LEVEL_DEBUG, "a\0b\n", 4);
	assert_int_equal(got.len, 4);
	assert_memory_equal(got.text, "a\0b\n", 4);
}

static void
test_words(void **state)
{
	static const struct {
		enum log_level level;
		const char *word, *tag;
	} rows[] = {
		{ LEVEL_CRITICAL, "critical", "CRIT" }, { LEVEL_ERROR, "error", "ERRO" },
		{ LEVEL_WARN, "warn", "WARN" }, { LEVEL_INFO, "info", "INFO" },
		{ LEVEL_DEBUG, "debug", "DEBG" }, { LEVEL_TRACE, "trace", "TRAC" },
		{ LEVEL_BLATHER, "blather", "BLAT" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		assert_int_equal(log_level_parse(rows[i].word), rows[i].level);
		assert_string_equal(log_level_tag(rows[i].level), rows[i].tag);
		assert_string_equal(log_level_word(rows[i].level), rows[i].word);
	}
	assert_int_equal(log_level_parse("WaRn"), LEVEL_WARN);
	assert_int_equal(log_level_parse("warning"), -1);
	assert_int_equal(log_level_parse(""), -1);
	assert_int_equal(log_level_parse("20"), -1);
}

/* The default sink and fatal: one line, control bytes replaced, and exit status 1. */
static void
test_stderr_and_fatal(void **state)
{
	int pipes[2], status;
	char line[128] = "";
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid != -1);
	if (pid == 0) {
		if (dup2(pipes[1], STDERR_FILENO) == -1)
			_exit(9);
		log_init(NULL, NULL, LEVEL_INFO);
		log_debug("not this");
		fatal("a\nforged\x1b[1m %d", 5);
	}
	(void)close(pipes[1]);
	n = read(pipes[0], line, sizeof(line) - 1);
	(void)close(pipes[0]);
	assert_true(n > 0);
	assert_string_equal(line, "CRIT a?forged?[1m 5\n");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_levels, setup),
		cmocka_unit_test_setup(test_threshold, setup),
		cmocka_unit_test_setup(test_errno_kept, setup),
		cmocka_unit_test_setup(test_long, setup),
		cmocka_unit_test_setup(test_bytes, setup),
		cmocka_unit_test(test_words),
		cmocka_unit_test_setup(test_stderr_and_fatal, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
