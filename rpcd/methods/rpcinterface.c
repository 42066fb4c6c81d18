#include "rpcd/methods/rpcinterface.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/str.h"
#include "rpcd/methods/description.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINES_FIRST 5 /* log lines of a kind before they are limited */

/* A call that its program has not answered yet. */
struct rpcinterface_call {
	TAILQ_ENTRY(rpcinterface_call) in_calls; /* `pending` or `late`, the oldest first */
	struct rpcinterface *program;
	struct invocation *inv;    /* NULL: the client has its answer or has disconnected */
	const struct share *share; /* of the client's listener */
	json_t *report;            /* owned: for the audit log; NULL = none, or sent */
	bool late;                 /* in `late`: the timeout has passed */
	int64_t due_ms;            /* clock_mono_ms() of the timeout */
};

TAILQ_HEAD(rpcinterface_calls, rpcinterface_call);

/* Kinds of log lines that a program can repeat. */
enum rpcinterface_line {
	LINE_OVERDUE,
	LINE_UNDESCRIBED,
	LINE_LATE,
	LINE_MISFIT,
	LINE_CLOSED,
	LINE_SERVES,
	LINE_UNSERVED,
	RPCINTERFACE_LINES
};

struct rpcinterface {
	TAILQ_ENTRY(rpcinterface) in_all;
	struct rpcinterfaces *all;
	char *name;                     /* of the namespace */
	struct peer *peer;              /* NULL = not running */
	bool described;                 /* the running program has described its methods */
	int64_t describe_due_ms;        /* when a missing description is logged, or -1 */
	struct description description; /* the last one; kept while the program is down */
	struct rpcinterface_calls pending, late;
	size_t nlate;
	struct log_limit limits[RPCINTERFACE_LINES];
	struct source *timer; /* for the oldest pending call, or for the description */
	bool removed; /* freed by the timer, because functions of it may be running */
};

TAILQ_HEAD(rpcinterface_list, rpcinterface);

struct rpcinterfaces {
	struct rpcd *rpcd;
	struct method_source source;
	struct rpcinterface_list list;
};

#define RPCINTERFACE_LOG(program, line, level, ...) \
	log_limited_after(&(program)->limits[line], LINES_FIRST, level, __VA_ARGS__)

/* ---- calls ---- */

static void
rpcinterface_arm(struct rpcinterface *program)
{
	const struct rpcinterface_call *first = TAILQ_FIRST(&program->pending);

	source_arm(
	    program->timer, first == NULL ? program->describe_due_ms : first->due_ms);
}

/* The client has disconnected. The call stays pending, because the program may still
 * answer it. */
static void
rpcinterface_abandon(void *state)
{
	struct rpcinterface_call *call = state;

	call->inv = NULL;
}

/* What the program has done, if anything, will not be known. */
static void
rpcinterface_give_up(struct rpcinterface_call *call)
{
	reports_unanswered(call->program->all->rpcd, call->report);
	call->report = NULL;
}

/* Separates the call from its invocation, which is returned (or NULL). */
static struct invocation *
rpcinterface_detach(struct rpcinterface_call *call)
{
	struct invocation *inv = call->inv;

	call->inv = NULL;
	if (inv != NULL) {
		inv->state = NULL;
		inv->release = NULL;
	}
	return inv;
}

/* Frees the call; returns its invocation (or NULL). */
static struct invocation *
rpcinterface_remove(struct rpcinterface_call *call)
{
	struct rpcinterface *program = call->program;
	struct invocation *inv = rpcinterface_detach(call);

	TAILQ_REMOVE(call->late ? &program->late : &program->pending, call, in_calls);
	program->nlate -= call->late ? 1 : 0;
	rpcinterface_give_up(call);
	free(call);
	rpcinterface_arm(program);
	return inv;
}

static void
rpcinterface_fault(struct invocation *inv, const char *name, size_t len, const char *why)
{
	char *detail = xasprintf("rpcinterface %.*s %s", (int)len, name, why);

	invocation_fault(inv, FAULT_FAILED, detail);
	free(detail);
}

/* Ends an invocation (or NULL) that waited for the program. */
static void
rpcinterface_fail(struct rpcinterface *program, struct invocation *inv, const char *why)
{
	if (inv == NULL)
		return;
	rpcinterface_fault(inv, program->name, strlen(program->name), why);
	inv->resumed(inv);
}

