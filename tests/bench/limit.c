/* The limit of the machine: each mode does one task of a supervisor without anything else
 * and prints the seconds. */
#include "tests/bench/limit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: limit MODE ARGUMENT...\n"
    "  spawn N PROGRAM [ARG...]    start N, then kill them all and reap them\n"
    "  one-by-one N PROGRAM [ARG...]  start N, then kill and reap one after another\n"
    "  respawn PROGRAM [ARG...]   start one, reap it, start the next, for ever\n"
    "  http PORT BYTES             answer every POST with so many bytes\n"
    "  post PORT FILE              send the bodies of FILE over one connection, in turn\n"
    "  pingpong N BYTES PROGRAM [ARG...]  hand N events to a listener\n";

static const struct {
	const char *name;
	int least;
	int (*run)(char **argv);
} modes[] = {
    {"spawn", 2, limit_spawn},
    {"one-by-one", 2, limit_one_by_one},
    {"respawn", 1, limit_respawn},
    {"http", 2, limit_http},
    {"post", 2, limit_post},
    {"pingpong", 3, limit_pingpong},
};

double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

_Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
	exit(1);
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0 && argc - 2 >= modes[i].least)
			return modes[i].run(argv + 2);
	(void)fputs(usage, stderr);
	return 2;
}
