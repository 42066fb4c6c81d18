#include "rpcd/methods/rpcinterface.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/str.h"
#include "rpcd/methods/description.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINES_FIRST 5	/* of a kind, before they are limited */

/* One call that its program has not answered yet. */
struct rpcinterface_call {
	TAILQ_ENTRY(rpcinterface_call) in_calls; /* pending or late; the oldest first */
	struct rpcinterface *rpcinterface;
	struct invocation *inv;		/* NULL: the caller has gone */
	const struct share *share;	/* of its listener */
	bool late;			/* its time is up: it may still be answered */
	int64_t due_ms;
};

TAILQ_HEAD(interface_calls, rpcinterface_call);

/* Kinds of log lines that a program can repeat. */
enum interface_line {
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
	struct rpcinterfaces *rpcinterfaces;
	char *name;		/* of the namespace */
	struct peer *peer;	/* NULL = not running */
	bool described;		/* by the program that runs now: it can be called */
	int64_t describe_due_ms;	/* when its silence is logged, or -1 */
	struct description description;	/* the last one; kept while it is down */
	struct interface_calls pending, late;
	size_t nlate;
	struct log_limit limits[RPCINTERFACE_LINES];
	struct source *timer;	/* for the oldest, or for the description before */
	bool removed;		/* freed when the timer says so: callers may be under way */
};

TAILQ_HEAD(interface_list, rpcinterface);

struct rpcinterfaces {
	struct rpcd *rpcd;
	struct method_source source;
	struct interface_list list;
};

/* ---- calls ---- */

static void
arm(struct rpcinterface *rpcinterface)
{
	const struct rpcinterface_call *first = TAILQ_FIRST(&rpcinterface->pending);

	source_arm(rpcinterface->timer,
	    first == NULL ? rpcinterface->describe_due_ms : first->due_ms);
}

static void
take_out(struct rpcinterface_call *call)
{
	struct rpcinterface *rpcinterface = call->rpcinterface;

	if (call->late) {
		TAILQ_REMOVE(&rpcinterface->late, call, in_calls);
		rpcinterface->nlate--;
	} else {
		TAILQ_REMOVE(&rpcinterface->pending, call, in_calls);
	}
}

static void
forget(struct rpcinterface_call *call)
{
	struct rpcinterface *rpcinterface = call->rpcinterface;

	if (call->inv != NULL)
		call->inv->served = NULL;
	take_out(call);
	free(call);
	arm(rpcinterface);
}

/* Ends an invocation (NULL = its caller has gone) with a fault of ours. */
static void
rpcinterface_fail(struct invocation *inv, const char *name, const char *why)
{
	char *detail;

	if (inv == NULL)
		return;
	detail = xasprintf("rpcinterface %s %s", name, why);
	invocation_fault(inv, FAULT_FAILED, detail);
	free(detail);
	inv->resumed(inv);
}

/* Of a connection that is over. */
static void
fail_all(struct rpcinterface *rpcinterface, const char *why)
{
	struct rpcinterface_call *call;
	struct invocation *inv;

	/* The analyzer does not see that forget() has made another the first.
	 * NOLINTBEGIN(clang-analyzer-unix.Malloc) */
	while ((call = TAILQ_FIRST(&rpcinterface->late)) != NULL)
		forget(call);
	while ((call = TAILQ_FIRST(&rpcinterface->pending)) != NULL) {
		inv = call->inv;
		forget(call);
		rpcinterface_fail(inv, rpcinterface->name, why);
	}
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}

/* Its caller waits no more, and its place is free; what it still costs is counted. */
static void
give_up(struct rpcinterface_call *call)
{
	struct rpcinterface *rpcinterface = call->rpcinterface;
	struct invocation *inv = call->inv;

	log_limited_after(&rpcinterface->limits[LINE_OVERDUE], LINES_FIRST, LEVEL_WARN,
	    "rpcinterface %s did not answer in time", rpcinterface->name);
	take_out(call);
	call->late = true;
	TAILQ_INSERT_TAIL(&rpcinterface->late, call, in_calls);
	rpcinterface->nlate++;
	if (inv != NULL)
		inv->served = NULL;
	call->inv = NULL;
	rpcinterface_fail(inv, rpcinterface->name, "did not answer in time");
}

