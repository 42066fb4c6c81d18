/* Session: the state of the running command: output, server, exit code; and what the
 * handlers of commands share. */
#ifndef CTL_COMMANDS_SESSION_H
#define CTL_COMMANDS_SESSION_H

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
	FILE *err;                     /* for texts that supervisorctl lacks, or NULL */
	struct server *server;         /* borrowed */
	const char *file;              /* the configuration file, or NULL */
	bool interactive;              /* may ask questions */
	bool terminal;                 /* out is a terminal with escape sequences */
	bool colour;                   /* print colours */
	const struct command *command; /* the running one */
	bool attached;           /* no blank before the first argument: it is no pattern */
	int status;              /* the exit code so far */
	bool broken;             /* an error ended the command */
	bool unauthorized;       /* the server requires a password */
	bool leave;              /* end the shell */
	enum advice_about about; /* what the command's arguments name */
	struct words unknown;    /* names that the server does not have; owned */
	bool unreached;          /* no server was reached */
	bool unreadable;         /* the daemon cannot read its configuration */
	bool fallback_shown;     /* server_print_fallback was called */
};

/* Calls server_reach; session_advise prints a failure later. */
NODISCARD enum reach session_try(struct session *, char **why);
/* Records an unknown name for session_advise. */
void session_unknown(struct session *, const char *name);
/* Prints advice on `err` after a command that failed, and clears the unknown names. */
void session_advise(struct session *);

/* Reaches the server, for commands before which supervisorctl requests the version; reports
 * a failure as supervisorctl does. */
NODISCARD bool session_connect(struct session *);
/* The same for other commands. */
NODISCARD bool session_reach(struct session *);
/* Whether session_reach accepts this outcome of session_try; else ends the command. */
NODISCARD bool session_accept(struct session *, enum reach, const char *why);
/* Whether a call, which returned rc, has a result; if not, ends the command. With a name
 * (of the call's object, or ""), a fault for which supervisorctl has a text in this command
 * is only reported. */
bool session_replied(struct session *, int rc, const struct reply *, const char *name);
/* These end the command: because of a fault, of a lost connection, of another error. */
void session_fault(struct session *, enum fault, const char *text);
void session_lost(struct session *);
void session_error(struct session *, const char *why);
/* Prints a failure that does not end the command, and sets the exit status. */
void session_report(struct session *, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same, with the command's help: its arguments are wrong. */
void session_usage(struct session *, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Reports on `out` that the server has no such group or process. */
void session_no_such(struct session *, FILE *out, const char *spec);
/* True without arguments; else reports that the command accepts none. */
NODISCARD bool session_no_arguments(struct session *, const char *args);
/* Gets the processes; false if that ended the command. */
NODISCARD bool session_rows(struct session *, struct server_rows *);
/* Expands the patterns in words from `first` on; false if that ended the command. */
NODISCARD bool session_expand(struct session *, struct words *, size_t first);

#endif
