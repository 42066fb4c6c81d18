/* Fake groups: directories with the files of control groups, as kernels write them. */
#ifndef TESTS_FAKE_GROUPS_H
#define TESTS_FAKE_GROUPS_H

#include "tests/unit/master/scratch.h"

#include <ftw.h>
#include <limits.h>

static inline char *
fake_path(const struct scratch *scratch, const char *group, const char *file)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s%s%s", scratch->dir, group,
	    *file != '\0' ? "/" : "", file);
	return path;
}

static inline void
fake_write(
    const struct scratch *scratch, const char *group, const char *file, const char *text)
{
	FILE *f = fopen(fake_path(scratch, group, file), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline void
fake_expect(
    const struct scratch *scratch, const char *group, const char *file, const char *want)
{
	char got[4096];
	FILE *f = fopen(fake_path(scratch, group, file), "r");
	size_t n;

	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	fclose(f);
	assert_string_equal(got, want);
}

static inline void
fake_group(const struct scratch *scratch, const char *group)
{
	assert_int_equal(mkdir(fake_path(scratch, group, ""), 0755), 0);
	fake_write(scratch, group, "cgroup.type", "domain\n");
	fake_write(scratch, group, "cgroup.procs", "");
	fake_write(scratch, group, "cgroup.events", "populated 0\nfrozen 0\n");
}

static inline int
fake_remove(const char *path, const struct stat *st UNUSED, int type UNUSED, struct FTW *at)
{
	return at->level == 0 ? 0 : remove(path);
}

/* For cmocka's teardown: directories have directories here. */
static inline int
fake_teardown(void **state)
{
	const struct scratch *scratch = *state;

	if (nftw(scratch->dir, fake_remove, 16, FTW_DEPTH | FTW_PHYS) != 0)
		return -1;
	return scratch_teardown(state);
}

#endif
