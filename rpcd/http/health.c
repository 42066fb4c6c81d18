/* GET /healthz and /readyz: whether the daemon answers, and whether its programs run. */
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "proto/grant.h"
#include "rpcd/figures.h"
#include "rpcd/http/page.h"
#include "rpcd/http/request.h"
#include "rpcd/http/suspend.h"

#include <stdlib.h>
#include <string.h>

#define PROGRAM "program"     /* parameter of /readyz */
#define NAMES_MAX (64 * 1024) /* bytes of the names of programs that are not ready */

/* A listener whose unauthenticated_role= is none answers nothing without credentials. */
enum role
http_health_needs(const struct http_endpoint *e)
{
	bool is_closed = e->access.has_role && e->access.local == ROLE_NONE;

	return is_closed ? ROLE_STATES : ROLE_NONE;
}

/* ---- what is ready ---- */

struct readiness {
	const struct grant *grant; /* NULL: of a client that must not know names */
	bool is_limited;           /* to a program, or to a group: then name is NULL */
	char *group, *name;
	bool found;
	bool ready;
	struct buf text; /* the names of those that are not ready, one on each line */
};

static bool
health_is_ready(const struct process_info *info)
{
	return info->state == PROCESS_RUNNING && info->ready;
}

/* Whether the question is about this program. */
static bool
health_counts(const struct readiness *health, const struct process_info *info)
{
	if (health->grant != NULL && !grant_sees(health->grant, info->group, info->name))
		return false;
	if (!health->is_limited)
		return info->autostart || info->state == PROCESS_FATAL;
	return health->group != NULL && str_equal(health->group, info->group) &&
	    (health->name == NULL || str_equal(health->name, info->name));
}

static bool
health_is_limited(const struct http_request *r)
{
	return MHD_lookup_connection_value_n(r->client->handle, MHD_GET_ARGUMENT_KIND,
		   PROGRAM, strlen(PROGRAM), NULL, NULL) == MHD_YES;
}

/* No program has a name with a NUL. */
static void
health_limit(struct readiness *health, const struct http_request *r)
{
	const char *value = NULL;
	size_t n = 0;

	health->is_limited = health_is_limited(r);
	(void)MHD_lookup_connection_value_n(
	    r->client->handle, MHD_GET_ARGUMENT_KIND, PROGRAM, strlen(PROGRAM), &value, &n);
	if (value == NULL || strlen(value) != n)
		return;
	namespec_split(value, &health->group, &health->name);
	mem_must(health->group == NULL);
}

static void
health_add(struct readiness *health, const struct process_info *info)
{
	char *name = namespec_join(info->group, info->name);

	if (name == NULL)
		fatal("out of memory for the name of a program");
	health->ready = false;
	if (health->grant != NULL && buf_len(&health->text) + strlen(name) < NAMES_MAX)
		mem_must(buf_printf(
		    &health->text, "%s %s\n", name, process_state_name(info->state)));
	free(name);
}

static void
health_judge(struct readiness *health, const struct mirror *mirror)
{
	health->ready = mirror->daemon.state == DAEMON_RUNNING;
	if (!health->ready && health->grant != NULL)
		mem_must(buf_printf(&health->text, "the daemon %s\n",
		    daemon_state_name(mirror->daemon.state)));
	for (size_t i = 0; i < mirror->count; i++) {
		const struct process_info *info = mirror->rows[i];

		if (!health_counts(health, info))
			continue;
		health->found = true;
		if (!health_is_ready(info))
			health_add(health, info);
	}
}

/* ---- answers ---- */

/* Takes the text; none means the status in a word. */
static void
health_answer(struct http_request *r, int status, struct buf *text)
{
	struct reply reply = { .status = 200, .type = "text/plain;charset=utf-8" };

	if (buf_len(text) == 0)
		mem_must(buf_puts(text, status == 200 ? "ok\n" : "not ready\n"));
	reply.body = *text;
	r->status = status;
	r->response = http_page_secure(http_page_reply(&reply, &r->answered));
	buf_init(text, 0);
}

static void
health_finish(struct http_request *r)
{
	if (r->client->abandon != NULL)
		http_resume(r->client);
}

static void
health_on_alive(void *ctx, const char *failure)
{
	struct http_request *r = ctx;
	struct buf none;

	buf_init(&none, 0);
	health_answer(r, failure == NULL ? 200 : 503, &none);
	health_finish(r);
}

static void
health_on_ready(void *ctx, const char *failure)
{
	struct http_request *r = ctx;
	struct rpcd *rpcd = r->endpoint->rpcd;
	bool knows = caller_role(&r->caller) >= ROLE_STATES;
	struct readiness health = { .grant = knows ? r->caller.grant : NULL };

	buf_init(&health.text, 0);
	health_limit(&health, r);
	if (failure == NULL) {
		rpcd_catch_up(rpcd);
		health_judge(&health, rpcd->mirror);
	}
	if (health.is_limited && failure == NULL && !health.found)
		http_request_fail(r, 404);
	else
		health_answer(r, health.ready ? 200 : 503, &health.text);
	buf_clear(&health.text);
	free(health.group);
	free(health.name);
	health_finish(r);
}

static void
health_ask(struct http_request *r, figures_fn *fn)
{
	figures_ask(r->endpoint->rpcd->figures, fn, r);
	if (r->status == 0)
		http_suspend(r->client, http_health_abandon, r);
}

void
http_health_abandon(void *request)
{
	struct http_request *r = request;

	figures_forget(r->endpoint->rpcd->figures, r);
}

void
http_health_alive(struct http_request *r)
{
	health_ask(r, health_on_alive);
}

/* Only a client that may know the states asks for a program: the status would tell others
 * which programs exist. */
void
http_health_ready(struct http_request *r)
{
	if (!health_is_limited(r) || caller_role(&r->caller) >= ROLE_STATES)
		health_ask(r, health_on_ready);
	else
		http_request_fail(r, r->caller.kind == CALLER_UNKNOWN ? 401 : 403);
}