static void
rpcinterface_disconnect(struct rpcinterface *program, const char *why)
{
	struct rpcinterface_call *call;

	peer_free(program->peer);
	program->peer = NULL;
	program->described = false;
	program->describe_due_ms = -1;
	rpcinterface_arm(program);
	/* The analyzer does not see that removing a call changes the first one.
	 * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
	while ((call = TAILQ_FIRST(&program->late)) != NULL)
		(void)rpcinterface_remove(call);
	while ((call = TAILQ_FIRST(&program->pending)) != NULL)
		rpcinterface_fail(program, rpcinterface_remove(call), why);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}

static void
rpcinterface_free(struct rpcinterface *program)
{
	rpcinterface_disconnect(program, "is not running");
	TAILQ_REMOVE(&program->all->list, program, in_all);
	description_clear(&program->description);
	source_free(program->timer);
	free(program->name);
	free(program);
}

static void
rpcinterface_on_timer(void *ctx, uint32_t ready UNUSED)
{
	struct rpcinterface *program = ctx;
	struct rpcinterface_call *call;
	int64_t now = clock_mono_ms();

	if (program->removed) {
		rpcinterface_free(program);
		return;
	}
	if (program->describe_due_ms != -1 && program->describe_due_ms <= now) {
		RPCINTERFACE_LOG(program, LINE_UNDESCRIBED, LEVEL_WARN,
		    "rpcinterface %s has not described its methods yet", program->name);
		program->describe_due_ms = -1;
	}
	while ((call = TAILQ_FIRST(&program->pending)) != NULL && call->due_ms <= now) {
		/* The call no longer counts as pending, but as late: it still uses
		 * memory. */
		RPCINTERFACE_LOG(program, LINE_OVERDUE, LEVEL_WARN,
		    "rpcinterface %s did not answer a call in time", program->name);
		TAILQ_REMOVE(&program->pending, call, in_calls);
		call->late = true;
		TAILQ_INSERT_TAIL(&program->late, call, in_calls);
		program->nlate++;
		rpcinterface_give_up(call);
		rpcinterface_fail(
		    program, rpcinterface_detach(call), "did not answer in time");
	}
	if (program->nlate >= RPCINTERFACE_LATE_MAX) {
		RPCINTERFACE_LOG(program, LINE_LATE, LEVEL_WARN,
		    "rpcinterface %s has not answered %zu calls; disconnecting it",
		    program->name, program->nlate);
		rpcinterface_disconnect(program, "is not running");
	}
	rpcinterface_arm(program);
}

/* Returns the result if it has the type of the signature, else a fault. */
static void
rpcinterface_return(struct rpcinterface *program, struct invocation *inv, json_t *result)
{
	const struct api_method *method = inv->method.api;
	char *detail;

	if (!description_fits(method->signature, result)) {
		detail = xasprintf(
		    "%s returned a value of another type than its signature", method->name);
		RPCINTERFACE_LOG(program, LINE_MISFIT, LEVEL_WARN, "%s", detail);
		invocation_fault(inv, FAULT_FAILED, detail);
		free(detail);
	} else if (json_is_integer(result) && str_starts(method->signature, "double")) {
		/* JSON does not distinguish 1.0 from 1. */
		invocation_return_json_take(
		    inv, json_real((double)json_integer_value(result)));
	} else {
		invocation_return_json_take(inv, json_incref(result));
	}
}

static void
rpcinterface_on_reply(
    void *ctx, enum fault fault, const char *message, json_t *result, int fd UNUSED)
{
	struct rpcinterface_call *call = ctx;
	struct rpcinterface *program = call->program;
	struct invocation *inv;

	reports_answered(program->all->rpcd, call->report, fault);
	call->report = NULL;
	inv = rpcinterface_remove(call);
	if (inv == NULL)
		return;
	if (fault != FAULT_NONE)
		invocation_fault_text(inv, fault, message);
	else
		rpcinterface_return(program, inv, result);
	inv->resumed(inv);
}

static void
rpcinterface_request(struct rpcinterface *program, struct invocation *inv)
{
	struct rpcinterface_call *call = xcalloc(1, sizeof(*call));
	json_t *params = json_pack("{s:s,s:O}", "method",
	    strchr(inv->method.api->name, '.') + 1, "params", inv->params);

	call->program = program;
	call->inv = inv;
	call->share = inv->share;
	call->due_ms = clock_mono_ms() + RPCINTERFACE_TIMEOUT_MS;
	if (peer_call(program->peer, "call", params, false, rpcinterface_on_reply, call) ==
	    0) {
		free(call);
		invocation_fault(inv, FAULT_FAILED, strerror(errno));
		return;
	}
	if (inv->method.api->role >= ROLE_OPERATE)
		call->report = reports_call(inv->caller, inv->method.api->name,
		    method_target(inv->method.api, inv->params));
	inv->state = call;
	inv->release = rpcinterface_abandon;
	inv->phase = INVOCATION_REQUESTED;
	TAILQ_INSERT_TAIL(&program->pending, call, in_calls);
	rpcinterface_arm(program);
}

