/* Session: one command under way: where it prints, its connection, its exit code,
 * and what its handlers share. */
#ifndef CTL_SESSION_H
#define CTL_SESSION_H

#include "common/compiler.h"
#include "ctl/client.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct session;

struct verb {
	const char *name;
	void (*run)(struct session *, const char *args);
	const char *help;
};

struct session {
	FILE *out;
	const char *path;		/* of the control socket */
	struct client *client;		/* NULL until connected */
	const struct verb *verb;	/* the command under way */
	int status;			/* the exit code so far */
	bool broken;			/* an error line ended the command */
};

/* Arguments, split at white space. */
struct words {
	char *text;	/* owned; the words point into it */
	char **list;
	size_t count;
	bool all;	/* "all" is among them */
};

void words_split(struct words *, const char *text);
void words_clear(struct words *);

/* Connects unless that was done; *why is new on failure. */
NODISCARD enum client_status session_try(struct session *, char **why);
/* The same, telling a failure in supervisorctl's words. */
NODISCARD bool session_connect(struct session *);
/* Ends the command: a fault without words of its own, a connection that is gone, or one
 * that could not be made. */
void session_fault(struct session *, enum fault, const char *text);
void session_lost(struct session *);
void session_error(struct session *, const char *why);
/* Prints what was wrong with the command line and how it is meant. */
void session_misused(struct session *, const char *problem, int status);

#endif
