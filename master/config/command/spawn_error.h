/* Spawn error: why a command cannot be started, as a child reports it or as the file shows
 * before the start, and the text for it. */
#ifndef MASTER_CONFIG_COMMAND_SPAWN_ERROR_H
#define MASTER_CONFIG_COMMAND_SPAWN_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define SPAWN_ERROR_HEAD 128 /* bytes of the file that could not be executed */
#define SPAWN_ERROR_WHY 64

enum spawn_step {
	SPAWN_DESCRIPTORS,
	SPAWN_USER,
	SPAWN_DIRECTORY,
	SPAWN_EXEC,
	SPAWN_CGROUP,
	SPAWN_RUN, /* of a function instead of a program */
};

struct spawn_error {
	enum spawn_step step;        /* the one that failed */
	int errnum;                  /* 0 = why says it all */
	char why[SPAWN_ERROR_WHY];   /* the part of the step that failed; "" = not known */
	char head[SPAWN_ERROR_HEAD]; /* SPAWN_EXEC: the first bytes of the file */
	size_t nhead;
};

/* The interpreter in the file's first line, without a NUL, and its length; NULL = none.
 * Borrowed. */
const char *spawn_error_interpreter(const struct spawn_error *, size_t *n);
/* New text for a log: what failed, the system's reason, and a remedy if one is known.
 * `object` is the user, directory or command of the step. NULL if out of memory. */
char *spawn_error_text(const struct spawn_error *, const char *object);

#endif