/* NULL, or why the program cannot be called now. */
static const char *
rpcinterface_obstacle(const struct rpcinterface *program, const struct invocation *inv)
{
	const struct rpcinterface_call *call;
	size_t n = 0; /* pending calls of the listener */

	if (program == NULL || program->peer == NULL || inv->rpcd->ending)
		return "is not running";
	/* The known methods are those of the process before. */
	if (!program->described)
		return "has not described its methods yet";
	TAILQ_FOREACH(call, &program->pending, in_calls)
		n += call->share == inv->share;
	return inv->may_park && n < RPCINTERFACE_PENDING_MAX ? NULL :
							       "has too many calls waiting";
}

/* ---- all programs ---- */

static struct rpcinterface *
rpcinterfaces_program(const struct rpcinterfaces *all, const char *name, size_t len)
{
	struct rpcinterface *program;

	TAILQ_FOREACH(program, &all->list, in_all)
		if (strlen(program->name) == len && memcmp(program->name, name, len) == 0)
			break;
	return program;
}

static void
rpcinterfaces_handler(struct invocation *inv)
{
	const char *name = inv->method.api->name;
	size_t len = strcspn(name, ".");
	struct rpcinterface *program =
	    rpcinterfaces_program(inv->rpcd->rpcinterfaces, name, len);
	const char *why = rpcinterface_obstacle(program, inv);

	if (why != NULL)
		rpcinterface_fault(inv, name, len, why);
	else if (invocation_reserve(inv, RPCINTERFACE_RESERVED))
		rpcinterface_request(program, inv);
}

static bool
rpcinterfaces_find(void *ctx, const char *name, struct method *method)
{
	const struct rpcinterface *program =
	    rpcinterfaces_program(ctx, name, strcspn(name, "."));

	for (size_t i = 0; program != NULL && i < program->description.count; i++)
		if (str_equal(program->description.methods[i].name, name)) {
			*method = (struct method){ &program->description.methods[i],
				rpcinterfaces_handler, WAIT_NOT, 0 };
			return true;
		}
	return false;
}

static void
rpcinterfaces_list(void *ctx, json_t *names)
{
	const struct rpcinterfaces *all = ctx;
	const struct rpcinterface *program;

	TAILQ_FOREACH(program, &all->list, in_all)
		for (size_t i = 0; i < program->description.count; i++)
			json_array_append_new(
			    names, json_string(program->description.methods[i].name));
}

struct rpcinterfaces *
rpcinterfaces_new(struct rpcd *rpcd)
{
	struct rpcinterfaces *all = xcalloc(1, sizeof(*all));

	all->rpcd = rpcd;
	all->source = (struct method_source){ rpcinterfaces_find, rpcinterfaces_list, all };
	TAILQ_INIT(&all->list);
	return all;
}

const struct method_source *
rpcinterfaces_source(const struct rpcinterfaces *all)
{
	return &all->source;
}

void
rpcinterfaces_free(struct rpcinterfaces *all)
{
	struct rpcinterface *program;

	if (all == NULL)
		return;
	while ((program = TAILQ_FIRST(&all->list)) != NULL)
		rpcinterface_free(program); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(all);
}

/* ---- a program's connection ---- */

static void
rpcinterface_on_request(void *ctx, struct peer *peer, uint64_t id,
    const char *method UNUSED, json_t *params UNUSED)
{
	const struct rpcinterface *program = ctx;

	log_debug("rpcinterface %s sent a request, which is refused", program->name);
	(void)peer_fault(peer, id, FAULT_UNKNOWN_METHOD, "UNKNOWN_METHOD", 0);
}

static void
rpcinterface_on_notification(void *ctx UNUSED, struct peer *peer UNUSED,
    const char *method UNUSED, json_t *params UNUSED, int fd)
{
	fd_close(fd);
}

static void
rpcinterface_on_closed(void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	struct rpcinterface *program = ctx;

	/* A program that dies with unread input causes an error, not a violation. */
	if (violation)
		RPCINTERFACE_LOG(program, LINE_CLOSED, LEVEL_WARN,
		    "rpcinterface %s broke the protocol: %s", program->name, why);
	else if (*why != '\0')
		RPCINTERFACE_LOG(program, LINE_CLOSED, LEVEL_INFO,
		    "rpcinterface %s is disconnected: %s", program->name, why);
	rpcinterface_disconnect(program, "is not running");
}

