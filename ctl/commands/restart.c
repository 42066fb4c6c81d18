/* The command restart. */
#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/start_stop.h"
#include "ctl/daemon/control_job.h"

#include <stdlib.h>
#include <string.h>

struct restart {
	struct start_stop stop, start;
};

static void
restart_on_result(void *ctx, bool start, const struct bulk_result *r)
{
	struct restart *restart = ctx;

	start_stop_result(start ? &restart->start : &restart->stop, r);
}

/* Prints failed steps only: of the others each process has a line. */
static void
restart_on_step(
    void *ctx, const char *action, const char *target, enum fault fault, const char *text)
{
	struct restart *restart = ctx;
	bool start = strcmp(action, "start") == 0;

	if (fault != FAULT_NONE && !restart->stop.session->broken)
		start_stop_reply(start ? &restart->start : &restart->stop, target,
		    &(struct reply){ .fault = fault, .text = (char *)(uintptr_t)text });
}

/* New: the parameters of the method, with the names of one pattern joined into one text;
 * NULL if they are too many for one request, or not UTF-8. */
static json_t *
restart_params(const struct words *names)
{
	json_t *list = json_array();
	size_t run, bytes = 0;

	if (names->all) {
		json_decref(list);
		return json_object();
	}
	for (size_t i = 0; list != NULL && i < names->count; i += run) {
		char *together;

		run = words_run(names, i);
		together = words_join(names, i, run, "\n");
		bytes += strlen(together);
		if (bytes > WORDS_REQUEST_BYTES ||
		    json_array_size(list) == WORDS_REQUEST_NAMES ||
		    json_array_append_new(list, json_string(together)) == -1) {
			json_decref(list);
			list = NULL;
		}
		free(together);
	}
	return list == NULL ? NULL : json_pack("{so}", "names", list);
}

/* Lets the daemon restart the processes, which it completes even if this program ends.
 * False if it cannot. */
static bool
restart_by_daemon(struct session *s, const struct words *names)
{
	static const struct control_job_events events = { .result = restart_on_result,
		.step = restart_on_step };
	struct restart restart = { .stop = { .action = SHOW_STOP, .session = s },
		.start = { .action = SHOW_START, .session = s } };
	const struct start_stop every = { .action = SHOW_CLEAR, .session = s };
	struct control *control = server_control(s->server);
	json_t *params = control != NULL ? restart_params(names) : NULL;
	struct interrupt_notice notice;
	struct reply r;
	bool known;

	if (params == NULL)
		return false;
	interrupt_notice_begin(&notice,
	    xstrdup("reevectl: interrupted: the daemon "
		    "completes the restart"),
	    false);
	restart.start.total = start_stop_expected(&every, names);
	start_stop_begin(&restart.stop, names);
	if (control_job_run(control, names->all ? "all.restart" : "process.restart", params,
		&events, &restart, &r) == -1)
		session_error(s, control_lost(control));
	known = r.fault != FAULT_UNKNOWN_METHOD;
	if (known)
		session_replied(s, 0, &r, NULL);
	start_stop_end(&restart.stop);
	reply_clear(&r);
	interrupt_notice_end(&notice);
	return known;
}

/* Stops and starts the processes, for XML-RPC and older daemons. */
static void
restart_by_itself(struct session *s, const struct words *names)
{
	struct start_stop stop = { .action = SHOW_STOP, .session = s };
	struct start_stop start = { .action = SHOW_START, .session = s };
	char *words = names->all ? xstrdup("all") : words_join(names, 0, names->count, " ");
	struct interrupt_notice notice;

	interrupt_notice_begin(&notice,
	    xasprintf("reevectl: interrupted: stopped processes "
		      "are not started again; to start them: reevectl start %s",
		words),
	    true);
	free(words);
	start_stop_names(&stop, names);
	if (!s->broken)
		start_stop_names(&start, names);
	interrupt_notice_end(&notice);
}

void
restart_run(struct session *s, const char *args)
{
	struct words names;

	if (start_stop_words(s, args, EXIT_GENERIC, 0, &names) &&
	    !restart_by_daemon(s, &names))
		restart_by_itself(s, &names);
	words_clear(&names);
}
