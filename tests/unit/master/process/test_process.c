/* Process: runs the scripts in tests/data/process. A line "case NAME key=value…" begins a
 * case with a new process. A line "> COMMAND" acts on it; the lines that follow are the
 * expected records. The scripts must reach every cell of the state table.
 *
 * "test_process FILE" prints the script with the actual records, to write new ones. */
#include "tests/unit/master/recorder.h"

#include "common/mem.h"
#include "common/str.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#define SCRIPTS "tests/data/process/*.txt"

enum event_kind {
	START,
	STOP,
	SHUTDOWN,
	SIGNAL,
	AUTOSTART,
	RESPAWN,
	TIMEOUT,
	REAPED,
	EVENT_KINDS
};

static const enum process_state states[] = { PROCESS_STOPPED, PROCESS_STARTING,
	PROCESS_RUNNING, PROCESS_BACKOFF, PROCESS_STOPPING, PROCESS_EXITED, PROCESS_FATAL,
	PROCESS_UNKNOWN };

static const char *const event_kind_names[EVENT_KINDS] = { "start", "stop", "shutdown",
	"signal", "autostart", "respawn", "timeout", "reaped" };

static const struct group_ops plain;

struct stage {
	struct recorder recorder;
	struct group_config *group_config;
	struct group group;
	struct process *process;
	bool reached[nitems(states)][EVENT_KINDS];
};

/* ---- a case's process ---- */

static void
configure(struct process_config *c, const char *key, const char *value)
{
	int64_t number = strtoll(value, NULL, 10);

	if (strcmp(key, "startsecs") == 0)
		c->startsecs = number;
	else if (strcmp(key, "startretries") == 0)
		c->startretries = number;
	else if (strcmp(key, "stopwaitsecs") == 0)
		c->stopwaitsecs = number;
	else if (strcmp(key, "stopsignal") == 0)
		c->stopsignal = (int)number;
	else if (strcmp(key, "stopasgroup") == 0)
		c->stopasgroup = number != 0;
	else if (strcmp(key, "killasgroup") == 0)
		c->killasgroup = number != 0;
	else if (strcmp(key, "killmode") == 0)
		c->killmode = (enum killmode)number;
	else if (strcmp(key, "autostart") == 0)
		c->autostart = number != 0;
	else if (strcmp(key, "exit_on_fatal") == 0)
		c->exit_on_fatal = number != 0;
	else if (strcmp(key, "main") == 0)
		c->is_main = number != 0;
	else if (strcmp(key, "exitcode") == 0)
		c->exitcodes[0] = (int)number;
	else if (strcmp(key, "autorestart") == 0)
		c->autorestart = strcmp(value, "true") == 0 ? AUTORESTART_TRUE :
		    strcmp(value, "unexpected") == 0        ? AUTORESTART_UNEXPECTED :
							      AUTORESTART_FALSE;
	else
		fail_msg("unknown key %s", key);
}

static void
stage_end(struct stage *s)
{
	if (s->process == NULL)
		return;
	process_free(s->process);
	s->process = NULL;
	group_config_unref(s->group_config);
	recorder_clear(&s->recorder);
}

static void
stage_begin(struct stage *s, char *words)
{
	struct process_config *c = recorder_program("cat", 999);
	char *word, *save = NULL, *equals;

	stage_end(s);
	recorder_init(&s->recorder);
	for (word = strtok_r(words, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save)) {
		if ((equals = strchr(word, '=')) == NULL)
			continue;
		*equals = '\0';
		configure(c, word, equals + 1);
	}
	s->group_config = recorder_group("pets", 999);
	recorder_add(s->group_config, c);
	s->group.config = s->group_config;
	s->group.ops = &plain;
	s->process = process_new(7, &s->group, c, &recorder_ops, &s->recorder);
	assert_non_null(s->process);
}

/* ---- commands ---- */

static void
record_fault(struct stage *s, enum fault fault, char *detail)
{
	recorder_line(&s->recorder, "%s%s%s",
	    fault == FAULT_NONE ? "ok" : fault_name(fault), detail != NULL ? ": " : "",
	    detail != NULL ? detail : "");
	free(detail);
}

static void
do_start(struct stage *s, const char *rest UNUSED)
{
	char *detail = NULL;
	uint64_t spawn = 99;
	enum fault fault = process_start(s->process, &spawn, &detail);

	record_fault(s, fault, detail);
	recorder_line(&s->recorder, "spawn number %llu", (unsigned long long)spawn);
}

static void
do_stop(struct stage *s, const char *rest UNUSED)
{
	char *detail = NULL;
	enum fault fault = process_stop(s->process, &detail);

	record_fault(s, fault, detail);
}

static void
do_signal(struct stage *s, const char *rest)
{
	char *detail = NULL;
	enum fault fault = process_signal(s->process, atoi(rest), &detail);

	record_fault(s, fault, detail);
}

