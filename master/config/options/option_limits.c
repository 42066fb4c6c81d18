/* Types of the limits of control groups. */
#include "master/config/options/option_types.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/group_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define PERCENT_PERIOD_US 100000 /* the kernel's default */
#define PERCENT_MAX 1000000
#define PERIOD_MIN_US 1000 /* this and the next are limits of the kernel */
#define PERIOD_MAX_US 1000000
#define QUOTA_MIN_US 1000
#define QUOTA_MAX_US INT64_C(1000000000000)

static char *
option_limits_size_print(const void *slot)
{
	return conf_size.print(slot);
}

/* Reads digits at *at. -1 = there are none, or too many. */
static int64_t
option_limits_number(const char **at)
{
	char *end;
	long long number;

	if (!isdigit((unsigned char)**at))
		return -1;
	errno = 0;
	number = strtoll(*at, &end, 10);
	*at = end;
	return errno == 0 ? number : -1;
}

/* "PERCENT%" or "QUOTA/PERIOD". */
static int
option_limits_cpu_decode(const char *text, size_t n UNUSED, void *slot)
{
	struct cpu_max *max = slot;
	const char *at = text;
	int64_t quota = option_limits_number(&at), period = PERCENT_PERIOD_US;

	if (str_equal(at, "%")) {
		if (quota < 1 || quota > PERCENT_MAX)
			return -1;
		quota *= PERCENT_PERIOD_US / 100;
	} else {
		if (*at++ != '/')
			return -1;
		period = option_limits_number(&at);
		if (*at != '\0' || period < PERIOD_MIN_US || period > PERIOD_MAX_US ||
		    quota < QUOTA_MIN_US || quota > QUOTA_MAX_US)
			return -1;
	}
	*max = (struct cpu_max){ quota, period };
	return 0;
}

static char *
option_limits_cpu_print(const void *slot)
{
	const struct cpu_max *max = slot;

	if (max->period_us == PERCENT_PERIOD_US &&
	    max->quota_us % (PERCENT_PERIOD_US / 100) == 0)
		return xasprintf(
		    "%lld%%", (long long)(max->quota_us / (PERCENT_PERIOD_US / 100)));
	return xasprintf("%lld/%lld", (long long)max->quota_us, (long long)max->period_us);
}

const struct conf_type conf_memory = {
	.name = "size", .size = sizeof(int64_t), .number = str_to_size,
	.low = 64 * 1024, .high = INT64_MAX, .print = option_limits_size_print,
	.refusal = { "not a valid limit of memory: ", " (a size of at least 64KB)" },
};
const struct conf_type conf_weight = {
	.name = "integer", .size = sizeof(int64_t), .number = str_to_int,
	.low = 1, .high = 10000,
	.refusal = { "not a valid weight: ", " (1 to 10000)" },
};
const struct conf_type conf_pids = {
	.name = "integer", .size = sizeof(int64_t), .number = str_to_int,
	.low = 1, .high = 4194304,
	.refusal = { "not a valid number of processes: ", " (1 to 4194304)" },
};
const struct conf_type conf_cpu_max = {
	.name = "share", .size = sizeof(struct cpu_max),
	.decode = option_limits_cpu_decode, .print = option_limits_cpu_print,
	.refusal = { "not a valid cpu_max: ",
	    " (a percentage such as 150%, or QUOTA/PERIOD in microseconds)" },
};
