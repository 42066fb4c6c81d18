#include "ctl/commands/show.h"

#include "common/mem.h"
#include "ctl/commands/exitcode.h"

#include <stdlib.h>
#include <string.h>

#define SHOW_NAME_MIN 30
#define SHOW_NAME_GAP 3
#define SHOW_STATE_WIDTH 10
#define SHOW_LINE 79

#define NO_PROCESS "no such process"
#define NOT_RUNNING "not running"

/* The texts of a fault for each action, and of success (FAULT_NONE). NULL: supervisorctl
 * has no text. */
static const struct {
	enum fault fault;
	const char *of[SHOW_ACTION_MAX];
} words[] = {
	{ FAULT_NONE, { "started", "stopped", "signalled", "cleared" } },
	{ FAULT_BAD_NAME, { NO_PROCESS, NO_PROCESS, NO_PROCESS, NO_PROCESS } },
	{ FAULT_NOT_RUNNING, { NULL, NOT_RUNNING, NOT_RUNNING, NOT_RUNNING } },
	{ FAULT_NO_FILE, { [SHOW_START] = "no such file" } },
	{ FAULT_NOT_EXECUTABLE, { [SHOW_START] = "file is not executable" } },
	{ FAULT_ALREADY_STARTED, { [SHOW_START] = "already started" } },
	{ FAULT_SPAWN_ERROR, { [SHOW_START] = "spawn error" } },
	{ FAULT_ABNORMAL_TERMINATION, { [SHOW_START] = "abnormal termination" } },
	{ FAULT_BAD_SIGNAL, { [SHOW_SIGNAL] = "bad signal name" } },
	{ FAULT_FAILED, { [SHOW_CLEAR] = "failed" } },
};

/* The number of characters, as Python counts them. */
static int
show_width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void
show_padded(FILE *out, const char *text, int wanted)
{
	int have = show_width(text);

	fprintf(out, "%s%*s", text, have < wanted ? wanted - have : 0, "");
}

/* The width of the column that begins with this name. */
static int
show_column_width(const char *const *names, size_t n, size_t rows, size_t column)
{
	int widest = 0;

	for (size_t i = column * rows; i < (column + 1) * rows && i < n; i++)
		if (show_width(names[i]) > widest)
			widest = show_width(names[i]);
	return widest;
}

static bool
show_columns_fit(const char *const *names, size_t n, size_t rows)
{
	int total = -2;

	for (size_t c = 0; c * rows < n; c++)
		total += show_column_width(names, n, rows, c) + 2;
	return total <= SHOW_LINE;
}

void
show_columns(FILE *out, const char *const *names, size_t n)
{
	size_t rows = 1;

	while (rows < n && !show_columns_fit(names, n, rows))
		rows++;
	for (size_t r = 0; r < rows && n > 0; r++) {
		for (size_t c = 0; c * rows + r < n; c++) {
			int wide = show_column_width(names, n, rows, c);
			fputs(c > 0 ? "  " : "", out);
			show_padded(out, names[c * rows + r], wide);
		}
		fputc('\n', out);
	}
}

const char *
show_colour(enum process_state state)
{
	if (state == PROCESS_RUNNING)
		return "\033[32m";
	if (state == PROCESS_STARTING || state == PROCESS_STOPPING)
		return "\033[33m";
	return state == PROCESS_STOPPED || state == PROCESS_EXITED ? "\033[2m" : "\033[31m";
}

char *
show_description(const struct process_info *row, int64_t now)
{
	char *description = process_info_description(row, now), *exit, *text;

	if (description == NULL || !process_info_is_ended(row))
		return description;
	exit = row->failure != NULL && *row->failure != '\0' ? strdup(row->failure) :
							       process_info_last_exit(row);
	if (exit == NULL || *exit == '\0') {
		free(exit);
		return description;
	}
	text = xasprintf("%s%s%s", description, *description != '\0' ? ", " : "", exit);
	free(exit);
	free(description);
	return text;
}

void
show_status(FILE *out, const struct process_info *const *rows, size_t n, int64_t now,
    struct show_style style)
{
	char **names = xcalloc(n + 1, sizeof(*names)), *description;
	int widest = SHOW_NAME_MIN;

	for (size_t i = 0; i < n; i++) {
		names[i] = namespec_join(rows[i]->group, rows[i]->name);
		if (show_width(names[i]) > widest)
			widest = show_width(names[i]);
	}
	for (size_t i = 0; i < n; i++) {
		description = style.exits ? show_description(rows[i], now) :
					    process_info_description(rows[i], now);
		show_padded(out, names[i], widest + SHOW_NAME_GAP);
		fprintf(out, "%s%-*s%s%s\n",
		    style.colour ? show_colour(rows[i]->state) : "", SHOW_STATE_WIDTH,
		    process_state_name(rows[i]->state), style.colour ? "\033[0m" : "",
		    description != NULL ? description : "");
		free(description);
		free(names[i]);
	}
	free(names);
}

/* New: the exit status; null if it is not known. supervisord has 0 for a process that ended
 * too early. */
static json_t *
show_exitstatus_json(const struct process_info *row)
{
	if (process_info_is_ended(row) && row->last_signal >= 0)
		return json_integer(row->last_status);
	if (row->state == PROCESS_BACKOFF || row->state == PROCESS_FATAL)
		return json_null();
	return json_integer(row->exitstatus);
}

