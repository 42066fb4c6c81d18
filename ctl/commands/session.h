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

struct command;

struct session {
	FILE *out;
	FILE *err;                     /* for what supervisorctl does not print, or NULL */
	struct server *server;         /* borrowed */
	const char *file;              /* the configuration file, or NULL */
	bool interactive;              /* questions may be asked */
	bool terminal;                 /* out is one whose last line can be overwritten */
	bool colour;                   /* and shows colours */
	const struct command *command; /* the one under way */
	bool attached;           /* its first word follows without a blank: no pattern */
	int status;              /* the exit code so far */
	bool broken;             /* an error line ended the command */
	bool unauthorized;       /* the server requires a password */
	bool leave;              /* the shell is to end */
	enum advice_about about; /* what the names of the command are */
	struct words unknown;    /* those that the server does not have; owned */
	bool unreached;          /* nothing behaved like the daemon */
	bool unreadable;         /* the daemon cannot read its configuration */
	bool fallback_shown;     /* that another user's control socket is passed over */
};

/* server_reach, noting for session_advise why nothing was there. */
NODISCARD enum reach session_try(struct session *, char **why);
/* Notes a name that the server does not have. */
void session_unknown(struct session *, const char *name);
/* Prints on `err` what helps after a command that failed, and forgets the names. */
void session_advise(struct session *);

/* Reaches the server, reporting a failure in supervisorctl's words for commands that begin
 * by asking for the version. */
NODISCARD bool session_connect(struct session *);
/* The same for other commands. */
NODISCARD bool session_reach(struct session *);
/* Whether session_reach accepts this outcome of session_try; else ends the command. */
NODISCARD bool session_accept(struct session *, enum reach, const char *why);
/* Whether a call, which returned rc, has a result; else ends the command. With a name, that
 * of the call's object or "", a fault that supervisorctl has words for in this command is
 * only reported. */
bool session_replied(struct session *, int rc, const struct reply *, const char *name);
/* Each ends the command: a fault, a call without a reply, another error. */
void session_fault(struct session *, enum fault, const char *text);
void session_lost(struct session *);
void session_error(struct session *, const char *why);
/* Prints a failure that does not end the command, and sets the exit status. */
void session_report(struct session *, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same, with the command's help: its arguments are wrong. */
void session_usage(struct session *, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Reports on `out` that a namespec is no group or process of the server. */
void session_no_such(struct session *, FILE *out, const char *spec);
/* True without arguments; else it is reported that the command accepts none. */
NODISCARD bool session_no_arguments(struct session *, const char *args);
/* The processes; false when the command has been ended. */
NODISCARD bool session_rows(struct session *, struct server_rows *);
/* Expands the patterns in words from `first` on; false when the command has been ended. */
NODISCARD bool session_expand(struct session *, struct words *, size_t first);

#endif
