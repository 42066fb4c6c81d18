/* Arguments: the command line of reeved. */
#ifndef MASTER_CONFIG_ARGUMENTS_H
#define MASTER_CONFIG_ARGUMENTS_H

#include "common/compiler.h"

#include <stdbool.h>

/* Values as typed; NULL or false = absent. Strings are borrowed from argv. The option table
 * of the configuration validates them, so that `-e foo` and `loglevel=foo` have one
 * parser. */
struct arguments {
	const char *program;       /* argv[0]; main makes it the path of the binary */
	const char *configuration; /* -c; the name of the file in messages */
	const char *opened;        /* not an option: the path to open, because the working
					 * directory has changed; NULL = configuration */
	const char *check;         /* --check */
	bool nodaemon, silent, nocleanup, strip_ansi; /* -n -s -k -t */
	bool help, version, sample;                   /* -h -v, --sample */
	bool resume_check;                            /* --resume-check */
	const char *user, *umask, *directory, *logfile, *logfile_maxbytes, *logfile_backups;
	const char *loglevel, *pidfile, *identifier, *childlogdir, *minfds, *minprocs;
	const char *profile_options; /* accepted, WARN: no profiler here */
};

/* 0, or -1 with *error new: the text after "Error: ". */
NODISCARD int arguments_parse(int argc, char **argv, struct arguments *, char **error);
/* The program's path: as typed or, when that has no directory, as executed (NULL =
 * unknown). Borrowed from either. */
const char *arguments_program(const char *typed, const char *executed);
/* Prints the help text to stdout. */
void arguments_usage(const struct arguments *);
/* The command line's value for an option of [supervisord], "true" for a flag; NULL = none.
 * Borrowed. */
const char *arguments_value(const struct arguments *, const char *name);

#endif
