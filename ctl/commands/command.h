/* Command: the table of commands; runs one command line. */
#ifndef CTL_COMMANDS_COMMAND_H
#define CTL_COMMANDS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct session;

/* What a command's arguments name. */
enum command_takes {
	COMMAND_TAKES_NOTHING,
	COMMAND_TAKES_PROCESSES,	/* and groups as GROUP:* */
	COMMAND_TAKES_ONE_PROCESS,	/* no groups */
	COMMAND_TAKES_SIGNAL,		/* and processes after it */
	COMMAND_TAKES_GROUPS,		/* by their bare names */
	COMMAND_TAKES_NEW_GROUPS,	/* groups that are not active */
};

struct command {
	const char *name;
	void (*run)(struct session *, const char *args);
	const char *help;
	bool ours; /* supervisorctl does not have it */
	enum command_takes takes;
	const char *first, *always; /* words to complete: first argument, any argument */
};

/* Runs one command line; returns the exit code, which the session has too. */
int command_run(struct session *, const char *line);
/* The nth command of the list, sorted by name; NULL after the last. */
const struct command *command_get(size_t nth);
const struct command *command_find(const char *name); /* or NULL */
/* Prints a list of all commands, one line each. */
void command_list(FILE *);

/* The handlers; the name begins with that of the file. */
void check_run(struct session *, const char *args);
void events_run(struct session *, const char *args);
void foreground_run(struct session *, const char *args);
void passwd_run(struct session *, const char *args);
void reread_avail(struct session *, const char *args);
void reread_each(struct session *, const char *args); /* add and remove */
void reread_run(struct session *, const char *args);
void restart_run(struct session *, const char *args);
void shutdown_reload(struct session *, const char *args);
void shutdown_run(struct session *, const char *args);
void start_stop_run(struct session *, const char *args); /* start, stop, signal, clear */
void status_pid(struct session *, const char *args);
void status_run(struct session *, const char *args);
void tail_run(struct session *, const char *args); /* tail and maintail */
void update_run(struct session *, const char *args);
void upgrade_run(struct session *, const char *args);
void upgrade_version(struct session *, const char *args);

#endif
