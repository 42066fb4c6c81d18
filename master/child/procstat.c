#include "master/child/procstat.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* Members after the name, counted from the state, which is 0 (proc_pid_stat(5) counts from
 * 3). */
enum procstat_member {
	PROCSTAT_PARENT = 1,
	PROCSTAT_GROUP = 2,
	PROCSTAT_SESSION = 3,
	PROCSTAT_UTIME = 11,
	PROCSTAT_STIME = 12,
	PROCSTAT_CUTIME = 13,
	PROCSTAT_CSTIME = 14,
	PROCSTAT_START = 19,
	PROCSTAT_RSS = 21,
	PROCSTAT_MEMBERS
};

/* Reads a number at *at, which ends at a blank, a newline or `end`. */
static bool
procstat_number(const char **at, const char *end, int64_t *number)
{
	const char *c = *at, *first;
	bool negative = c < end && *c == '-';

	*number = 0;
	first = c += negative;
	for (; c < end && *c >= '0' && *c <= '9'; c++) {
		if (*number > (INT64_MAX - 9) / 10)
			return false;
		*number = *number * 10 + (*c - '0');
	}
	if (negative)
		*number = -*number;
	*at = c;
	return c > first && (c == end || *c == ' ' || *c == '\n');
}

/* Reads the members after the state. */
static bool
procstat_members(const char *at, const char *end, int64_t members[PROCSTAT_MEMBERS])
{
	for (int i = PROCSTAT_PARENT; i < PROCSTAT_MEMBERS; i++) {
		if (at == end || *at != ' ')
			return false;
		at++;
		if (!procstat_number(&at, end, &members[i]))
			return false;
	}
	return true;
}

static bool
procstat_is_pid(int64_t number)
{
	return number >= 0 && number <= INT_MAX;
}

int
procstat_parse(const char *text, size_t n, struct procstat *stat)
{
	const char *end = text + n, *at = text;
	const char *name_end = memrchr(text, ')', n);
	int64_t pid, members[PROCSTAT_MEMBERS];

	/* "PID (NAME) S PPID …": only the last parenthesis ends the name. */
	if (!procstat_number(&at, end, &pid) || !procstat_is_pid(pid) || end - at < 2 ||
	    memcmp(at, " (", 2) != 0 || name_end == NULL || end - name_end < 3 ||
	    name_end[1] != ' ' || !procstat_members(name_end + 3, end, members))
		return -1;
	for (int i = PROCSTAT_UTIME; i <= PROCSTAT_CSTIME; i++)
		if (members[i] < 0)
			return -1;
	if (!procstat_is_pid(members[PROCSTAT_PARENT]))
		return -1;
	*stat = (struct procstat){
		.pid = (pid_t)pid,
		.parent = (pid_t)members[PROCSTAT_PARENT],
		/* -1 or 0 in a process whose group is not in this pid namespace. */
		.group = (pid_t)members[PROCSTAT_GROUP],
		.session = (pid_t)members[PROCSTAT_SESSION],
		.state = name_end[2],
		.start = (uint64_t)members[PROCSTAT_START],
		.ticks = (uint64_t)members[PROCSTAT_UTIME] +
		    (uint64_t)members[PROCSTAT_STIME] + (uint64_t)members[PROCSTAT_CUTIME] +
		    (uint64_t)members[PROCSTAT_CSTIME],
		.pages = members[PROCSTAT_RSS] > 0 ? members[PROCSTAT_RSS] : 0,
	};
	return 0;
}
