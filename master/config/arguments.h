/* Arguments: the command line of reeved. */
#ifndef MASTER_CONFIG_ARGUMENTS_H
#define MASTER_CONFIG_ARGUMENTS_H

#include "common/compiler.h"

#include <stdbool.h>

/* Values as given, NULL or false when absent; strings borrowed from argv. What they mean is
 * decided by the configuration's own option table, so that `-e foo` and `loglevel=foo` are
 * judged by one parser. */
struct arguments {
	const char *program;       /* argv[0]; main makes it the path of the binary */
	const char *configuration; /* -c; what messages call the file */
	const char *opened;        /* not an option: where that file is, whatever the
					 * working directory has become; NULL = there */
	const char *check;         /* --check */
	bool nodaemon, silent, nocleanup, strip_ansi; /* -n -s -k -t */
	bool help, version, sample;                   /* -h -v, --sample */
	const char *user, *umask, *directory, *logfile, *logfile_maxbytes, *logfile_backups;
	const char *loglevel, *pidfile, *identifier, *childlogdir, *minfds, *minprocs;
	const char *profile_options; /* accepted, WARN: no profiler here */
};

/* 0, or -1 with *error new: the text after "Error: ". */
NODISCARD int arguments_parse(int argc, char **argv, struct arguments *, char **error);
/* The program as supervisord knows itself: as it was typed or, when that has no directory,
 * the path that was executed (NULL = unknown). Borrowed from either. */
const char *arguments_program(const char *typed, const char *executed);
/* Prints the help text to stdout. */
void arguments_usage(const struct arguments *);
/* What the command line gives for an option of [supervisord] ("true" for a flag), or
 * NULL. */
const char *arguments_value(const struct arguments *, const char *name);

#endif
