/* Session: one command under way: its output, its server, its exit code, and what its
 * handlers share. */
#ifndef CTL_SESSION_H
#define CTL_SESSION_H

#include "common/compiler.h"
#include "ctl/commands/advice.h"
#include "ctl/commands/namespec.h"
#include "ctl/daemon/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct session;

struct command {
	const char *name;
	void (*run)(struct session *, const char *args);
	const char *help;
	bool ours;		/* supervisorctl has no such command */
	enum advice_about about; /* what its arguments name */
};

struct session {
	FILE *out;
	FILE *err;		/* for what supervisorctl does not print, or NULL */
	struct server *server;	/* borrowed */
	const char *self;	/* argv[0] */
	const char *file;	/* the configuration file, or NULL */
	bool interactive;	/* questions may be asked */
	bool terminal;		/* out is one that can be moved on */
	bool colour;		/* and wants colours */
	const struct command *command; /* the command under way */
	bool attached;		/* its first word follows without a blank: no pattern */
	int status;		/* the exit code so far */
	bool broken;		/* an error line ended the command */
	bool unauthorized;	/* the server wants a password */
	bool leave;		/* the shell is to end */
	enum advice_about about; /* what the names of the command are */
	struct words unknown;	/* those that the server does not have; owned */
	bool unreached;		/* nobody answered as the daemon does */
	bool unreadable;	/* the daemon cannot read its configuration */
	bool fallback_told;	/* that another user's control socket is passed over */
};

/* server_reach, noting for session_advise why nobody was there. */
NODISCARD enum reach session_try(struct session *, char **why);
/* Notes a name that the server does not have. */
void session_unknown(struct session *, const char *name);
/* Prints on `err` what helps after a command that failed, and forgets the names. */
void session_advise(struct session *);

/* Reaches the server, telling a failure in supervisorctl's words for commands that begin by
 * asking for the version. */
NODISCARD bool session_connect(struct session *);
/* The same for those that do not. */
NODISCARD bool session_reach(struct session *);
/* What session_reach makes of server_reach. */
NODISCARD bool session_accept(struct session *, enum reach, const char *why);
/* Ends the command: a fault without words of its own, a call without an answer
 * (server_lost), or another error. */
void session_fault(struct session *, enum fault, const char *text);
void session_lost(struct session *);
void session_error(struct session *, const char *why);
/* Prints what was wrong with the command line and how it is meant. */
void session_usage(struct session *, const char *problem, int status);
/* The same, for commands without arguments; true when there are none. */
NODISCARD bool session_no_arguments(struct session *, const char *args);
/* The processes; false when the command has been ended. */
NODISCARD bool session_rows(struct session *, struct server_rows *);
/* Expands the patterns in words from `first` on; false when the command has been ended. */
NODISCARD bool session_expand(struct session *, struct words *, size_t first);

#endif
