/* Config cases: the directories of tests/data/config, each with an input.conf and maybe a
 * file args, which has an argument of the command line in each line. */
#ifndef TESTS_UNIT_MASTER_CONFIG_CASES_H
#define TESTS_UNIT_MASTER_CONFIG_CASES_H

#include "common/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DATA "tests/data/config"
#define ARGS_MAX 64

/* New: the content of a file; NULL = it does not exist. */
static inline char *
slurp(const char *directory, const char *name)
{
	char *path = xasprintf("%s/%s", directory, name), *text = NULL;
	FILE *file = fopen(path, "r");
	size_t n = 0;

	free(path);
	if (file == NULL)
		return NULL;
	text = xmalloc(65536);
	n = fread(text, 1, 65535, file);
	text[n] = '\0';
	fclose(file);
	return text;
}

/* Fills argv for a case: "reeved" and -c FILE or the args. Returns argc. */
static inline int
case_arguments(const char *directory, char *argv[ARGS_MAX], char **args)
{
	char *rest, *word;
	int argc = 0;

	argv[argc++] = xstrdup("reeved");
	*args = slurp(directory, "args");
	if (*args == NULL) {
		argv[argc++] = xstrdup("-c");
		argv[argc++] = xasprintf("%s/input.conf", directory);
	}
	for (rest = *args; rest != NULL && (word = strsep(&rest, "\n")) != NULL;)
		if (word[0] != '\0' && argc < ARGS_MAX - 1)
			argv[argc++] = xstrdup(word);
	argv[argc] = NULL;
	return argc;
}

/* A case that holds only for root has a file of that name. */
static inline bool
is_for_root(const char *directory)
{
	char *path = xasprintf("%s/root", directory);
	bool found = access(path, F_OK) == 0;

	free(path);
	return found;
}

/* Runs the cases of a directory; run_case returns whether a case has passed. */
static inline void
run_cases(const char *directory, bool (*run_case)(const char *directory), int at_least)
{
	struct dirent **names;
	int count = scandir(directory, &names, NULL, alphasort), cases = 0, failed = 0;

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.') {
			char *path = xasprintf("%s/%s", directory, names[i]->d_name);

			cases++;
			failed += !run_case(path);
			free(path);
		}
		free(names[i]);
	}
	free(names);
	print_message("%s: %d cases\n", directory, cases);
	assert_int_equal(failed, 0);
	assert_true(cases >= at_least);
}

#endif