static void
do_shutdown(struct stage *s, const char *rest UNUSED)
{
	process_shutdown(s->process);
}

static void
do_autostart(struct stage *s, const char *rest UNUSED)
{
	process_autostart(s->process);
}

static void
do_respawn(struct stage *s, const char *rest)
{
	if (strcmp(rest, "forced") == 0)
		s->process->respawning = true;
	process_respawn(s->process);
}

static void
do_timeout(struct stage *s, const char *rest)
{
	if (strcmp(rest, "forced") == 0)
		s->process->due_ms = RECORDER_MONO;
	process_timeout(s->process);
}

/* "exit N", "signal N", "core N" */
static void
do_reaped(struct stage *s, const char *rest)
{
	int number = atoi(strchr(rest, ' ') + 1);

	process_reaped(s->process,
	    rest[0] == 'e'     ? number << 8 :
		rest[0] == 'c' ? number | 0x80 :
				 number);
}

static void (*const event_fns[EVENT_KINDS])(struct stage *, const char *) = {
	[START] = do_start, [STOP] = do_stop, [SHUTDOWN] = do_shutdown,
	[SIGNAL] = do_signal, [AUTOSTART] = do_autostart, [RESPAWN] = do_respawn,
	[TIMEOUT] = do_timeout, [REAPED] = do_reaped,
};

static bool
do_event(struct stage *s, const char *word, const char *rest)
{
	size_t state = 0;

	for (int e = 0; e < EVENT_KINDS; e++) {
		if (strcmp(word, event_kind_names[e]) != 0)
			continue;
		while (states[state] != s->process->state)
			state++;
		s->reached[state][e] = true;
		event_fns[e](s, rest);
		recorder_line(&s->recorder, "= %s", process_state_name(s->process->state));
		return true;
	}
	return false;
}

/* Brings the process into the state in which a case begins. */
static void
reach(struct stage *s, const char *name)
{
	enum process_state state = (enum process_state)process_state_parse(name);

	assert_int_not_equal((int)state, -1);
	if (state != PROCESS_STOPPED)
		do_start(s, "");
	if (state == PROCESS_BACKOFF || state == PROCESS_FATAL)
		do_reaped(s, "exit 1");
	if (state == PROCESS_RUNNING || state == PROCESS_STOPPING ||
	    state == PROCESS_EXITED || state == PROCESS_UNKNOWN) {
		recorder_tick(&s->recorder, s->process->config->startsecs * 1000 + 1);
		process_timeout(s->process);
	}
	if (state == PROCESS_STOPPING)
		do_stop(s, "");
	if (state == PROCESS_EXITED)
		do_reaped(s, "exit 0");
	if (state == PROCESS_UNKNOWN) {
		s->recorder.kill_errno = EPERM;
		do_signal(s, "1");
		s->recorder.kill_errno = 0;
	}
	assert_string_equal(process_state_name(s->process->state), name);
	free(recorder_take(&s->recorder));
}

static void
show(struct stage *s)
{
	const struct process *p = s->process;
	struct process_info info;

	assert_int_equal(process_info_of(p, "/out", "", &info), 0);
	recorder_line(&s->recorder, "id %llu spawn %llu last %llu %s",
	    (unsigned long long)info.id, (unsigned long long)info.spawn,
	    (unsigned long long)info.last_spawn, verdict_name(info.verdict));
	recorder_line(&s->recorder, "%s:%s %s pid %d start %lld stop %lld exitstatus %d",
	    info.group, info.name, process_state_name(info.state), (int)info.pid,
	    (long long)info.start, (long long)info.stop, info.exitstatus);
	recorder_line(&s->recorder, "spawnerr '%s' stopped_at '%s' logs '%s' '%s' pipe %d",
	    info.spawnerr, info.stopped_at, info.stdout_logfile, info.stderr_logfile,
	    info.fed_by_pipe);
	recorder_line(&s->recorder, "last exit %d %d%s%s", info.last_status,
	    info.last_signal, info.last_reason != REASON_NONE ? " " : "",
	    info.last_reason != REASON_NONE ?
		state_word_name(state_reason_words, (int)info.last_reason) :
		"");
	recorder_line(&s->recorder, "restarts %llu next start %lld%s",
	    (unsigned long long)info.restarts, (long long)info.next_start,
	    info.ready ? " ready" : "");
	assert_int_equal(info.health, HEALTH_NONE);
	assert_string_equal(info.waiting_for, "");
	assert_false(info.paused);
	recorder_line(&s->recorder, "backoff %lld killing %d respawning %d%s",
	    (long long)p->backoff, p->killing, p->respawning,
	    p->autostart_cancelled ? " autostart cancelled" : "");
	process_info_clear(&info);
}

static int
errno_of(const char *name)
{
	if (strcmp(name, "ESRCH") == 0)
		return ESRCH;
	return strcmp(name, "EPERM") == 0 ? EPERM : 0;
}

