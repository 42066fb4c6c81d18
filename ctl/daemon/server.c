#include "ctl/daemon/server_ops.h"

#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

static char *
server_copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

static void
server_forget(char **secret)
{
	if (*secret != NULL)
		mem_wipe(*secret, strlen(*secret));
	mem_freep(secret);
}

struct server *
server_new(const struct server_where *where)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->control_path = server_copy(where->control);
	s->url = server_copy(where->url);
	s->username = server_copy(where->username);
	s->password = server_copy(where->password);
	s->daemon_uid = where->daemon_uid;
	return s;
}

static void
server_close(struct server *s)
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
	server_close(s);
	attempts_clear(&s->tried);
	free(s->control_path);
	free(s->url);
	free(s->username);
	server_forget(&s->password);
	free(s->why);
	free(s);
}

void
server_move(struct server *s, const char *url)
{
	server_close(s);
	mem_freep(&s->control_path);
	free(s->url);
	s->url = xstrdup(url);
	s->daemon_uid = 0;
}

void
server_login(struct server *s, const char *username, const char *password)
{
	free(s->username);
	s->username = xstrdup(username);
	server_forget(&s->password);
	s->password = xstrdup(password);
}

const char *
server_url(const struct server *s)
{
	return s->shown;
}

const struct attempts *
server_attempts(const struct server *s)
{
	return &s->tried;
}

static void
server_show_as(struct server *s, char *url)
{
	free(s->shown);
	s->shown = url;
}

/* Whether nobody was there who answers as a server does. */
static bool
server_is_unreached(enum reach reached)
{
	return reached == REACH_NO_FILE || reached == REACH_REFUSED ||
	    reached == REACH_FAILED;
}

static const char *
server_socket(const char *url)
{
	static const char scheme[] = "unix://";

	return str_starts(url, scheme) ? url + strlen(scheme) : NULL;
}

enum reach
server_reach(struct server *s, char **why)
{
	enum reach reached = REACH_FAILED;

	*why = NULL;
	if (s->control != NULL && control_pump(s->control, 0) == 0)
		return REACH_OK;
	server_close(s);
	attempts_clear(&s->tried);
	if (s->control_path != NULL) {
		server_show_as(s, xasprintf("unix://%s", s->control_path));
		reached = server_control_ops.reach(s, why);
		if (reached == REACH_OK)
			s->ops = &server_control_ops;
		else
			attempts_add(&s->tried, "control socket", s->shown, s->control_path,
			    *why);
		if (reached == REACH_OK || s->url == NULL)
			return reached;
		mem_freep(why);
	}
	server_show_as(s, xstrdup(s->url));
	s->ops = &server_xmlrpc_ops;
	reached = server_xmlrpc_ops.reach(s, why);
	if (server_is_unreached(reached))
		attempts_add(&s->tried, "server", s->url, server_socket(s->url), *why);
	return reached;
}

bool
server_is_control(const struct server *s)
{
	return s->ops == &server_control_ops;
}

struct control *
server_control(const struct server *s)
{
	return s->control;
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
server_call(struct server *s, const char *method, json_t *params, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->call(s, method, params, r);
}

int
server_call_wait(struct server *s, const char *method, json_t *params, enum wait_kind wait,
    bulk_result_fn *each, void *ctx, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->call_wait(s, method, params, wait, each, ctx, r);
}

int
server_rows(struct server *s, struct server_rows *rows, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	*rows = (struct server_rows){ 0 };
	return s->ops->rows(s, rows, r);
}

int
server_config(struct server *s, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->config(s, r);
}

int
server_identifier(struct server *s, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	if (s->ops == NULL)
		return server_lose(s, REACH_FAILED, xstrdup("not reached"));
	return s->ops->identifier(s, r);
}

int
server_pid(struct server *s, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->pid(s, r);
}

int
server_version(struct server *s, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->version(s, r);
}

int
server_read_log(struct server *s, const struct log_request *log, int64_t offset, FILE *out,
    struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->read_log(s, log, offset, out, r);
}

int
server_stream_log(struct server *s, const struct log_request *log, struct log_stream **feed,
    struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->stream_log(s, log, feed, r);
}
