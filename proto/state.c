#include "proto/state.h"

#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state_class {
	STATE_STOPPED = 1 << 0,
	STATE_RUNNING = 1 << 1,
	STATE_SIGNALLABLE = 1 << 2,
};

static const struct state_row {
	enum process_state state;
	const char *name;
	unsigned classes;
} state_rows[] = {
	{PROCESS_STOPPED, "STOPPED", STATE_STOPPED},
	{PROCESS_STARTING, "STARTING", STATE_RUNNING | STATE_SIGNALLABLE},
	{PROCESS_RUNNING, "RUNNING", STATE_RUNNING | STATE_SIGNALLABLE},
	{PROCESS_BACKOFF, "BACKOFF", STATE_RUNNING},
	{PROCESS_STOPPING, "STOPPING", STATE_SIGNALLABLE},
	{PROCESS_EXITED, "EXITED", STATE_STOPPED},
	{PROCESS_FATAL, "FATAL", STATE_STOPPED},
	{PROCESS_UNKNOWN, "UNKNOWN", STATE_STOPPED},
};

static const char *const state_daemons[] = {
	[DAEMON_SHUTDOWN - DAEMON_SHUTDOWN] = "SHUTDOWN",
	[DAEMON_RESTARTING - DAEMON_SHUTDOWN] = "RESTARTING",
	[DAEMON_RUNNING - DAEMON_SHUTDOWN] = "RUNNING",
	[DAEMON_FATAL - DAEMON_SHUTDOWN] = "FATAL",
};

static const char *const state_verdicts[] = {
	[VERDICT_NONE] = "none",
	[VERDICT_RUNNING] = "running",
	[VERDICT_EXITED_EARLY] = "exited-early",
	[VERDICT_SPAWN_FAILED] = "spawn-failed",
	[VERDICT_STOPPED] = "stopped",
	[VERDICT_UNKNOWN] = "unknown",
};

static const char *const state_healths[] = {
	[HEALTH_NONE] = "none",
	[HEALTH_STARTING] = "starting",
	[HEALTH_HEALTHY] = "healthy",
	[HEALTH_UNHEALTHY] = "unhealthy",
	[HEALTH_UNKNOWN] = "unknown",
};

static const struct state_row *
state_row_of(enum process_state state)
{
	for (size_t i = 0; i < nitems(state_rows); i++)
		if (state_rows[i].state == state)
			return &state_rows[i];
	return NULL;
}

static bool
state_is(enum process_state state, enum state_class class)
{
	const struct state_row *row = state_row_of(state);

	return row != NULL && (row->classes & class) != 0;
}

const char *
process_state_name(enum process_state state)
{
	const struct state_row *row = state_row_of(state);

	return row != NULL ? row->name : "UNKNOWN";
}

int
process_state_parse(const char *name)
{
	for (size_t i = 0; i < nitems(state_rows); i++)
		if (strcmp(state_rows[i].name, name) == 0)
			return (int)state_rows[i].state;
	return -1;
}

bool
process_state_is_stopped(enum process_state state)
{
	return state_is(state, STATE_STOPPED);
}

bool
process_state_is_running(enum process_state state)
{
	return state_is(state, STATE_RUNNING);
}

bool
process_state_is_signallable(enum process_state state)
{
	return state_is(state, STATE_SIGNALLABLE);
}

const char *
daemon_state_name(enum daemon_state state)
{
	size_t i = (size_t)(state - DAEMON_SHUTDOWN);

	return i < nitems(state_daemons) ? state_daemons[i] : "UNKNOWN";
}

const char *
verdict_name(enum verdict verdict)
{
	return (size_t)verdict < nitems(state_verdicts) ? state_verdicts[verdict] : "none";
}

int
verdict_parse(const char *name)
{
	return str_index(name, state_verdicts, nitems(state_verdicts));
}

const char *
health_name(enum health health)
{
	return (size_t)health < nitems(state_healths) ? state_healths[health] : "unknown";
}

int
health_parse(const char *name)
{
	return str_index(name, state_healths, nitems(state_healths));
}

