/* Spawn error: why a command does not become a program, and the words for it: known before
 * a start from the file alone, or reported by a child that failed. */
#ifndef MASTER_CONFIG_COMMAND_SPAWN_ERROR_H
#define MASTER_CONFIG_COMMAND_SPAWN_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define SPAWN_ERROR_HEAD 128 /* bytes of the file that could not be executed */
#define SPAWN_ERROR_WHY 64

enum spawn_step { SPAWN_DESCRIPTORS, SPAWN_USER, SPAWN_DIRECTORY, SPAWN_EXEC };

struct spawn_error {
	enum spawn_step step; /* that failed */
	int errnum;
	char why[SPAWN_ERROR_WHY];   /* which part of it; "" = errnum says it */
	char head[SPAWN_ERROR_HEAD]; /* SPAWN_EXEC: how the file begins */
	size_t nhead;
};

/* The interpreter that the file's first line names, without a NUL, and its length; NULL =
 * it names none. */
const char *spawn_error_interpreter(const struct spawn_error *, size_t *n);
/* New text for a log: what failed, the system's reason, and the remedy where there is one.
 * `object` is what the step was about: a user's name, a directory, a command. NULL without
 * memory. */
char *spawn_error_text(const struct spawn_error *, const char *object);

#endif
