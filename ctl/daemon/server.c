#include "ctl/daemon/server_ops.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECONNECT_MS 5 /* between attempts */

static char *
server_copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

struct server *
server_new(const struct server_address *address)
{
	struct server *s = xcalloc(1, sizeof(*s));

	s->control_path = server_copy(address->control);
	s->url = server_copy(address->url);
	s->username = server_copy(address->username);
	s->password = server_copy(address->password);
	s->daemon_uid = address->daemon_uid;
	return s;
}

static void
server_forget_attempts(struct server *s)
{
	for (; s->tried > 0; s->tried--) {
		free(s->attempts[s->tried - 1].address);
		free(s->attempts[s->tried - 1].why);
	}
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
	server_forget_attempts(s);
	free(s->control_path);
	free(s->url);
	free(s->username);
	mem_wiping_free(s->password);
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
	mem_wiping_free(s->password);
	s->password = xstrdup(password);
}

const char *
server_url(const struct server *s)
{
	return s->shown;
}

struct control *
server_control(const struct server *s)
{
	return s->control;
}

/* Records that the current address failed; `path` is its socket, or NULL. */
static void
server_add_attempt(struct server *s, const char *kind, const char *path, const char *why)
{
	struct server_attempt *a = &s->attempts[s->tried++];
	const struct passwd *user;
	struct stat st;

	a->kind = kind;
	a->address = xstrdup(s->shown);
	a->foreign = path != NULL && stat(path, &st) == 0 && st.st_uid != geteuid();
	user = a->foreign ? getpwuid(st.st_uid) : NULL;
	if (!a->foreign)
		a->why = xstrdup(why);
	else if (user != NULL)
		a->why = xasprintf("%s; it belongs to user %s", why, user->pw_name);
	else
		a->why = xasprintf("%s; it belongs to uid %u", why, (unsigned)st.st_uid);
}

void
server_print_attempts(const struct server *s, FILE *out, const char *file)
{
	fprintf(out, "The daemon was not reached.\n    configuration file: %s\n",
	    file != NULL ? file : "none was found");
	for (size_t i = 0; i < s->tried; i++)
		fprintf(out, "    %s %s: %s\n", s->attempts[i].kind, s->attempts[i].address,
		    s->attempts[i].why);
}

void
server_print_fallback(const struct server *s, FILE *out)
{
	for (size_t i = 0; i < s->tried; i++)
		if (s->attempts[i].foreign)
			fprintf(out, "%s %s: %s; using %s instead\n", s->attempts[i].kind,
			    s->attempts[i].address, s->attempts[i].why, s->shown);
}

enum reach
server_reach(struct server *s, char **why)
{
	static const char unix_scheme[] = "unix://";
	enum reach reached;

	*why = NULL;
	if (s->control != NULL && control_pump(s->control) == 0)
		return REACH_OK;
	server_close(s);
	server_forget_attempts(s);
	if (s->control_path != NULL) {
		s->shown = xasprintf("%s%s", unix_scheme, s->control_path);
		reached = server_control_ops.reach(s, why);
		if (reached == REACH_OK)
			s->ops = &server_control_ops;
		else
			server_add_attempt(s, "control socket", s->control_path, *why);
		if (reached == REACH_OK || s->url == NULL)
			return reached;
		mem_freep(why);
		mem_freep(&s->shown);
	}
	s->shown = xstrdup(s->url);
	s->ops = &server_xmlrpc_ops;
	reached = server_xmlrpc_ops.reach(s, why);
	if (reply_is_absent(reached))
		server_add_attempt(s, "server",
		    str_starts(s->url, unix_scheme) ? s->url + strlen(unix_scheme) : NULL,
		    *why);
	return reached;
}

enum reach
server_reconnect(struct server *s, int64_t limit_ms, char **why)
{
	int64_t end = clock_mono_ms() + limit_ms;
	enum reach reached;

	*why = NULL;
	server_control_ops.close(s);
	while ((reached = server_control_ops.reach(s, why)) != REACH_OK &&
	    reached != REACH_DENIED && clock_mono_ms() < end) {
		mem_freep(why);
		(void)poll(NULL, 0, RECONNECT_MS);
	}
	return reached;
}

int
server_lose(struct server *s, enum reach how, char *why)
{
	free(s->why);
	s->why = why;
	s->lost = how;
	return -1;
}

int
server_fail(struct server *s, const char *why)
{
	return server_lose(s, REACH_FAILED, xstrdup(why));
}

enum reach
server_lost(const struct server *s, const char **why)
{
	*why = s->why != NULL ? s->why : "the connection was lost";
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
server_get(struct server *s, enum server_value value, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	if (s->ops == NULL)
		return server_fail(s, "not reached");
	return s->ops->get(s, value, r);
}

int
server_read_log(struct server *s, const struct log_request *log, int64_t offset, FILE *out,
    struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->read_log(s, log, offset, out, r);
}

int
server_stream_log(struct server *s, const struct log_request *log,
    struct log_stream **stream, struct reply *r)
{
	*r = (struct reply)REPLY_NONE;
	return s->ops->stream_log(s, log, stream, r);
}
