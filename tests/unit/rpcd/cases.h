/* Cases: test data as files (tests/data): each case is a directory with `input` and
 * `want`. */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include "common/compiler.h"
#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct case_files {
	const char *name;
	char *input, *want; /* NUL-terminated; `want` without its last newline */
	size_t input_len;
};

/* New; exactly as large as the file and a NUL, so that ASan detects a read behind it. */
static inline char *
case_slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	size_t room = 1 << 20;
	char *text = xmalloc(room);

	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	*len = fread(text, 1, room - 1, f);
	text[*len] = '\0';
	fclose(f);
	return xreallocarray(text, *len + 1, 1);
}

static inline void
case_run(const char *dir, const char *name,
    void (*check)(const struct case_files *, void *), void *ctx)
{
	char *input = xasprintf("%s/%s/input", dir, name);
	char *want = xasprintf("%s/%s/want", dir, name);
	struct case_files files = { .name = name };
	size_t want_len;

	files.input = case_slurp(input, &files.input_len);
	files.want = case_slurp(want, &want_len);
	if (want_len > 0 && files.want[want_len - 1] == '\n')
		files.want[want_len - 1] = '\0';
	check(&files, ctx);
	free(files.input);
	free(files.want);
	free(input);
	free(want);
}

/* Checks every case of the directory, at least `least` of them. */
static inline void
cases_run(const char *dir, size_t least, void (*check)(const struct case_files *, void *),
    void *ctx)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort);
	size_t ran = 0;

	if (n < 0)
		fail_msg("%s: run the tests from the top of the tree", dir);
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			case_run(dir, entries[i]->d_name, check, ctx);
			ran++;
		}
		free(entries[i]);
	}
	free(entries);
	assert_true(ran >= least);
}

#endif