static void
command(struct stage *s, char *text)
{
	char *rest = strchr(text, ' ');

	if (rest != NULL)
		*rest++ = '\0';
	else
		rest = text + strlen(text);
	if (do_event(s, text, rest))
		return;
	if (strcmp(text, "tick") == 0) {
		recorder_tick(&s->recorder, strtoll(rest, NULL, 10));
	} else if (strcmp(text, "reach") == 0) {
		reach(s, rest);
	} else if (strcmp(text, "show") == 0) {
		show(s);
	} else if (strcmp(text, "kill-fails") == 0) {
		s->recorder.kill_errno = errno_of(rest);
	} else if (strcmp(text, "spawn-fails") == 0) {
		free(s->recorder.spawn_fails);
		s->recorder.spawn_fails = rest[0] != '\0' ? xstrdup(rest) : NULL;
	} else if (strcmp(text, "spawn-fails-mutely") == 0) {
		s->recorder.why_fails = true;
	} else if (strcmp(text, "renew") == 0) {
		recorder_line(&s->recorder, "%s",
		    process_renew(s->process) ? "renews" : "does not run");
	} else if (strcmp(text, "renew-ended") == 0) {
		process_renew_ended(s->process);
	} else if (strcmp(text, "reason") == 0) {
		s->process->last_reason = state_word_code(state_reason_words, rest);
	} else if (strcmp(text, "ending") == 0) {
		process_ending(s->process);
	} else if (strcmp(text, "clock-set") == 0) {
		process_clock_was_set(s->process, strtoll(rest, NULL, 10));
	} else if (strcmp(text, "stay") == 0) {
		process_stay(s->process);
	} else if (strcmp(text, "daemon-stops") == 0) {
		s->recorder.stopping = true;
	} else {
		fail_msg("unknown command %s", text);
	}
}

/* ---- scripts ---- */

/* The lines between two commands must be equal to the records. */
static void
compare(struct stage *s, const char *file, int line, struct buf *want)
{
	char *got = recorder_take(&s->recorder), *wanted;

	assert_int_equal(buf_putc(want, '\0'), 0);
	wanted = buf_steal(want);
	if (strcmp(got, wanted) != 0)
		fail_msg("%s:%d: wanted\n%sgot\n%s", file, line, wanted, got);
	free(wanted);
	free(got);
}

static void
run_script(struct stage *s, const char *file, bool print)
{
	FILE *in = fopen(file, "re");
	char *text = NULL, *got;
	size_t size = 0;
	struct buf want;
	int line = 0, command_line = 0;

	assert_non_null(in);
	buf_init(&want, 0);
	while (getline(&text, &size, in) != -1) {
		line++;
		text[strcspn(text, "\n")] = '\0';
		if (print && text[0] != '\0' && strchr(">#c", text[0]) == NULL)
			continue;
		if (text[0] == '>' || strncmp(text, "case ", 5) == 0) {
			if (!print && s->process != NULL)
				compare(s, file, command_line, &want);
			if (print)
				printf("%s\n", text);
			command_line = line;
			if (text[0] == '>')
				command(s, text + 2);
			else
				stage_begin(s, text + 5);
			if (print) {
				got = recorder_take(&s->recorder);
				printf("%s", got);
				free(got);
			}
		} else if (text[0] == '\0' || text[0] == '#') {
			if (print)
				printf("%s\n", text);
		} else {
			assert_int_equal(buf_printf(&want, "%s\n", text), 0);
		}
	}
	if (!print)
		compare(s, file, command_line, &want);
	stage_end(s);
	buf_clear(&want);
	free(text);
	fclose(in);
}

static void
test_scripts(void **state UNUSED)
{
	struct stage s = { 0 };
	glob_t found;

	assert_int_equal(glob(SCRIPTS, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_script(&s, found.gl_pathv[i], false);
	globfree(&found);
	for (size_t i = 0; i < nitems(states); i++) {
		for (int e = 0; e < EVENT_KINDS; e++) {
			if (!s.reached[i][e])
				fail_msg("no script has %s in %s", event_kind_names[e],
				    process_state_name(states[i]));
		}
	}
}

/* The time of a stop is local time. */
static void
test_stopped_at(void **state UNUSED)
{
	struct stage s = { 0 };
	struct process_info info;
	char words[] = "local time";

	setenv("TZ", "XXX-05:30", 1);
	tzset();
	stage_begin(&s, words);
	reach(&s, "EXITED");
	assert_int_equal(process_info_of(s.process, "", "", &info), 0);
	assert_string_equal(info.stopped_at, "Nov 15 03:43 AM");
	process_info_clear(&info);
	stage_end(&s);
	setenv("TZ", "UTC", 1);
	tzset();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_stopped_at),
	};
	struct stage s = { 0 };

	setenv("TZ", "UTC", 1);
	tzset();
	if (argc == 2) {
		run_script(&s, argv[1], true);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
