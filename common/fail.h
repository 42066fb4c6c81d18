/* Fail: sets errno and returns the value of failure. */
#ifndef COMMON_FAIL_H
#define COMMON_FAIL_H

#include <errno.h>
#include <stddef.h>

/* Sets errno and returns -1. */
static inline int
fail_with(int error)
{
	errno = error;
	return -1;
}

/* Sets errno and returns NULL. */
static inline void *
fail_null(int error)
{
	errno = error;
	return NULL;
}

#endif
