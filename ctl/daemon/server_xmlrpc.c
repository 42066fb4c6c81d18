#include "ctl/daemon/server_ops.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/daemon/http_client.h"
#include "ctl/daemon/xmlrpc.h"
#include "ctl/daemon/xmlrpc_result.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (256 * 1024 * 1024)	/* bytes of a response, among them of a log */
#define BODY_PIECE (64 * 1024)		/* bytes read at once */
#define API_VERSION "3.0"		/* what supervisorctl asks for */

/* What the result of a method is made of. */
enum shape {
	SHAPE_PLAIN,
	SHAPE_RESULTS,	/* an array with a struct for each process */
	SHAPE_REREAD,	/* [[added, changed, removed]] */
};

/* The methods of reeve-protocol(7) in XML-RPC's words. */
static const struct mapping {
	const char *method, *rpc;
	const char *params[3];	/* in this order; NULL-terminated */
	enum shape shape;
} mappings[] = {
	{ "process.start", "supervisor.startProcess", { "name" }, SHAPE_PLAIN },
	{ "process.stop", "supervisor.stopProcess", { "name" }, SHAPE_PLAIN },
	{ "process.signal", "supervisor.signalProcess", { "name", "signal" }, SHAPE_PLAIN },
	{ "process.stdin", "supervisor.sendProcessStdin", { "name", "data" }, SHAPE_PLAIN },
	{ "group.start", "supervisor.startProcessGroup", { "name" }, SHAPE_RESULTS },
	{ "group.stop", "supervisor.stopProcessGroup", { "name" }, SHAPE_RESULTS },
	{ "group.signal", "supervisor.signalProcessGroup", { "name", "signal" },
	    SHAPE_RESULTS },
	{ "group.add", "supervisor.addProcessGroup", { "name" }, SHAPE_PLAIN },
	{ "group.remove", "supervisor.removeProcessGroup", { "name" }, SHAPE_PLAIN },
	{ "all.start", "supervisor.startAllProcesses", { NULL }, SHAPE_RESULTS },
	{ "all.stop", "supervisor.stopAllProcesses", { NULL }, SHAPE_RESULTS },
	{ "all.signal", "supervisor.signalAllProcesses", { "signal" }, SHAPE_RESULTS },
	{ "all.clear", "supervisor.clearAllProcessLogs", { NULL }, SHAPE_RESULTS },
	{ "log.clear", "supervisor.clearProcessLogs", { "name" }, SHAPE_PLAIN },
	{ "config.reread", "supervisor.reloadConfig", { NULL }, SHAPE_REREAD },
	{ "daemon.shutdown", "supervisor.shutdown", { NULL }, SHAPE_PLAIN },
	{ "daemon.restart", "supervisor.restart", { NULL }, SHAPE_PLAIN },
};

/* --- one call --- */

/* Reads a body whole: NULL, or a static text that says why it cannot be had. */
static const char *
read_body(struct http *http, struct buf *body)
{
	char *room;
	ssize_t n = 1;

	while (n > 0) {
		room = buf_reserve(body, BODY_PIECE);
		if (room == NULL)
			return errno == ENOBUFS ? "the response is too large" :
			    strerror(errno);
		n = http_read(http, room, BODY_PIECE, true);
		if (n > 0)
			buf_commit(body, (size_t)n);
	}
	if (n == 0)
		return NULL;
	return errno == EPROTO ? "the response is cut off or broken" : strerror(errno);
}

/* Takes an open response for an answer; 0 or -1. */
static int
take_response(struct server *s, struct http *http, struct answer *a)
{
	struct buf body;
	const char *why;
	int rc;

	if (http_code(http) != 200)
		return server_lose(s, http_code(http) == 401 ? REACH_UNAUTHORIZED :
		    REACH_FAILED, xstrdup(http_status(http)));
	buf_init(&body, BODY_MAX);
	why = read_body(http, &body);
	rc = why != NULL ? -1 : xmlrpc_read(buf_data(&body), buf_len(&body), a, &why);
	buf_clear(&body);
	return rc == 0 ? 0 : server_lose(s, REACH_FAILED, xstrdup(why));
}