static void disconnect(struct rpcinterface *, const char *why);
static void rpcinterface_free(struct rpcinterface *);

static void
overdue(void *ctx, uint32_t ready UNUSED)
{
	struct rpcinterface *rpcinterface = ctx;
	struct rpcinterface_call *call;
	int64_t now = clock_mono_ms();

	if (rpcinterface->removed) {
		rpcinterface_free(rpcinterface);
		return;
	}
	if (rpcinterface->describe_due_ms != -1 && rpcinterface->describe_due_ms <= now) {
		log_limited_after(&rpcinterface->limits[LINE_UNDESCRIBED], LINES_FIRST,
		    LEVEL_WARN, "rpcinterface %s has not described its methods yet",
		    rpcinterface->name);
		rpcinterface->describe_due_ms = -1;
	}
	while ((call = TAILQ_FIRST(&rpcinterface->pending)) != NULL && call->due_ms <= now)
		give_up(call);
	if (rpcinterface->nlate >= RPCINTERFACE_LATE_MAX) {
		log_limited_after(&rpcinterface->limits[LINE_LATE], LINES_FIRST, LEVEL_WARN,
		    "rpcinterface %s left %zu calls unanswered", rpcinterface->name,
		    rpcinterface->nlate);
		disconnect(rpcinterface, "is not running");
	}
	arm(rpcinterface);
}

static bool
fits_signature(const struct invocation *inv, const json_t *result)
{
	const char *signature = inv->method.api->signature;

	return description_fits(signature, strcspn(signature, " "), result) &&
	    !description_has_null(result);
}

/* New: JSON has one kind of number, but a double is a double. */
static json_t *
as_declared(const struct invocation *inv, json_t *result)
{
	if (json_is_integer(result) && str_starts(inv->method.api->signature, "double"))
		return json_real((double)json_integer_value(result));
	return json_incref(result);
}

static void
end_call(struct rpcinterface *rpcinterface, struct invocation *inv, enum fault fault,
    const char *message, json_t *result)
{
	char *detail;

	if (fault != FAULT_NONE) {
		invocation_fault_text(inv, fault, message);
	} else if (fits_signature(inv, result)) {
		invocation_return_json_take(inv, as_declared(inv, result));
	} else {
		log_limited_after(&rpcinterface->limits[LINE_MISFIT], LINES_FIRST,
		    LEVEL_WARN, "%s answered something else than its signature says",
		    inv->method.api->name);
		detail = xasprintf("%s answered something else than its signature says",
		    inv->method.api->name);
		invocation_fault(inv, FAULT_FAILED, detail);
		free(detail);
	}
	inv->resumed(inv);
}

static void
on_answer(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct rpcinterface_call *pending = ctx;
	struct rpcinterface *rpcinterface = pending->rpcinterface;
	struct invocation *inv = pending->inv;

	fd_close(fd);
	forget(pending);
	if (inv != NULL)
		end_call(rpcinterface, inv, fault, message, result);
}

static struct rpcinterface *rpcinterface_find(
    const struct rpcinterfaces *, const char *name, size_t len);

static void
ask(struct rpcinterface *rpcinterface, struct invocation *inv)
{
	struct rpcinterface_call *pending = xcalloc(1, sizeof(*pending));

	pending->rpcinterface = rpcinterface;
	pending->inv = inv;
	pending->share = inv->share;
	pending->due_ms = clock_mono_ms() + RPCINTERFACE_TIMEOUT_MS;
	if (peer_call(rpcinterface->peer, "call",
		json_pack("{s:s,s:O}", "method", strchr(inv->method.api->name, '.') + 1,
		    "params", inv->params),
		false, on_answer, pending) == 0) {
		free(pending);
		invocation_fault(inv, FAULT_FAILED, strerror(errno));
		return;
	}
	inv->served = pending;
	inv->phase = INVOCATION_ASKED;
	TAILQ_INSERT_TAIL(&rpcinterface->pending, pending, in_calls);
	arm(rpcinterface);
}

