#include "rpcd/timings.h"

const int64_t timings_bounds_us[TIMINGS_BOUNDS] = {
	100, 500, 1000, 5000, 10000, 50000, 100000, 500000, 1000000, 10000000, 60000000,
};

void
timings_add(struct timings *timings, const struct api_method *method, uint64_t calls,
    int64_t us, bool is_fault)
{
	struct timing *timing;
	size_t place = 0;

	if (timings == NULL)
		return;
	timing = &timings->methods[api_number(method)];
	while (place < TIMINGS_BOUNDS && us > timings_bounds_us[place])
		place++;
	timing->counts[place] += calls;
	timing->sum_us += (uint64_t)us * calls;
	if (is_fault)
		timing->faults += calls;
}