/* The new description replaces the old one, of which no call is left: all have ended with
 * the last connection. */
static void
rpcinterface_on_description(
    void *ctx, enum fault fault, const char *message, json_t *result, int fd UNUSED)
{
	struct rpcinterface *program = ctx;
	struct description description;
	char *why = NULL;

	if (fault == FAULT_NONE &&
	    description_read(&description, program->name, result, &why) == 0) {
		description_clear(&program->description);
		program->description = description;
		program->described = true;
		program->describe_due_ms = -1;
		rpcinterface_arm(program);
		RPCINTERFACE_LOG(program, LINE_SERVES, LEVEL_INFO,
		    "rpcinterface %s serves %zu methods", program->name, description.count);
		return;
	}
	RPCINTERFACE_LOG(program, LINE_UNSERVED, LEVEL_WARN,
	    "rpcinterface %s is not served: %s", program->name,
	    fault != FAULT_NONE ? message : why);
	free(why);
	rpcinterface_disconnect(program, "is not served");
}

static int
rpcinterface_connect(struct rpcinterface *program, int *fd, json_t *options)
{
	static const struct peer_ops ops = {rpcinterface_on_request,
	    rpcinterface_on_notification, rpcinterface_on_closed};
	struct peer *peer = peer_new(program->all->rpcd->loop, *fd, &ops, program);

	if (peer == NULL)
		return -1;
	*fd = -1;
	rpcinterface_disconnect(program, "was restarted");
	/* The callback of a client that got the fault may have made a newer connection. */
	if (program->peer != NULL) {
		peer_free(peer);
		return 0;
	}
	program->peer = peer;
	peer_options(peer)->autoflush = true;
	peer_options(peer)->long_max = 0; /* requests of programs are refused */
	if (peer_call(peer, "describe",
		json_pack("{s:s,s:O}", "namespace", program->name, "options", options),
		false, rpcinterface_on_description, program) != 0) {
		program->describe_due_ms = clock_mono_ms() + RPCINTERFACE_TIMEOUT_MS;
		rpcinterface_arm(program);
		return 0;
	}
	rpcinterface_disconnect(program, "is not served");
	return -1;
}

/* ---- the master's notifications ---- */

static struct rpcinterface *
rpcinterfaces_add(struct rpcinterfaces *all, const char *name)
{
	struct rpcinterface *program = xcalloc(1, sizeof(*program));

	program->all = all;
	program->name = xstrdup(name);
	program->describe_due_ms = -1;
	TAILQ_INIT(&program->pending);
	TAILQ_INIT(&program->late);
	program->timer = loop_timer(all->rpcd->loop, rpcinterface_on_timer, program);
	if (program->timer == NULL)
		fatal("no timer for rpcinterface %s: %s", name, strerror(errno));
	TAILQ_INSERT_TAIL(&all->list, program, in_all);
	return program;
}

static int
rpcinterfaces_open(
    struct rpcinterfaces *all, const char *name, const json_t *params, int *fd)
{
	struct rpcinterface *program = rpcinterfaces_program(all, name, strlen(name));
	json_t *options = json_object_get(params, "options");

	if (!json_is_object(options) || *fd < 0)
		return -1;
	if (program == NULL)
		program = rpcinterfaces_add(all, name);
	program->removed = false;
	if (rpcinterface_connect(program, fd, options) == -1)
		RPCINTERFACE_LOG(program, LINE_UNSERVED, LEVEL_WARN,
		    "rpcinterface %s is not served: %s", name, strerror(errno));
	return 1;
}

int
rpcinterfaces_notification(
    struct rpcinterfaces *all, const char *method, const json_t *params, int *fd)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	bool closes = strcmp(method, "interface.close") == 0;
	bool removes = strcmp(method, "interface.remove") == 0;
	bool opens = strcmp(method, "interface.open") == 0;
	struct rpcinterface *program;

	if (!opens && !closes && !removes)
		return 0;
	if (name == NULL)
		return -1;
	if (opens)
		return rpcinterfaces_open(all, name, params, fd);
	program = rpcinterfaces_program(all, name, strlen(name));
	/* Another process may still have the other end of the socket. */
	if (program != NULL)
		rpcinterface_disconnect(program, "is not running");
	if (program != NULL && removes) {
		description_clear(&program->description);
		program->removed = true;
		source_arm(program->timer, clock_mono_ms());
	}
	return 1;
}
