/* Wrap: what the files of wrappers share. */
#ifndef TESTS_FAULT_WRAP_H
#define TESTS_FAULT_WRAP_H

#include "tests/fault/fault.h"

#define ERRORS(...) ((const int[]){ __VA_ARGS__, 0 })

/* Declares the real function, and begins the definition of its wrapper. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

#define NEW_FD ERRORS(EMFILE, ENFILE, ENOMEM)

#endif
