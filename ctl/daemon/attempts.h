/* Tried: the addresses at which the daemon was looked for, and why it was not reached. */
#ifndef CTL_ATTEMPTS_H
#define CTL_ATTEMPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TRIED_MAX 2	/* the control socket, and a URL */

struct tried {
	struct {
		const char *kind;	/* static: "control socket" */
		char *address, *why;	/* owned */
		bool foreign;		/* its socket exists and is another user's */
	} list[TRIED_MAX];
	size_t count;
};

void tried_clear(struct tried *);
/* Notes an address; `path` is its socket, NULL for one that is not a Unix socket. */
void tried_add(struct tried *, const char *kind, const char *address, const char *path,
    const char *why);
/* Prints the configuration file (NULL: none was read) and every address with its reason. */
void tried_print(const struct tried *, FILE *, const char *file);
/* Prints that `address` is used instead of a socket of another user, if that is so. */
void tried_print_fallback(const struct tried *, FILE *, const char *address);

#endif
