/* Scratch: a temporary directory for a test, with functions for its files, and the lines
 * that were logged. */
#ifndef TESTS_UNIT_MASTER_SCRATCH_H
#define TESTS_UNIT_MASTER_SCRATCH_H

#include "common/clock.h"
#include "common/log.h"
#include "common/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRATCH_LOG 65536

struct scratch {
	char dir[64];
	char log[SCRATCH_LOG]; /* lines "LEVEL text\n" */
	size_t len;
};

static inline void
scratch_sink(void *ctx, enum log_level level, const char *text, size_t len)
{
	struct scratch *scratch = ctx;
	const char *tag = log_level_tag(level);

	if (scratch->len + len + 8 > sizeof(scratch->log))
		return;
	memcpy(scratch->log + scratch->len, tag, 4);
	scratch->log[scratch->len + 4] = ' ';
	memcpy(scratch->log + scratch->len + 5, text, len);
	scratch->len += len + 5;
	scratch->log[scratch->len++] = '\n';
	scratch->log[scratch->len] = '\0';
}

static inline void
scratch_forget(struct scratch *scratch)
{
	scratch->len = 0;
	scratch->log[0] = '\0';
}

/* For cmocka's setup: *state becomes a new scratch. */
static inline int
scratch_setup(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (scratch == NULL)
		return -1;
	snprintf(scratch->dir, sizeof(scratch->dir), "/tmp/reeve-test-XXXXXX");
	if (mkdtemp(scratch->dir) == NULL || chmod(scratch->dir, 0755) == -1)
		return -1;
	log_init(scratch_sink, scratch, LEVEL_DEBUG);
	*state = scratch;
	return 0;
}

static inline int
scratch_teardown(void **state)
{
	struct scratch *scratch = *state;
	struct dirent *entry;
	DIR *stream = opendir(scratch->dir);

	while (stream != NULL && (entry = readdir(stream)) != NULL)
		if (unlinkat(dirfd(stream), entry->d_name, 0) == -1)
			(void)unlinkat(dirfd(stream), entry->d_name, AT_REMOVEDIR);
	if (stream != NULL)
		closedir(stream);
	log_init(NULL, NULL, LEVEL_INFO);
	clock_freeze(-1, -1);
	if (rmdir(scratch->dir) == -1)
		return -1;
	free(scratch);
	return 0;
}

/* "DIR/name", valid until the fourth call after this one. */
static inline const char *
scratch_path(const struct scratch *scratch, const char *name)
{
	static char paths[4][512];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch->dir, name);
	return path;
}

static inline void
scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
	FILE *file = fopen(scratch_path(scratch, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* New: the content; NULL = no such file. */
static inline char *
scratch_read(const struct scratch *scratch, const char *name, size_t *len)
{
	FILE *file = fopen(scratch_path(scratch, name), "r");
	size_t room = (size_t)8 * 1024 * 1024, n;
	char *text;

	if (file == NULL)
		return NULL;
	assert_non_null(text = malloc(room));
	n = fread(text, 1, room - 1, file);
	text[n] = '\0';
	fclose(file);
	if (len != NULL)
		*len = n;
	return text;
}

/* want NULL: the file must not exist. */
static inline void
scratch_expect(const struct scratch *scratch, const char *name, const char *want)
{
	char *text = scratch_read(scratch, name, NULL);

	if (want == NULL)
		assert_null(text);
	else {
		assert_non_null(text);
		assert_string_equal(text, want);
	}
	free(text);
}

static inline void
scratch_expect_size(const struct scratch *scratch, const char *name, off_t want)
{
	struct stat st;

	assert_int_equal(stat(scratch_path(scratch, name), &st), 0);
	assert_int_equal(st.st_size, want);
}

static inline bool
scratch_logged(const struct scratch *scratch, const char *text)
{
	return strstr(scratch->log, text) != NULL;
}

static inline size_t
scratch_count(const struct scratch *scratch, const char *text)
{
	const char *p = scratch->log;
	size_t n = 0;

	for (; (p = strstr(p, text)) != NULL; p += strlen(text))
		n++;
	return n;
}

/* Valgrind keeps the descriptor limits to itself and shows its own files in /proc. */
static inline bool
scratch_in_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* Turns the loop until the predicate holds, for at most ten seconds. */
static inline bool
scratch_until(struct loop *loop, bool (*holds)(void *), void *ctx)
{
	int64_t end = clock_mono_ms() + 10000;

	while (!holds(ctx))
		if (clock_mono_ms() > end || loop_turn(loop, 100) == -1)
			return false;
	return true;
}

/* "\xNN" → the byte, in place. */
static inline void
scratch_unescape(char *s)
{
	char *out = s, hex[3] = "";

	while (*s != '\0') {
		if (s[0] == '\\' && s[1] == 'x') {
			memcpy(hex, s + 2, 2);
			*out++ = (char)strtol(hex, NULL, 16);
			s += 4;
		} else
			*out++ = *s++;
	}
	*out = '\0';
}

/* New: the field of a data file without its escapes, in memory of its exact size, so that
 * ASan finds a read beyond its end. */
static inline char *
scratch_field(char *text)
{
	scratch_unescape(text);
	text = strdup(text);
	assert_non_null(text);
	return text;
}

/* Calls fn with each "INPUT tab WANT" line of a data file; the number of lines. */
static inline size_t
scratch_cases(const char *path, void (*fn)(void *ctx, char *input, char *want), void *ctx)
{
	FILE *file = fopen(path, "r");
	char line[4096], *tab, *input, *want;
	size_t n = 0;

	if (file == NULL)
		fail_msg("no %s: run the tests from the root of the tree", path);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' && n == 0 && strchr(line, '\t') == NULL)
			continue;
		assert_non_null(tab = strchr(line, '\t'));
		*tab = '\0';
		input = scratch_field(line);
		want = scratch_field(tab + 1);
		fn(ctx, input, want);
		free(input);
		free(want);
		n++;
	}
	fclose(file);
	return n;
}

#endif
