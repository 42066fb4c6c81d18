#include "master/config/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MEMORY_MAX, MEMORY_HIGH, CPU_MAX, CPU_WEIGHT, IO_WEIGHT, PIDS_MAX };

const struct limit limits[LIMITS] = {
	[MEMORY_MAX] = { "memory_max", "memory", "memory.max", "max" },
	[MEMORY_HIGH] = { "memory_high", "memory", "memory.high", "max" },
	[CPU_MAX] = { "cpu_max", "cpu", "cpu.max", "max" },
	[CPU_WEIGHT] = { "cpu_weight", "cpu", "cpu.weight", "100" },
	[IO_WEIGHT] = { "io_weight", "io", "io.weight", "default 100" },
	[PIDS_MAX] = { "pids_max", "pids", "pids.max", "max" },
};

bool
limits_text(const struct process_config *process, size_t i, char text[LIMITS_TEXT])
{
	const struct limits_config *config = &process->limits;
	const int64_t values[LIMITS] = {
		[MEMORY_MAX] = config->memory_max,
		[MEMORY_HIGH] = config->memory_high,
		[CPU_MAX] = config->cpu_max.quota_us,
		[CPU_WEIGHT] = config->cpu_weight,
		[IO_WEIGHT] = config->io_weight,
		[PIDS_MAX] = config->pids_max,
	};

	if (values[i] == 0)
		return false;
	if (i == CPU_MAX)
		snprintf(text, LIMITS_TEXT, "%" PRId64 " %" PRId64, values[i],
		    config->cpu_max.period_us);
	else
		snprintf(text, LIMITS_TEXT, "%s%" PRId64, i == IO_WEIGHT ? "default " : "",
		    values[i]);
	return true;
}

bool
limits_exist(const struct process_config *process)
{
	static const struct limits_config none;

	return memcmp(&process->limits, &none, sizeof(none)) != 0;
}

bool
limits_need_cgroup(const struct process_config *process)
{
	return process->killmode == KILL_CGROUP || limits_exist(process);
}
