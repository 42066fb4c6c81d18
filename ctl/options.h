/* Options: parses the command line up to the command, as Python's getopt does. */
#ifndef CTL_OPTIONS_H
#define CTL_OPTIONS_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stdio.h>

struct options { /* borrowed from argv; NULL when not given */
	const char *file, *server, *username, *password, *history_file;
	bool interactive, help, version;
};

/* 0 with optind at the command, or -1 with *why new. */
NODISCARD int options_read(int argc, char **argv, struct options *, char **why);
/* Prints the help of all options. */
void options_help(FILE *);

#endif