static char *
state_uptime(pid_t pid, int64_t seconds)
{
	int64_t days, rest;
	char ago[40] = "";

	if (seconds < 0)
		seconds = 0;
	days = seconds / 86400;
	rest = seconds % 86400;
	if (days > 0)
		(void)snprintf(ago, sizeof(ago), "%lld day%s, ", (long long)days,
		    days == 1 ? "" : "s");
	return mem_printf("pid %ld, uptime %s%d:%02d:%02d", (long)pid, ago,
	    (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

char *
process_info_description(const struct process_info *info, int64_t now)
{
	if (info->state == PROCESS_RUNNING)
		return state_uptime(info->pid, now - info->start);
	if (info->state == PROCESS_FATAL || info->state == PROCESS_BACKOFF)
		return *info->spawnerr != '\0' ?
		    strdup(info->spawnerr) :
		    mem_printf("unknown error (try \"tail %s\")", info->name);
	if (info->state == PROCESS_STOPPED || info->state == PROCESS_EXITED)
		return strdup(info->stopped_at);
	return strdup("");
}

char *
process_info_last_exit(const struct process_info *info)
{
	char name[32];

	if (info->stop == 0 || info->last_signal < 0)
		return strdup("");
	if (info->last_signal == 0)
		return mem_printf("exit status %d", info->last_status);
	return mem_printf("killed by %s", str_signal_name(info->last_signal, name));
}

bool
process_info_is_ended(const struct process_info *info)
{
	bool failed =
	    info->verdict == VERDICT_SPAWN_FAILED && info->last_spawn == info->spawn;

	return info->stop != 0 && !failed &&
	    (info->state == PROCESS_BACKOFF || process_state_is_stopped(info->state));
}

char *
namespec_join(const char *group, const char *name)
{
	return strcmp(group, name) == 0 ? strdup(name) : mem_printf("%s:%s", group, name);
}

void
namespec_split(const char *spec, char **group, char **name)
{
	const char *colon = strchr(spec, ':');
	const char *process = colon != NULL ? colon + 1 : spec;
	bool whole = colon != NULL && (*process == '\0' || strcmp(process, "*") == 0);

	*group = colon != NULL ? strndup(spec, (size_t)(colon - spec)) : strdup(spec);
	*name = whole || *group == NULL ? NULL : strdup(process);
	if (!whole && *name == NULL) {
		free(*group);
		*group = NULL;
	}
}

/* Replaces strings that are still the JSON's by copies of our own, all or none. */
int
state_own_strings(char **strings[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *copy = strdup(*strings[i]);

		if (copy == NULL) {
			while (i-- > 0)
				free(*strings[i]);
			return -1;
		}
		*strings[i] = copy;
	}
	return 0;
}

/* 1 when some were no UTF-8, 0, or -1 with ENOMEM. */
static int
state_mend(char **strings[], size_t n)
{
	int mended = 0;

	for (size_t i = 0; i < n; i++) {
		char *text;

		if (str_is_utf8(*strings[i], strlen(*strings[i])))
			continue;
		text = str_to_utf8(*strings[i]);
		if (text == NULL)
			return -1;
		free(*strings[i]);
		*strings[i] = text;
		mended = 1;
	}
	return mended;
}

void
process_info_strings(struct process_info *info, char **strings[PROCESS_INFO_STRINGS])
{
	char **all[PROCESS_INFO_STRINGS] = {
		&info->group, &info->name, &info->spawnerr, &info->failure,
		&info->stopped_at, &info->stdout_logfile, &info->stderr_logfile,
		&info->waiting_for,
	};

	memcpy(strings, all, sizeof(all));
}

int
process_info_mend(struct process_info *info)
{
	char **strings[PROCESS_INFO_STRINGS];

	process_info_strings(info, strings);
	return state_mend(strings, nitems(strings));
}

int
daemon_info_mend(struct daemon_info *info)
{
	char **strings[] = { &info->fatal_reason, &info->identifier, &info->logfile };

	return state_mend(strings, nitems(strings));
}

void
process_info_clear(struct process_info *info)
{
	char **strings[PROCESS_INFO_STRINGS];

	process_info_strings(info, strings);
	for (size_t i = 0; i < nitems(strings); i++)
		free(*strings[i]);
	*info = (struct process_info){ 0 };
}

void
daemon_info_clear(struct daemon_info *info)
{
	free(info->fatal_reason);
	free(info->identifier);
	free(info->logfile);
	*info = (struct daemon_info){ 0 };
}

json_t *
daemon_info_write(const struct daemon_info *info)
{
	return json_pack("{si, ss, sI, ss, ss, sb}", "state", (int)info->state,
	    "fatal_reason", info->fatal_reason, "pid", (json_int_t)info->pid, "identifier",
	    info->identifier, "logfile", info->logfile, "has_main_interface",
	    info->has_main_interface);
}

int
daemon_info_read(const json_t *json, struct daemon_info *info)
{
	struct daemon_info got = { 0 };
	char **strings[] = { &got.fatal_reason, &got.identifier, &got.logfile };
	json_int_t state, pid;
	int main_interface;

	*info = (struct daemon_info){ 0 };
	errno = EINVAL;
	if (json_unpack((json_t *)(uintptr_t)json, "{sI, ss, sI, ss, ss, sb}", "state",
		&state, "fatal_reason", &got.fatal_reason, "pid", &pid, "identifier",
		&got.identifier, "logfile", &got.logfile, "has_main_interface",
		&main_interface) == -1 ||
	    state < INT_MIN || state > INT_MAX || pid < 0 || pid > INT_MAX ||
	    state_own_strings(strings, nitems(strings)) == -1)
		return -1;
	got.state = (enum daemon_state)state;
	got.pid = (pid_t)pid;
	got.has_main_interface = main_interface;
	*info = got;
	return 0;
}