/* Those of the listener that wait for the program. */
static size_t
pending_of(const struct rpcinterface *rpcinterface, const struct share *share)
{
	const struct rpcinterface_call *call;
	size_t n = 0;

	TAILQ_FOREACH(call, &rpcinterface->pending, in_calls)
	{
		n += call->share == share;
	}
	return n;
}

/* Why a call cannot be asked now, or NULL. */
static const char *
obstacle(const struct rpcinterface *rpcinterface, const struct invocation *inv)
{
	if (rpcinterface == NULL || rpcinterface->peer == NULL || inv->rpcd->ending)
		return "is not running";
	/* What is known of it is its predecessor's. */
	if (!rpcinterface->described)
		return "has not described its methods yet";
	if (!inv->may_park ||
	    pending_of(rpcinterface, inv->share) >= RPCINTERFACE_PENDING_MAX)
		return "has too many calls waiting";
	return NULL;
}

void
rpc_interface_call(struct invocation *inv)
{
	const char *name = inv->method.api->name;
	size_t len = strcspn(name, ".");
	struct rpcinterface *rpcinterface =
	    rpcinterface_find(inv->rpcd->rpcinterfaces, name, len);
	const char *why = obstacle(rpcinterface, inv);
	char *detail;

	if (why == NULL) {
		if (invocation_reserve(inv, RPCINTERFACE_RESERVED))
			ask(rpcinterface, inv);
		return;
	}
	detail = xasprintf("rpcinterface %.*s %s", (int)len, name, why);
	invocation_fault(inv, FAULT_FAILED, detail);
	free(detail);
}

void
rpcinterface_forget(struct rpcinterface_call *pending)
{
	/* The program may still answer: its place among those that wait stays taken. */
	pending->inv = NULL;
}

/* ---- its connection ---- */

static void
disconnect(struct rpcinterface *rpcinterface, const char *why)
{
	peer_free(rpcinterface->peer);
	rpcinterface->peer = NULL;
	rpcinterface->described = false;
	rpcinterface->describe_due_ms = -1;
	arm(rpcinterface);
	fail_all(rpcinterface, why);
}

static void
on_request(void *ctx, struct peer *peer, uint64_t id, const char *method UNUSED,
    json_t *params UNUSED)
{
	const struct rpcinterface *rpcinterface = ctx;

	log_debug("rpcinterface %s asks reeve-rpcd, which answers nothing",
	    rpcinterface->name);
	(void)peer_fault(peer, id, FAULT_UNKNOWN_METHOD, "UNKNOWN_METHOD", 0);
}

static void
on_notification(void *ctx UNUSED, struct peer *peer UNUSED, const char *method UNUSED,
    json_t *params UNUSED, int fd)
{
	fd_close(fd);
}

static void
on_closed(void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	struct rpcinterface *rpcinterface = ctx;

	/* One that dies leaves what it has not read: that is no rudeness. */
	if (violation)
		log_limited_after(&rpcinterface->limits[LINE_CLOSED], LINES_FIRST,
		    LEVEL_WARN, "rpcinterface %s broke the protocol: %s",
		    rpcinterface->name, why);
	else if (*why != '\0')
		log_limited_after(&rpcinterface->limits[LINE_CLOSED], LINES_FIRST,
		    LEVEL_INFO, "rpcinterface %s is disconnected: %s", rpcinterface->name,
		    why);
	disconnect(rpcinterface, "is not running");
}

/* A new description takes the old one's place: no call of the old one is left, for they
 * ended with the connection, and there was none since. */
