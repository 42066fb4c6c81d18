#include "proto/state.h"

#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct state_word state_process_words[] = {
	{PROCESS_STOPPED, "STOPPED"},
	{PROCESS_STARTING, "STARTING"},
	{PROCESS_RUNNING, "RUNNING"},
	{PROCESS_BACKOFF, "BACKOFF"},
	{PROCESS_STOPPING, "STOPPING"},
	{PROCESS_EXITED, "EXITED"},
	{PROCESS_FATAL, "FATAL"},
	{PROCESS_UNKNOWN, "UNKNOWN"},
	{0, NULL},
};

const struct state_word state_daemon_words[] = {
	{DAEMON_SHUTDOWN, "SHUTDOWN"},
	{DAEMON_RESTARTING, "RESTARTING"},
	{DAEMON_RUNNING, "RUNNING"},
	{DAEMON_FATAL, "FATAL"},
	{INT_MAX, "UNKNOWN"},
	{0, NULL},
};

const struct state_word state_verdict_words[] = {
	{VERDICT_NONE, "none"},
	{VERDICT_RUNNING, "running"},
	{VERDICT_EXITED_EARLY, "exited-early"},
	{VERDICT_SPAWN_FAILED, "spawn-failed"},
	{VERDICT_STOPPED, "stopped"},
	{VERDICT_UNKNOWN, "unknown"},
	{0, NULL},
};

const struct state_word state_health_words[] = {
	{HEALTH_NONE, "none"},
	{HEALTH_STARTING, "starting"},
	{HEALTH_HEALTHY, "healthy"},
	{HEALTH_UNHEALTHY, "unhealthy"},
	{HEALTH_UNKNOWN, "unknown"},
	{0, NULL},
};

const struct state_word state_reason_words[] = {
	{REASON_NONE, "none"},
	{REASON_OUT_OF_MEMORY, "out-of-memory"},
	{REASON_UNKNOWN, "unknown"},
	{0, NULL},
};

const char *
state_word_name(const struct state_word *words, int code)
{
	while (words->code != code && words[1].name != NULL)
		words++;
	return words->name;
}

int
state_word_code(const struct state_word *words, const char *name)
{
	for (; words->name != NULL; words++)
		if (strcmp(words->name, name) == 0)
			return words->code;
	return -1;
}

int
verdict_parse(const char *name)
{
	return state_word_code(state_verdict_words, name);
}

bool
process_state_is_stopped(enum process_state state)
{
	return state == PROCESS_STOPPED || state == PROCESS_EXITED ||
	    state == PROCESS_FATAL || state == PROCESS_UNKNOWN;
}

bool
process_state_is_running(enum process_state state)
{
	return state == PROCESS_STARTING || state == PROCESS_RUNNING ||
	    state == PROCESS_BACKOFF;
}

bool
process_state_is_signallable(enum process_state state)
{
	return state == PROCESS_STARTING || state == PROCESS_RUNNING ||
	    state == PROCESS_STOPPING;
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
	const char *more =
	    info->last_reason == REASON_OUT_OF_MEMORY ? " (out of memory)" : "";
	char name[32];

	if (info->stop == 0 || info->last_signal < 0)
		return strdup("");
	if (info->last_signal == 0)
		return mem_printf("exit status %d%s", info->last_status, more);
	return mem_printf("killed by %s%s", str_signal_name(info->last_signal, name), more);
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

size_t
state_text_len(const char *text)
{
	size_t len = strnlen(text, STATE_TEXT_MAX + 1);

	return len <= STATE_TEXT_MAX ? len : str_utf8_cut(text, STATE_TEXT_MAX);
}

int
state_copy_texts(char **texts[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *copy = strdup(*texts[i]);

		if (copy == NULL) {
			while (i-- > 0)
				free(*texts[i]);
			return -1;
		}
		*texts[i] = copy;
	}
	return 0;
}

static int
state_texts_to_utf8(char **texts[], size_t n)
{
	int replaced = 0;

	for (size_t i = 0; i < n; i++) {
		char *text;

		if (str_is_utf8(*texts[i], strlen(*texts[i])))
			continue;
		text = str_to_utf8(*texts[i]);
		if (text == NULL)
			return -1;
		free(*texts[i]);
		*texts[i] = text;
		replaced = 1;
	}
	return replaced;
}

void
process_info_texts(struct process_info *info, char **texts[PROCESS_INFO_TEXTS])
{
	char **all[PROCESS_INFO_TEXTS] = {
		&info->group, &info->name, &info->spawnerr, &info->failure,
		&info->stopped_at, &info->stdout_logfile, &info->stderr_logfile,
		&info->waiting_for,
	};

	memcpy(texts, all, sizeof(all));
}

int
process_info_to_utf8(struct process_info *info)
{
	char **texts[PROCESS_INFO_TEXTS];

	process_info_texts(info, texts);
	return state_texts_to_utf8(texts, nitems(texts));
}

int
daemon_info_to_utf8(struct daemon_info *info)
{
	char **texts[] = { &info->fatal_reason, &info->identifier, &info->logfile };

	return state_texts_to_utf8(texts, nitems(texts));
}

void
process_info_clear(struct process_info *info)
{
	char **texts[PROCESS_INFO_TEXTS];

	process_info_texts(info, texts);
	for (size_t i = 0; i < nitems(texts); i++)
		free(*texts[i]);
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
	return json_pack("{si, ss%, sI, sI, ss%, ss%, sb}", "state", (int)info->state,
	    "fatal_reason", info->fatal_reason, state_text_len(info->fatal_reason), "pid",
	    (json_int_t)info->pid, "start", (json_int_t)info->start, "identifier",
	    info->identifier, state_text_len(info->identifier), "logfile", info->logfile,
	    state_text_len(info->logfile), "has_main_interface", info->has_main_interface);
}

int
daemon_info_read(const json_t *json, struct daemon_info *info)
{
	struct daemon_info got = { 0 };
	char **texts[] = { &got.fatal_reason, &got.identifier, &got.logfile };
	json_int_t state, pid, start = 0;
	int main_interface;

	*info = (struct daemon_info){ 0 };
	errno = EINVAL;
	if (json_unpack((json_t *)(uintptr_t)json, "{sI, ss, sI, s?I, ss, ss, sb}", "state",
		&state, "fatal_reason", &got.fatal_reason, "pid", &pid, "start", &start,
		"identifier", &got.identifier, "logfile", &got.logfile,
		"has_main_interface", &main_interface) == -1 ||
	    state < INT_MIN || state > INT_MAX || pid < 0 || pid > INT_MAX || start < 0 ||
	    state_copy_texts(texts, nitems(texts)) == -1)
		return -1;
	got.state = (enum daemon_state)state;
	got.pid = (pid_t)pid;
	got.start = start;
	got.has_main_interface = main_interface;
	*info = got;
	return 0;
}
