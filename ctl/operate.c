#include "ctl/operate.h"

#include "ctl/session.h"
#include "ctl/show.h"
#include "proto/wait.h"

#include <stdlib.h>

/* start, stop and signal are one command with three sets of methods and words. */
struct operation {
	enum show_action action;
	enum wait_kind wait;
	const char *one, *group, *all;
	int no_group_status;
	const char *signal;	/* NULL but for signal */
	struct session *session;
};

static void
each_result(void *ctx, const struct bulk_result *r)
{
	struct operation *op = ctx;
	struct session *s = op->session;

	if (s->broken)
		return;
	if (!show_outcome(s->out, op->action, r->group, r->name, r->fault, r->text))
		session_fault(s, r->fault, r->text);
	else
		s->status = show_exit(op->action, r->fault, s->status);
}

static json_t *
operation_params(const struct operation *op, const char *name)
{
	json_t *params = json_object();

	if (name != NULL)
		json_object_set_new(params, "name", json_string(name));
	if (op->signal != NULL)
		json_object_set_new(params, "signal", json_string(op->signal));
	return params;
}

static void
operate_one(struct operation *op, const char *group, const char *name, const char *spec)
{
	struct session *s = op->session;
	struct answer a;

	if (client_operate(s->client, op->one, operation_params(op, spec), op->wait,
	    each_result, op, &a) == -1) {
		session_lost(s);
	} else {
		each_result(op, &(struct bulk_result){ .group = group, .name = name,
		    .fault = a.fault, .text = a.text });
	}
	answer_clear(&a);
}

static void
operate_group(struct operation *op, const char *group)
{
	struct session *s = op->session;
	struct answer a;

	if (client_operate(s->client, op->group, operation_params(op, group), op->wait,
	    each_result, op, &a) == -1) {
		session_lost(s);
	} else if (a.fault == FAULT_BAD_NAME) {
		fprintf(s->out, "%s: ERROR (no such group)\n", group);
		s->status = op->no_group_status;
	} else if (a.fault != FAULT_NONE) {
		session_fault(s, a.fault, a.text);
	}
	answer_clear(&a);
}

static void
operate_all(struct operation *op)
{
	struct session *s = op->session;
	struct answer a;

	if (client_operate(s->client, op->all, operation_params(op, NULL), op->wait,
	    each_result, op, &a) == -1)
		session_lost(s);
	else if (a.fault != FAULT_NONE)
		session_fault(s, a.fault, a.text);
	answer_clear(&a);
}

static void
operate(struct operation *op, const struct words *names, size_t first)
{
	if (names->all) {
		operate_all(op);
		return;
	}
	for (size_t i = first; i < names->count && !op->session->broken; i++) {
		char *group, *name;
		namespec_split(names->list[i], &group, &name);
		if (name == NULL)
			operate_group(op, group);
		else
			operate_one(op, group, name, names->list[i]);
		free(group);
		free(name);
	}
}

static void
start_names(struct session *s, const struct words *names)
{
	struct operation op = { .action = SHOW_START, .wait = WAIT_START,
		.one = "process.start", .group = "group.start", .all = "all.start",
		.no_group_status = EXIT_INVALID_ARGS, .session = s };

	operate(&op, names, 0);
}

static void
stop_names(struct session *s, const struct words *names)
{
	struct operation op = { .action = SHOW_STOP, .wait = WAIT_STOP,
		.one = "process.stop", .group = "group.stop", .all = "all.stop",
		.no_group_status = EXIT_GENERIC, .session = s };

	operate(&op, names, 0);
}

/* One or both on the names that follow, which must not be missing. */
static void
operate_names(struct session *s, const char *args, bool stop, bool start, int misused)
{
	struct words names;

	if (!session_connect(s))
		return;
	words_split(&names, args);
	if (names.count == 0)
		session_misused(s, "requires a process name", misused);
	else if (stop)
		stop_names(s, &names);
	if (names.count > 0 && start && !s->broken)
		start_names(s, &names);
	words_clear(&names);
}

void
operate_start(struct session *s, const char *args)
{
	operate_names(s, args, false, true, EXIT_INVALID_ARGS);
}

void
operate_stop(struct session *s, const char *args)
{
	operate_names(s, args, true, false, EXIT_GENERIC);
}

void
operate_restart(struct session *s, const char *args)
{
	operate_names(s, args, true, true, EXIT_GENERIC);
}

void
operate_signal(struct session *s, const char *args)
{
	struct words words;
	struct operation op = { .action = SHOW_SIGNAL, .wait = WAIT_NOT,
		.one = "process.signal", .group = "group.signal", .all = "all.signal",
		.no_group_status = EXIT_GENERIC, .session = s };

	if (!session_connect(s))
		return;
	words_split(&words, args);
	if (words.count < 2) {
		session_misused(s, "requires a signal name and a process name",
		    EXIT_GENERIC);
	} else {
		op.signal = words.list[0];
		operate(&op, &words, 1);
	}
	words_clear(&words);
}
