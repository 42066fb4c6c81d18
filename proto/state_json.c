#include "proto/state.h"

#include "common/str.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- a row as text ----
 *
 * It is written too often for a tree of its values: whenever a process changes, and for
 * thousands of them when somebody asks for a snapshot. */

/* No escapes, and UTF-8 without looking. */
static bool
state_is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

static int
state_take_bytes(const char *bytes, size_t n, void *out)
{
	return buf_append(out, bytes, n);
}

static int
state_write_quoted(struct buf *out, const char *text)
{
	json_t *string = json_string(text);
	int failed;

	if (string == NULL) {
		errno = str_is_utf8(text, strlen(text)) ? ENOMEM : EINVAL;
		return -1;
	}
	failed = json_dump_callback(string, state_take_bytes, out, JSON_ENCODE_ANY);
	json_decref(string);
	return failed;
}

static int
state_write_text(struct buf *out, const char *key, const char *text)
{
	if (state_is_plain(text))
		return buf_printf(out, ",\"%s\":\"%s\"", key, text);
	return buf_printf(out, ",\"%s\":", key) == -1 ? -1 : state_write_quoted(out, text);
}

static int
state_write_members(struct buf *out, const struct process_info *info, bool whole)
{
	const struct {
		const char *key;
		int64_t value;
	} numbers[] = {{"pid", info->pid}, {"start", info->start}, {"stop", info->stop},
	    {"exitstatus", info->exitstatus}};
	const struct {
		const char *key, *value;
	} texts[] = {{"spawnerr", info->spawnerr}, {"stopped_at", info->stopped_at},
	    {"stdout_logfile", info->stdout_logfile},
	    {"stderr_logfile", info->stderr_logfile}};
	int failed = 0;

	if (whole || info->last_spawn != 0 || info->verdict != VERDICT_NONE)
		failed |= buf_printf(out, ",\"last\":{\"spawn\":%" PRIu64
		    ",\"verdict\":\"%s\"}", info->last_spawn, verdict_name(info->verdict));
	for (size_t i = 0; i < nitems(numbers); i++)
		if (whole || numbers[i].value != 0)
			failed |= buf_printf(out, ",\"%s\":%" PRId64, numbers[i].key,
			    numbers[i].value);
	for (size_t i = 0; i < nitems(texts); i++)
		if (whole || *texts[i].value != '\0')
			failed |= state_write_text(out, texts[i].key, texts[i].value);
	if (whole || !info->fed_by_pipe)
		failed |= buf_printf(out, ",\"fed_by_pipe\":%s",
		    info->fed_by_pipe ? "true" : "false");
	return failed;
}

int
process_info_write(struct buf *out, const struct process_info *info, bool whole)
{
	size_t before = buf_len(out);
	int failed = 0;

	failed |= buf_printf(out, "{\"id\":%" PRIu64 ",\"spawn\":%" PRIu64
	    ",\"state\":\"%s\"", info->id, info->spawn, process_state_name(info->state));
	failed |= state_write_text(out, "group", info->group);
	failed |= state_write_text(out, "name", info->name);
	failed |= state_write_members(out, info, whole);
	failed |= buf_putc(out, '}');
	if (failed != 0)
		out->len = before;
	return failed;
}

/* ---- and back ---- */

/* Replaces strings that are still the JSON's by copies of our own, all or none. */
static int
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

/* The row with its strings still borrowed from the JSON. */
static int
state_unpack_process(const json_t *json, struct process_info *info)
{
	json_int_t id, spawn, last = 0, pid = 0, start = 0, stop = 0, exitstatus = 0;
	const char *state, *verdict = verdict_name(VERDICT_NONE);
	int known, judged, fed = true;

	if (json_unpack((json_t *)(uintptr_t)json,
		"{sI, ss, ss, ss, sI, s?{sI, ss}, s?I, s?I, s?I, s?I, s?s, s?s, s?s, s?s, "
		"s?b}",
		"id", &id, "group", &info->group, "name", &info->name, "state", &state,
		"spawn", &spawn, "last", "spawn", &last, "verdict", &verdict,
		"pid", &pid, "start", &start, "stop", &stop, "exitstatus", &exitstatus,
		"spawnerr", &info->spawnerr, "stopped_at", &info->stopped_at,
		"stdout_logfile", &info->stdout_logfile,
		"stderr_logfile", &info->stderr_logfile, "fed_by_pipe", &fed) == -1)
		return -1;
	known = process_state_parse(state);
	judged = verdict_parse(verdict);
	if (known == -1 || judged == -1 || id <= 0 || spawn < 0 || last < 0 || pid < 0 ||
	    pid > INT_MAX || exitstatus < INT_MIN || exitstatus > INT_MAX)
		return -1;
	info->id = (uint64_t)id;
	info->spawn = (uint64_t)spawn;
	info->last_spawn = (uint64_t)last;
	info->verdict = (enum verdict)judged;
	info->state = (enum process_state)known;
	info->pid = (pid_t)pid;
	info->start = start;
	info->stop = stop;
	info->exitstatus = (int)exitstatus;
	info->fed_by_pipe = fed;
	return 0;
}

int
process_info_read(const json_t *json, struct process_info *info)
{
	static char none[] = "";
	struct process_info got = {.spawnerr = none, .stopped_at = none,
	    .stdout_logfile = none, .stderr_logfile = none};
	char **strings[] = {
		&got.group, &got.name, &got.spawnerr, &got.stopped_at,
		&got.stdout_logfile, &got.stderr_logfile,
	};

	*info = (struct process_info){0};
	errno = EINVAL;
	if (state_unpack_process(json, &got) == -1 ||
	    state_own_strings(strings, nitems(strings)) == -1)
		return -1;
	*info = got;
	return 0;
}

/* ---- the daemon ---- */

json_t *
daemon_info_write(const struct daemon_info *info)
{
	return json_pack("{si, ss, sI, ss, ss, sb}",
	    "state", (int)info->state,
	    "fatal_reason", info->fatal_reason,
	    "pid", (json_int_t)info->pid,
	    "identifier", info->identifier,
	    "logfile", info->logfile,
	    "has_main_interface", info->has_main_interface);
}

int
daemon_info_read(const json_t *json, struct daemon_info *info)
{
	struct daemon_info got = {0};
	char **strings[] = {&got.fatal_reason, &got.identifier, &got.logfile};
	json_int_t state, pid;
	int main_interface;

	*info = (struct daemon_info){0};
	errno = EINVAL;
	if (json_unpack((json_t *)(uintptr_t)json, "{sI, ss, sI, ss, ss, sb}",
		"state", &state, "fatal_reason", &got.fatal_reason, "pid", &pid,
		"identifier", &got.identifier, "logfile", &got.logfile,
		"has_main_interface", &main_interface) == -1 ||
	    !daemon_state_is_known(state) || pid < 0 || pid > INT_MAX ||
	    state_own_strings(strings, nitems(strings)) == -1)
		return -1;
	got.state = (enum daemon_state)state;
	got.pid = (pid_t)pid;
	got.has_main_interface = main_interface;
	*info = got;
	return 0;
}
