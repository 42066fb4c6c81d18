/* Timings: how many calls of each method there were, how many ended with a fault, and how
 * long they took, for the metrics. */
#ifndef RPCD_TIMINGS_H
#define RPCD_TIMINGS_H

#include "proto/api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMINGS_BOUNDS 11

/* All methods that are not in proto/api.h share a row. */
#define TIMINGS_METHODS (API_METHODS + 1)

struct timing {
	/* Calls that took up to the time of the same place in timings_bounds_us, and longer
	 * than that of the place before. The last one has no bound. */
	uint64_t counts[TIMINGS_BOUNDS + 1];
	uint64_t sum_us, faults;
};

struct timings {
	struct timing methods[TIMINGS_METHODS]; /* by api_number */
};

extern const int64_t timings_bounds_us[TIMINGS_BOUNDS];

/* Counts calls of the same method that took the same time. timings NULL: does nothing. */
void timings_add(
    struct timings *, const struct api_method *, uint64_t calls, int64_t us, bool is_fault);

#endif