/* params: an array, taken. */
static int
call(struct server *s, const char *method, json_t *params, struct answer *a)
{
	struct buf body;
	struct http *http;
	char *why;
	enum reach reached;
	int rc;

	buf_init(&body, 0);
	xmlrpc_write(&body, method, params);
	json_decref(params);
	const struct http_request request = { .url = s->url, .path = "/RPC2",
		.username = s->username, .password = s->password,
		.daemon_uid = s->daemon_uid, .body = buf_data(&body),
		.length = buf_len(&body) };
	reached = http_open(&request, &http, &why);
	buf_clear(&body);
	if (reached != REACH_OK)
		return server_lose(s, reached, why);
	rc = take_response(s, http, a);
	http_free(http);
	return rc;
}

static const struct mapping *
mapping_of(const char *method)
{
	for (size_t i = 0; i < nitems(mappings); i++)
		if (strcmp(mappings[i].method, method) == 0)
			return &mappings[i];
	return NULL;
}

/* New: the parameters in the order of the mapping; NULL when one is no text. */
static json_t *
ordered(const struct mapping *m, const json_t *params)
{
	json_t *list = json_array();

	for (size_t i = 0; m->params[i] != NULL; i++)
		if (json_array_append(list, json_object_get(params, m->params[i])) == -1) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* The server did not answer what the method is for. */
static int
misshapen(struct server *s, struct answer *a)
{
	answer_clear(a);
	return server_lose(s, REACH_FAILED, xstrdup("the response is of another method"));
}

/* [[added, changed, removed]] as our own protocol has it; 0 or -1. */
static int
name_changes(struct server *s, struct answer *a)
{
	json_t *named;

	if (result_changes(a->result, &named) == -1)
		return misshapen(s, a);
	json_decref(a->result);
	a->result = named;
	return 0;
}

static int
xmlrpc_call(struct server *s, const char *method, json_t *params, struct answer *a)
{
	const struct mapping *m = mapping_of(method);
	json_t *list = m != NULL ? ordered(m, params) : NULL;
	int rc;

	json_decref(params);
	if (list == NULL)
		return server_lose(s, REACH_FAILED, xstrdup(m == NULL ?
		    "this needs the control socket" : "the argument is not UTF-8"));
	rc = call(s, m->rpc, list, a);
	if (rc == 0 && a->fault == FAULT_NONE && m->shape == SHAPE_REREAD)
		rc = name_changes(s, a);
	return rc;
}

static int
xmlrpc_operate(struct server *s, const char *method, json_t *params, enum wait_kind wait,
    bulk_result_fn *each, void *ctx, struct answer *a)
{
	const struct mapping *m = mapping_of(method);

	(void)wait; /* the server does */
	if (xmlrpc_call(s, method, params, a) == -1)
		return -1;
	if (a->fault != FAULT_NONE || m->shape != SHAPE_RESULTS)
		return 0;
	return result_each(a->result, each, ctx) == 0 ? 0 : misshapen(s, a);
}

/* --- reaching it --- */

/* What supervisorctl asks before most commands. */
static enum reach
xmlrpc_reach(struct server *s, char **why)
{
	struct answer a = ANSWER_NONE;
	const char *version;
	enum reach reached = REACH_OK;

	if (call(s, "supervisor.getVersion", json_array(), &a) == -1) {
		*why = xstrdup(s->why);
		return s->lost;
	}
	version = json_string_value(a.result);
	if (a.fault == FAULT_UNKNOWN_METHOD) {
		reached = REACH_NO_INTERFACE;
	} else if (a.fault != FAULT_NONE) {
		reached = REACH_FAULT;
		*why = answer_meaning(a.fault, a.text);
	} else if (version == NULL || strcmp(version, API_VERSION) != 0) {
		reached = REACH_OTHER_API;
		*why = xstrdup(version != NULL ? version : "");
	}
	answer_clear(&a);
	return reached;
}

static void
clear_rows(struct server *s)
{
	for (size_t i = 0; i < s->count; i++)
		process_info_clear(&s->infos[i]);
	mem_freep(&s->infos);
	mem_freep(&s->list);
	s->count = 0;
}

static void
xmlrpc_close(struct server *s)
{
	clear_rows(s);
}

/* --- reading --- */

static int
xmlrpc_rows(struct server *s, struct server_rows *rows, struct answer *a)
{
	if (call(s, "supervisor.getAllProcessInfo", json_array(), a) == -1)
		return -1;
	clear_rows(s);
	rows->now = clock_wall_ms() / 1000;
	if (a->fault == FAULT_NONE &&
	    result_rows(a->result, &s->infos, &s->count, &rows->now) == -1)
		return misshapen(s, a);
	s->list = xcalloc(s->count + 1, sizeof(*s->list));
	for (size_t i = 0; i < s->count; i++)
		s->list[i] = &s->infos[i];
	rows->list = s->list;
	rows->count = s->count;
	return 0;
}

static int
xmlrpc_config(struct server *s, struct answer *a)
{
	if (call(s, "supervisor.getAllConfigInfo", json_array(), a) == -1)
		return -1;
	return a->fault != FAULT_NONE || result_config(a->result) == 0 ? 0 :
	    misshapen(s, a);
}

/* Calls a method that takes nothing and answers one value of a kind. */
static int
call_for(struct server *s, const char *method, json_type type, struct answer *a)
{
	if (call(s, method, json_array(), a) == -1)
		return -1;
	return a->fault != FAULT_NONE || json_typeof(a->result) == type ? 0 :
	    misshapen(s, a);
}

static int
xmlrpc_identifier(struct server *s, struct answer *a)
{
	static const char *const ours[] = { "localhost", "127.0.0.1", "::1" };
	char *host = http_host(s->url);
	bool is_ours = host == NULL;

	for (size_t i = 0; i < nitems(ours) && !is_ours; i++)
		is_ours = strcmp(host, ours[i]) == 0;
	if (!is_ours)
		a->result = json_string(host);
	free(host);
	return is_ours || a->result == NULL ?
	    call_for(s, "supervisor.getIdentification", JSON_STRING, a) : 0;
}

static int
xmlrpc_pid(struct server *s, struct answer *a)
{
	return call_for(s, "supervisor.getPID", JSON_INTEGER, a);
}

static int
xmlrpc_version(struct server *s, struct answer *a)
{
	return call_for(s, "supervisor.getSupervisorVersion", JSON_STRING, a);
}

static int
xmlrpc_read_log(struct server *s, const struct feed_log *log, int64_t offset, FILE *out,
    struct answer *a)
{
	const char *method = "supervisor.readLog";
	json_t *params = json_array();

	if (log->name != NULL) {
		method = strcmp(log->stream, "stderr") == 0 ?
		    "supervisor.readProcessStderrLog" : "supervisor.readProcessStdoutLog";
		if (json_array_append_new(params, json_string(log->name)) == -1) {
			json_decref(params);
			return server_lose(s, REACH_FAILED,
			    xstrdup("the argument is not UTF-8"));
		}
	}
	json_array_append_new(params, json_integer(offset));
	json_array_append_new(params, json_integer(0));
	if (call(s, method, params, a) == -1)
		return -1;
	if (a->fault != FAULT_NONE)
		return 0;
	if (!json_is_string(a->result))
		return misshapen(s, a);
	fwrite(json_string_value(a->result), 1, json_string_length(a->result), out);
	return 0;
}

/* New: a name as a part of a path. */
static char *
quoted(const char *name)
{
	char *out = xmalloc(3 * strlen(name) + 1), *at = out;

	for (; *name != '\0'; name++) {
		if (isalnum((unsigned char)*name) || strchr("-._~:*", *name) != NULL)
			*at++ = *name;
		else
			at += sprintf(at, "%%%02X", (unsigned char)*name);
	}
	*at = '\0';
	return out;
}

static int
xmlrpc_follow(struct server *s, const struct feed_log *log, struct feed **feed,
    struct answer *a)
{
	char *name = log->name != NULL ? quoted(log->name) : NULL, *why;
	char *path = name == NULL ? xstrdup("/mainlogtail") :
	    xasprintf("/logtail/%s/%s", name, log->stream);
	const struct http_request request = { .url = s->url, .path = path,
		.username = s->username, .password = s->password,
		.daemon_uid = s->daemon_uid };
	struct http *http;
	enum reach reached = http_open(&request, &http, &why);

	free(path);
	free(name);
	if (reached != REACH_OK)
		return server_lose(s, reached, why);
	if (http_code(http) == 200) {
		*feed = feed_of_http(http);
		return 0;
	}
	answer_set_fault(a, http_code(http) == 404 ? FAULT_NO_FILE : FAULT_FAILED,
	    xasprintf("status code %d", http_code(http)));
	http_free(http);
	return 0;
}

const struct server_ops server_xmlrpc = {
	.reach = xmlrpc_reach,
	.call = xmlrpc_call,
	.operate = xmlrpc_operate,
	.rows = xmlrpc_rows,
	.config = xmlrpc_config,
	.identifier = xmlrpc_identifier,
	.pid = xmlrpc_pid,
	.version = xmlrpc_version,
	.read_log = xmlrpc_read_log,
	.follow = xmlrpc_follow,
	.close = xmlrpc_close,
};
