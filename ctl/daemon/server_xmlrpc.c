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
server_xmlrpc_read_body(struct http_client *http, struct buf *body)
{
	char *room;
	ssize_t n = 1;

	while (n > 0) {
		room = buf_reserve(body, BODY_PIECE);
		if (room == NULL)
			return errno == ENOBUFS ? "the response is too large" :
			    strerror(errno);
		n = http_client_read(http, room, BODY_PIECE, true);
		if (n > 0)
			buf_commit(body, (size_t)n);
	}
	if (n == 0)
		return NULL;
	return errno == EPROTO ? "the response is cut off or broken" : strerror(errno);
}

/* Takes an open response for an answer; 0 or -1. */
static int
server_xmlrpc_take_response(struct server *s, struct http_client *http, struct reply *r)
{
	struct buf body;
	const char *why;
	int rc;

	if (http_client_code(http) != 200)
		return server_lose(s, http_client_code(http) == 401 ? REACH_UNAUTHORIZED :
		    REACH_FAILED, xstrdup(http_client_status(http)));
	buf_init(&body, BODY_MAX);
	why = server_xmlrpc_read_body(http, &body);
	rc = why != NULL ? -1 : xmlrpc_read(buf_data(&body), buf_len(&body), r, &why);
	buf_clear(&body);
	return rc == 0 ? 0 : server_lose(s, REACH_FAILED, xstrdup(why));
}

/* params: an array, taken. */
static int
server_xmlrpc_rpc(struct server *s, const char *method, json_t *params, struct reply *r)
{
	struct buf body;
	struct http_client *http;
	char *why;
	enum reach reached;
	int rc;

	buf_init(&body, 0);
	xmlrpc_write(&body, method, params);
	json_decref(params);
	const struct http_client_request request = { .url = s->url, .path = "/RPC2",
		.username = s->username, .password = s->password,
		.daemon_uid = s->daemon_uid, .body = buf_data(&body),
		.length = buf_len(&body) };
	reached = http_client_open(&request, &http, &why);
	buf_clear(&body);
	if (reached != REACH_OK)
		return server_lose(s, reached, why);
	rc = server_xmlrpc_take_response(s, http, r);
	http_client_free(http);
	return rc;
}

static const struct mapping *
server_xmlrpc_mapping(const char *method)
{
	for (size_t i = 0; i < nitems(mappings); i++)
		if (strcmp(mappings[i].method, method) == 0)
			return &mappings[i];
	return NULL;
}

/* New: the parameters in the order of the mapping; NULL when one is no text. */
static json_t *
server_xmlrpc_ordered(const struct mapping *m, const json_t *params)
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
server_xmlrpc_misshapen(struct server *s, struct reply *r)
{
	reply_clear(r);
	return server_lose(s, REACH_FAILED, xstrdup("the response is of another method"));
}

/* [[added, changed, removed]] as our own protocol has it; 0 or -1. */
static int
server_xmlrpc_name_changes(struct server *s, struct reply *r)
{
	json_t *named;

	if (xmlrpc_result_changes(r->result, &named) == -1)
		return server_xmlrpc_misshapen(s, r);
	json_decref(r->result);
	r->result = named;
	return 0;
}

static int
server_xmlrpc_call(struct server *s, const char *method, json_t *params, struct reply *r)
{
	const struct mapping *m = server_xmlrpc_mapping(method);
	json_t *list = m != NULL ? server_xmlrpc_ordered(m, params) : NULL;
	int rc;

	json_decref(params);
	if (list == NULL)
		return server_lose(s, REACH_FAILED, xstrdup(m == NULL ?
		    "this needs the control socket" : "the argument is not UTF-8"));
	rc = server_xmlrpc_rpc(s, m->rpc, list, r);
	if (rc == 0 && r->fault == FAULT_NONE && m->shape == SHAPE_REREAD)
		rc = server_xmlrpc_name_changes(s, r);
	return rc;
}

static int
server_xmlrpc_call_wait(struct server *s, const char *method, json_t *params,
    enum wait_kind wait, bulk_result_fn *each, void *ctx, struct reply *r)
{
	const struct mapping *m = server_xmlrpc_mapping(method);

	(void)wait; /* the server does */
	if (server_xmlrpc_call(s, method, params, r) == -1)
		return -1;
	if (r->fault != FAULT_NONE || m->shape != SHAPE_RESULTS)
		return 0;
	return xmlrpc_result_each(r->result, each, ctx) == 0 ? 0 :
	    server_xmlrpc_misshapen(s, r);
}

/* --- reaching it --- */

/* What supervisorctl asks before most commands. */
static enum reach
server_xmlrpc_reach(struct server *s, char **why)
{
	struct reply r = REPLY_NONE;
	const char *version;
	enum reach reached = REACH_OK;

	if (server_xmlrpc_rpc(s, "supervisor.getVersion", json_array(), &r) == -1) {
		*why = xstrdup(s->why);
		return s->lost;
	}
	version = json_string_value(r.result);
	if (r.fault == FAULT_UNKNOWN_METHOD) {
		reached = REACH_NO_INTERFACE;
	} else if (r.fault != FAULT_NONE) {
		reached = REACH_FAULT;
		*why = reply_meaning(r.fault, r.text);
	} else if (version == NULL || strcmp(version, API_VERSION) != 0) {
		reached = REACH_OTHER_API;
		*why = xstrdup(version != NULL ? version : "");
	}
	reply_clear(&r);
	return reached;
}

