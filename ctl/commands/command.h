/* Command: the table of commands, and the execution of one command line. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "ctl/commands/advice.h"

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

/* Runs one command line; the exit code, also in the session. */
int command_run(struct session *, const char *line);
/* The nth command that a list shows, sorted; NULL after the last. */
const struct command *command_get(size_t nth);
/* Prints them all, one line each. */
void command_list(FILE *);

/* The handlers, each in the file that its name begins with. */
void check_run(struct session *, const char *args);
void events_run(struct session *, const char *args);
void foreground_run(struct session *, const char *args);
void reread_add(struct session *, const char *args);
void reread_avail(struct session *, const char *args);
void reread_remove(struct session *, const char *args);
void reread_run(struct session *, const char *args);
void restart_run(struct session *, const char *args);
void shutdown_reload(struct session *, const char *args);
void shutdown_run(struct session *, const char *args);
void start_stop_run(struct session *, const char *args); /* also signal and clear */
void status_pid(struct session *, const char *args);
void status_run(struct session *, const char *args);
void status_version(struct session *, const char *args);
void tail_main(struct session *, const char *args);
void tail_run(struct session *, const char *args);
void update_run(struct session *, const char *args);

#endif