static void
on_description(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct rpcinterface *rpcinterface = ctx;
	struct description description;
	char *why = NULL;

	fd_close(fd);
	if (fault != FAULT_NONE)
		why = xstrdup(message);
	else if (description_read(&description, rpcinterface->name, result, &why) == 0) {
		description_clear(&rpcinterface->description);
		rpcinterface->description = description;
		rpcinterface->described = true;
		rpcinterface->describe_due_ms = -1;
		arm(rpcinterface);
		log_limited_after(&rpcinterface->limits[LINE_SERVES], LINES_FIRST,
		    LEVEL_INFO, "rpcinterface %s serves %zu methods", rpcinterface->name,
		    description.count);
		return;
	}
	log_limited_after(&rpcinterface->limits[LINE_UNSERVED], LINES_FIRST, LEVEL_WARN,
	    "rpcinterface %s is not served: %s", rpcinterface->name, why);
	free(why);
	disconnect(rpcinterface, "is not served");
}

static int
connect_to(struct rpcinterface *rpcinterface, int *fd, json_t *options)
{
	static const struct peer_ops ops = {on_request, on_notification, on_closed};
	struct peer *peer = peer_new(rpcinterface->rpcinterfaces->rpcd->loop, *fd, &ops,
	    rpcinterface);

	if (peer == NULL)
		return -1;
	*fd = -1;
	disconnect(rpcinterface, "was started anew");
	/* What a caller who was told so did may have brought a still newer one. */
	if (rpcinterface->peer != NULL) {
		peer_free(peer);
		return 0;
	}
	rpcinterface->peer = peer;
	peer_autoflush(rpcinterface->peer, true);
	peer_long_max(rpcinterface->peer, 0); /* it has nothing to ask: nothing is kept */
	if (peer_call(rpcinterface->peer, "describe",
		json_pack("{s:s,s:O}", "namespace", rpcinterface->name, "options", options),
		false, on_description, rpcinterface) != 0) {
		rpcinterface->describe_due_ms = clock_mono_ms() + RPCINTERFACE_TIMEOUT_MS;
		arm(rpcinterface);
		return 0;
	}
	disconnect(rpcinterface, "is not served");
	return -1;
}

/* ---- all of them ---- */

static bool
rpcinterfaces_find(void *ctx, const char *name, struct method *method)
{
	const struct rpcinterface *rpcinterface =
	    rpcinterface_find(ctx, name, strcspn(name, "."));
	const struct description *known;

	if (rpcinterface == NULL)
		return false;
	known = &rpcinterface->description;
	for (size_t i = 0; i < known->count; i++)
		if (str_equal(known->methods[i].name, name)) {
			*method = (struct method){&known->methods[i], rpc_interface_call,
			    WAIT_NOT};
			return true;
		}
	return false;
}

static void
rpcinterfaces_list(void *ctx, json_t *names)
{
	const struct rpcinterfaces *rpcinterfaces = ctx;
	const struct rpcinterface *rpcinterface;

	TAILQ_FOREACH(rpcinterface, &rpcinterfaces->list, in_all)
		for (size_t i = 0; i < rpcinterface->description.count; i++)
			json_array_append_new(names,
			    json_string(rpcinterface->description.methods[i].name));
}

struct rpcinterfaces *
rpcinterfaces_new(struct rpcd *rpcd)
{
	struct rpcinterfaces *rpcinterfaces = xcalloc(1, sizeof(*rpcinterfaces));

	rpcinterfaces->rpcd = rpcd;
	rpcinterfaces->source = (struct method_source){rpcinterfaces_find,
	    rpcinterfaces_list, rpcinterfaces};
	TAILQ_INIT(&rpcinterfaces->list);
	return rpcinterfaces;
}

const struct method_source *
rpcinterfaces_source(const struct rpcinterfaces *rpcinterfaces)
{
	return &rpcinterfaces->source;
}

static void
rpcinterface_free(struct rpcinterface *rpcinterface)
{
	disconnect(rpcinterface, "is not running");
	TAILQ_REMOVE(&rpcinterface->rpcinterfaces->list, rpcinterface, in_all);
	description_clear(&rpcinterface->description);
	source_free(rpcinterface->timer);
	free(rpcinterface->name);
	free(rpcinterface);
}