static void
server_xmlrpc_clear_rows(struct server *s)
{
	for (size_t i = 0; i < s->count; i++)
		process_info_clear(&s->infos[i]);
	mem_freep(&s->infos);
	mem_freep(&s->list);
	s->count = 0;
}

static void
server_xmlrpc_close(struct server *s)
{
	server_xmlrpc_clear_rows(s);
}

/* --- reading --- */

static int
server_xmlrpc_rows(struct server *s, struct server_rows *rows, struct reply *r)
{
	if (server_xmlrpc_rpc(s, "supervisor.getAllProcessInfo", json_array(), r) == -1)
		return -1;
	server_xmlrpc_clear_rows(s);
	rows->now = clock_wall_ms() / 1000;
	if (r->fault == FAULT_NONE &&
	    xmlrpc_result_rows(r->result, &s->infos, &s->count, &rows->now) == -1)
		return server_xmlrpc_misshapen(s, r);
	s->list = xcalloc(s->count + 1, sizeof(*s->list));
	for (size_t i = 0; i < s->count; i++)
		s->list[i] = &s->infos[i];
	rows->list = s->list;
	rows->count = s->count;
	return 0;
}

static int
server_xmlrpc_config(struct server *s, struct reply *r)
{
	if (server_xmlrpc_rpc(s, "supervisor.getAllConfigInfo", json_array(), r) == -1)
		return -1;
	return r->fault != FAULT_NONE || xmlrpc_result_config(r->result) == 0 ? 0 :
	    server_xmlrpc_misshapen(s, r);
}

/* Calls a method that takes nothing and answers one value of a kind. */
static int
server_xmlrpc_get(struct server *s, const char *method, json_type type, struct reply *r)
{
	if (server_xmlrpc_rpc(s, method, json_array(), r) == -1)
		return -1;
	return r->fault != FAULT_NONE || json_typeof(r->result) == type ? 0 :
	    server_xmlrpc_misshapen(s, r);
}

static int
server_xmlrpc_identifier(struct server *s, struct reply *r)
{
	static const char *const ours[] = { "localhost", "127.0.0.1", "::1" };
	char *host = http_client_host(s->url);
	bool is_ours = host == NULL;

	for (size_t i = 0; i < nitems(ours) && !is_ours; i++)
		is_ours = strcmp(host, ours[i]) == 0;
	if (!is_ours)
		r->result = json_string(host);
	free(host);
	return is_ours || r->result == NULL ?
	    server_xmlrpc_get(s, "supervisor.getIdentification", JSON_STRING, r) : 0;
}

static int
server_xmlrpc_pid(struct server *s, struct reply *r)
{
	return server_xmlrpc_get(s, "supervisor.getPID", JSON_INTEGER, r);
}

static int
server_xmlrpc_version(struct server *s, struct reply *r)
{
	return server_xmlrpc_get(s, "supervisor.getSupervisorVersion", JSON_STRING, r);
}

static int
server_xmlrpc_read_log(struct server *s, const struct log_request *log, int64_t offset,
    FILE *out, struct reply *r)
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
	if (server_xmlrpc_rpc(s, method, params, r) == -1)
		return -1;
	if (r->fault != FAULT_NONE)
		return 0;
	if (!json_is_string(r->result))
		return server_xmlrpc_misshapen(s, r);
	fwrite(json_string_value(r->result), 1, json_string_length(r->result), out);
	return 0;
}

/* New: a name as a part of a path. */
static char *
server_xmlrpc_quoted(const char *name)
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
server_xmlrpc_stream_log(struct server *s, const struct log_request *log,
    struct log_stream **feed, struct reply *r)
{
	char *name = log->name != NULL ? server_xmlrpc_quoted(log->name) : NULL, *why;
	char *path = name == NULL ? xstrdup("/mainlogtail") :
	    xasprintf("/logtail/%s/%s", name, log->stream);
	const struct http_client_request request = { .url = s->url, .path = path,
		.username = s->username, .password = s->password,
		.daemon_uid = s->daemon_uid };
	struct http_client *http;
	enum reach reached = http_client_open(&request, &http, &why);

	free(path);
	free(name);
	if (reached != REACH_OK)
		return server_lose(s, reached, why);
	if (http_client_code(http) == 200) {
		*feed = log_stream_of_http(http);
		return 0;
	}
	reply_set_fault(r, http_client_code(http) == 404 ? FAULT_NO_FILE : FAULT_FAILED,
	    xasprintf("status code %d", http_client_code(http)));
	http_client_free(http);
	return 0;
}

const struct server_ops server_xmlrpc_ops = {
	.reach = server_xmlrpc_reach,
	.call = server_xmlrpc_call,
	.call_wait = server_xmlrpc_call_wait,
	.rows = server_xmlrpc_rows,
	.config = server_xmlrpc_config,
	.identifier = server_xmlrpc_identifier,
	.pid = server_xmlrpc_pid,
	.version = server_xmlrpc_version,
	.read_log = server_xmlrpc_read_log,
	.stream_log = server_xmlrpc_stream_log,
	.close = server_xmlrpc_close,
};
