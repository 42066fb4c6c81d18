/* Attempts: the addresses that were tried, and why the daemon was not reached there. */
#ifndef CTL_ATTEMPTS_H
#define CTL_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ATTEMPTS_MAX 2	/* the control socket, and a URL */

struct attempts {
	struct {
		const char *kind;	/* static: "control socket" */
		char *address, *why;	/* owned */
		bool foreign;		/* its socket exists and is another user's */
	} list[ATTEMPTS_MAX];
	size_t count;
};

void attempts_clear(struct attempts *);
/* Adds an address; `path` is its socket, NULL for one that is not a Unix socket. */
void attempts_add(struct attempts *, const char *kind, const char *address,
    const char *path, const char *why);
/* Prints the configuration file (NULL: none was read) and every address with its reason. */
void attempts_print(const struct attempts *, FILE *, const char *file);
/* Prints that `address` is used instead of each socket of another user. */
void attempts_print_fallback(const struct attempts *, FILE *, const char *address);

#endif