void
rpcinterfaces_free(struct rpcinterfaces *rpcinterfaces)
{
	struct rpcinterface *rpcinterface;

	if (rpcinterfaces == NULL)
		return;
	while ((rpcinterface = TAILQ_FIRST(&rpcinterfaces->list)) != NULL)
		rpcinterface_free(rpcinterface); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(rpcinterfaces);
}

static struct rpcinterface *
rpcinterface_find(const struct rpcinterfaces *rpcinterfaces, const char *name, size_t len)
{
	struct rpcinterface *rpcinterface;

	TAILQ_FOREACH(rpcinterface, &rpcinterfaces->list, in_all)
		if (strlen(rpcinterface->name) == len &&
		    memcmp(rpcinterface->name, name, len) == 0)
			break;
	return rpcinterface;
}

static struct rpcinterface *
add(struct rpcinterfaces *rpcinterfaces, const char *name)
{
	struct rpcinterface *rpcinterface = xcalloc(1, sizeof(*rpcinterface));

	rpcinterface->rpcinterfaces = rpcinterfaces;
	rpcinterface->name = xstrdup(name);
	rpcinterface->describe_due_ms = -1;
	TAILQ_INIT(&rpcinterface->pending);
	TAILQ_INIT(&rpcinterface->late);
	rpcinterface->timer = loop_timer(rpcinterfaces->rpcd->loop, overdue, rpcinterface);
	if (rpcinterface->timer == NULL)
		fatal("no timer for rpcinterface %s: %s", name, strerror(errno));
	TAILQ_INSERT_TAIL(&rpcinterfaces->list, rpcinterface, in_all);
	return rpcinterface;
}

static int
take_open(
    struct rpcinterfaces *rpcinterfaces, const char *name, const json_t *params, int *fd)
{
	struct rpcinterface *rpcinterface =
	    rpcinterface_find(rpcinterfaces, name, strlen(name));
	json_t *options = json_object_get(params, "options");

	if (!json_is_object(options) || *fd < 0)
		return -1;
	if (rpcinterface == NULL)
		rpcinterface = add(rpcinterfaces, name);
	rpcinterface->removed = false;
	if (connect_to(rpcinterface, fd, options) == -1)
		log_limited_after(&rpcinterface->limits[LINE_UNSERVED], LINES_FIRST,
		    LEVEL_WARN, "rpcinterface %s is not served: %s", name,
		    strerror(errno));
	return 1;
}

/* The program has ended, whoever still holds the other end. */
static int
take_close(struct rpcinterfaces *rpcinterfaces, const char *name,
    const json_t *params UNUSED, int *fd UNUSED)
{
	struct rpcinterface *rpcinterface =
	    rpcinterface_find(rpcinterfaces, name, strlen(name));

	if (rpcinterface != NULL)
		disconnect(rpcinterface, "is not running");
	return 1;
}

static int
take_remove(struct rpcinterfaces *rpcinterfaces, const char *name,
    const json_t *params UNUSED, int *fd UNUSED)
{
	struct rpcinterface *rpcinterface =
	    rpcinterface_find(rpcinterfaces, name, strlen(name));

	if (rpcinterface == NULL)
		return 1;
	disconnect(rpcinterface, "is not running");
	description_clear(&rpcinterface->description);
	rpcinterface->removed = true;
	source_arm(rpcinterface->timer, clock_mono_ms());
	return 1;
}

static const struct {
	const char *method;
	int (*take)(
	    struct rpcinterfaces *, const char *name, const json_t *params, int *fd);
} notifications[] = {
    {"interface.open", take_open},
    {"interface.close", take_close},
    {"interface.remove", take_remove},
};

int
rpcinterfaces_take(
    struct rpcinterfaces *rpcinterfaces, const char *method, const json_t *params, int *fd)
{
	const char *name = json_string_value(json_object_get(params, "name"));

	for (size_t i = 0; i < nitems(notifications); i++)
		if (strcmp(method, notifications[i].method) == 0)
			return name == NULL ?
			    -1 : notifications[i].take(rpcinterfaces, name, params, fd);
	return 0;
}
