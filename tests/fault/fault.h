/* Fault: makes system calls and allocations of reeved fail, and moves its clocks. A test
 * controls this through a page, a file that it has mapped and that REEVE_FAULT_PAGE names.
 * The wrappers in wraps.c are linked into reeved with the option --wrap of the linker. */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* What fails: nothing; each path of calls that has not failed yet, once, and then nothing
 * until it is set again; calls chosen at random. */
enum fault_mode { FAULT_OFF, FAULT_PATHS, FAULT_RANDOM };

enum { FAULT_SEEN = 1 << 16, FAULT_DEPTH = 12, FAULT_LOG = 64 };

/* A call that has failed. */
struct fault_record {
	char name[24];
	int32_t error; /* errno */
	uint32_t in_child;
	uint64_t path[FAULT_DEPTH]; /* return addresses, relative to the image; 0 = end */
};

/* The first members are written by the test; tests/system/faults.py has the same layout. */
struct fault_page {
	uint32_t mode;
	uint32_t in_children; /* 1 = in forks of reeved, before they execute a program */
	uint32_t every;       /* of the paths, one in so many fails; 0 = all */
	uint32_t round;       /* which errno of a call */
	uint32_t per_million; /* chance of a random failure */
	uint32_t pad;
	uint64_t random; /* state of the generator, not 0 */
	int64_t wall_ns,
	    mono_ns; /* added to the clocks; the boot clock stays, as in /proc */
	/* Written by reeved. */
	int32_t pid; /* the master */
	uint32_t fired;
	uint64_t calls;
	uint64_t paths;                     /* different ones that were met */
	struct fault_record log[FAULT_LOG]; /* a ring; fired counts */
	uint64_t seen[FAULT_SEEN];          /* hashes of paths, 0 = free */
};

/* Whether the call with this name fails now; then errno is one of these, separated by
 * blanks, whose number depends on the round. */
bool fault_now(const char *name, const int *errors);
/* What is added to this clock, in ns. */
int64_t fault_clock(clockid_t);

#endif
