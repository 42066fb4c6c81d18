#include "ctl/daemon/server_ops.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

static char *
copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

static void
forget(char **secret)
{
	if (*secret != NULL)
		mem_wipe(*secret, strlen(*secret));
	mem_freep(secret);
}

struct server *
server_new(const struct server_where *where)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->control = copy(where->control);
	s->url = copy(where->url);
	s->username = copy(where->username);
	s->password = copy(where->password);
	s->daemon_uid = where->daemon_uid;
	return s;
}

static void
leave(struct server *s)
{
	if (s->ops != NULL)
		s->ops->close(s);
	s->ops = NULL;
	mem_freep(&s->shown);
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	leave(s);
	tried_clear(&s->tried);
	free(s->control);
	free(s->url);
	free(s->username);
	forget(&s->password);
	free(s->why);
	free(s);
}

void
server_move(struct server *s, const char *url)
{
	leave(s);
	mem_freep(&s->control);
	free(s->url);
	s->url = xstrdup(url);
	s->daemon_uid = 0;
}

void
server_login(struct server *s, const char *username, const char *password)
{
	free(s->username);
	s->username = xstrdup(username);
	forget(&s->password);
	s->password = xstrdup(password);
}

const char *
server_url(const struct server *s)
{
	return s->shown;
}

const struct tried *
server_tried(const struct server *s)
{
	return &s->tried;
}

static void
show_as(struct server *s, char *url)
{
	free(s->shown);
	s->shown = url;
}

/* Whether nobody was there who answers as a server does. */
static bool
is_unreached(enum reach reached)
{
	return reached == REACH_NO_FILE || reached == REACH_REFUSED ||
	    reached == REACH_FAILED;
}

static const char *
socket_of(const char *url)
{
	static const char scheme[] = "unix://";

	return str_starts(url, scheme) ? url + strlen(scheme) : NULL;
}

enum reach
server_reach(struct server *s, char **why)
{
	enum reach reached = REACH_FAILED;

	*why = NULL;
	if (s->client != NULL && client_pump(s->client, 0) == 0)
		return REACH_OK;
	leave(s);
	tried_clear(&s->tried);
	if (s->control != NULL) {
		show_as(s, xasprintf("unix://%s", s->control));
		reached = server_control.reach(s, why);
		if (reached == REACH_OK)
			s->ops = &server_control;
		else
			tried_add(&s->tried, "control socket", s->shown, s->control, *why);
		if (reached == REACH_OK || s->url == NULL)
			return reached;
		mem_freep(why);
	}
	show_as(s, xstrdup(s->url));
	s->ops = &server_xmlrpc;
	reached = server_xmlrpc.reach(s, why);
	if (is_unreached(reached))
		tried_add(&s->tried, "server", s->url, socket_of(s->url), *why);
	return reached;
}

bool
server_is_control(const struct server *s)
{
	return s->ops == &server_control;
}

struct client *
server_client(const struct server *s)
{
	return s->client;
}

int
server_lose(struct server *s, enum reach how, char *why)
{
	free(s->why);
	s->why = why;
	s->lost = how;
	return -1;
}

enum reach
server_lost(const struct server *s, const char **why)
{
	*why = s->why != NULL ? s->why : "the connection is gone";
	return s->lost;
}

int
server_call(struct server *s, const char *method, json_t *params, struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	return s->ops->call(s, method, params, a);
}

int
server_operate(struct server *s, const char *method, json_t *params, enum wait_kind wait,
    bulk_result_fn *each, void *ctx, struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	return s->ops->operate(s, method, params, wait, each, ctx, a);
}

int
server_rows(struct server *s, struct server_rows *rows, struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	*rows = (struct server_rows){ 0 };
	return s->ops->rows(s, rows, a);
}

int
server_config(struct server *s, struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	return s->ops->config(s, a);
}

int
server_identifier(struct server *s, struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	if (s->ops == NULL)
		return server_lose(s, REACH_FAILED, xstrdup("not reached"));
	return s->ops->identifier(s, a);
}

int
server_pid(struct server *s, struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	return s->ops->pid(s, a);
}

int
server_version(struct server *s, struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	return s->ops->version(s, a);
}

int
server_read_log(struct server *s, const struct feed_log *log, int64_t offset, FILE *out,
    struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	return s->ops->read_log(s, log, offset, out, a);
}

int
server_follow(struct server *s, const struct feed_log *log, struct feed **feed,
    struct answer *a)
{
	*a = (struct answer)ANSWER_NONE;
	return s->ops->follow(s, log, feed, a);
}