/* Adds the members that supervisord does not have. */
static void
show_add_json(
    json_t *object, const struct process_info *row, const struct process_stats *stats)
{
	/* A supervisord has no others. */
	if (row->id != 0) {
		json_object_set_new(object, "ready", json_boolean(row->ready));
		json_object_set_new(object, "health",
		    json_string(state_word_name(state_health_words, (int)row->health)));
		json_object_set_new(object, "waiting_for", json_string(row->waiting_for));
		json_object_set_new(
		    object, "next_start", json_integer((json_int_t)row->next_start));
		json_object_set_new(
		    object, "restarts", json_integer((json_int_t)row->restarts));
		json_object_set_new(object, "paused", json_boolean(row->paused));
	}
	if (stats != NULL)
		mem_must(process_stats_add(object, stats) == -1);
}

static json_t *
show_row_json(const struct process_info *row, int64_t now)
{
	char *name = namespec_join(row->group, row->name);
	char *description = process_info_description(row, now);
	char *exit = process_info_last_exit(row);
	json_t *object = json_pack("{ss, ss, ss, ss, ss*, si, sI, sI, so, ss*, ss, ss*, "
				   "ss, ss}",
	    "name", name, "group", row->group, "process", row->name, "state",
	    process_state_name(row->state), "description", description, "pid",
	    (int)row->pid, "start", (json_int_t)row->start, "stop", (json_int_t)row->stop,
	    "exitstatus", show_exitstatus_json(row), "last_exit", exit, "spawnerr",
	    row->spawnerr, "failure", row->failure, "stdout_logfile", row->stdout_logfile,
	    "stderr_logfile", row->stderr_logfile);

	free(exit);
	free(description);
	free(name);
	return object;
}

void
show_json(FILE *out, const struct process_info *const *rows, size_t n, int64_t now,
    const struct server_stats *stats)
{
	fputc('[', out);
	for (size_t i = 0; i < n; i++) {
		json_t *object = show_row_json(rows[i], now);
		show_add_json(object, rows[i], server_stats_find(stats, rows[i]));
		fputs(i > 0 ? ",\n " : "", out);
		(void)json_dumpf(object, out, JSON_REAL_PRECISION(12));
		json_decref(object);
	}
	fputs("]\n", out);
}

void
show_daemon(FILE *out, const struct daemon_info *d)
{
	if (d->state == DAEMON_RUNNING)
		return;
	fprintf(out, "daemon state: %s%s%s\n", daemon_state_name(d->state),
	    *d->fatal_reason != '\0' ? ", " : "", d->fatal_reason);
}

bool
show_outcome(FILE *out, enum show_action action, const char *group, const char *name,
    enum fault fault, const char *text)
{
	const char *wording = NULL;
	bool success = fault == FAULT_NONE || fault == FAULT_SUCCESS;
	char *spec;

	for (size_t i = 0; i < nitems(words); i++)
		if (words[i].fault == (success ? FAULT_NONE : fault))
			wording = words[i].of[action];
	if (wording == NULL && fault == FAULT_FAILED &&
	    (action == SHOW_STOP || action == SHOW_SIGNAL)) {
		fprintf(out, "%s\n", text);
		return true;
	}
	if (wording == NULL)
		return false;
	spec = namespec_join(group, name);
	fprintf(out, success ? "%s: %s\n" : "%s: ERROR (%s)\n", spec, wording);
	free(spec);
	return true;
}

void
show_cancelled(FILE *out, const char *group, const char *name)
{
	char *spec = namespec_join(group, name);

	fprintf(out, "%s: ERROR (not running) (pending restart cancelled)\n", spec);
	free(spec);
}

void
show_failure(FILE *out, const struct process_info *row)
{
	char *name = namespec_join(row->group, row->name);
	char *exit = process_info_last_exit(row);
	bool out_log = *row->stdout_logfile != '\0', err_log = *row->stderr_logfile != '\0';

	if (*row->failure != '\0')
		fprintf(out, "%s: %s\n", name, row->failure);
	else if (!process_info_is_ended(row) || exit == NULL || *exit == '\0')
		fprintf(out, "%s: %s\n", name, row->spawnerr);
	else if (out_log || err_log)
		fprintf(out, "%s: %s; its output: tail %s%s%s\n", name, exit, name,
		    out_log ? "" : " stderr", out_log && err_log ? " [stderr]" : "");
	else
		fprintf(out, "%s: %s\n", name, exit);
	free(exit);
	free(name);
}

const char *
show_log_fault(enum fault fault, bool of_process)
{
	if (fault == FAULT_NO_FILE)
		return "no log file";
	if (fault == FAULT_FAILED)
		return "unknown error reading log";
	return fault == FAULT_BAD_NAME && of_process ? "no such process name" : NULL;
}

int
show_exit(enum show_action action, enum fault fault, int before)
{
	static const enum fault ignored[SHOW_ACTION_MAX] = {
		[SHOW_START] = FAULT_ALREADY_STARTED,
		[SHOW_STOP] = FAULT_NOT_RUNNING,
		[SHOW_CLEAR] = FAULT_NOT_RUNNING,
	};

	if (fault == FAULT_NONE || fault == FAULT_SUCCESS || fault == ignored[action])
		return before;
	if (fault == FAULT_SPAWN_ERROR || fault == FAULT_ABNORMAL_TERMINATION ||
	    fault == FAULT_NOT_RUNNING)
		return EXIT_NOT_RUNNING;
	return EXIT_GENERIC;
}
