#include "ctl/daemon/server_ops.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "ctl/daemon/http_client.h"
#include "ctl/daemon/http_response.h"
#include "ctl/daemon/xmlrpc.h"
#include "ctl/daemon/xmlrpc_result.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (256 * 1024 * 1024) /* bytes of a response, which may be a log */
#define BODY_PIECE (64 * 1024)       /* bytes read at once */
#define ALL_STATS "reeve.getAllProcessStats"
#define API_VERSION "3.0" /* the version that supervisorctl requires */

static const char not_utf8[] = "the argument is not UTF-8";

/* The type of a method's result. */
enum shape {
	SHAPE_PLAIN,
	SHAPE_RESULTS,	/* an array with a struct for each process */
	SHAPE_REREAD,	/* [[added, changed, removed]] */
};

/* The methods of reeve-protocol(7) and their equivalents in XML-RPC. */
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
	{ "all.stats", ALL_STATS, { NULL }, SHAPE_PLAIN },
	{ "all.clear", "supervisor.clearAllProcessLogs", { NULL }, SHAPE_RESULTS },
	{ "log.clear", "supervisor.clearProcessLogs", { "name" }, SHAPE_PLAIN },
	{ "config.reread", "supervisor.reloadConfig", { NULL }, SHAPE_REREAD },
	{ "daemon.shutdown", "supervisor.shutdown", { NULL }, SHAPE_PLAIN },
	{ "daemon.restart", "supervisor.restart", { NULL }, SHAPE_PLAIN },
};

/* Reads the whole body. NULL, or a text with the reason of a failure. */
static const char *
server_xmlrpc_read_body(struct http_client *http, struct buf *body)
{
	ssize_t n = 1;

	while (n > 0) {
		char *piece = buf_reserve(body, BODY_PIECE);

		if (piece == NULL)
			return errno == ENOBUFS ? "the response is too large" :
						  strerror(errno);
		n = http_client_read(http, piece, BODY_PIECE, true);
		if (n > 0)
			buf_commit(body, (size_t)n);
	}
	if (n == 0)
		return NULL;
	return errno == EPROTO ? "the response is incomplete or malformed" :
				 strerror(errno);
}

/* Reads the response into the reply; 0 or -1. */
static int
server_xmlrpc_read_response(struct server *s, struct http_client *http, struct reply *r)
{
	const struct http_response *response = http_client_response(http);
	struct buf body;
	const char *why;
	int rc;

	if (response->code != 200)
		return server_lose(s,
		    response->code == 401 ? REACH_UNAUTHORIZED : REACH_FAILED,
		    xstrdup(response->status));
	buf_init(&body, BODY_MAX);
	why = server_xmlrpc_read_body(http, &body);
	rc = why != NULL ? -1 : xmlrpc_read(buf_data(&body), buf_len(&body), r, &why);
	buf_clear(&body);
	return rc == 0 ? 0 : server_fail(s, why);
}

static enum reach
server_xmlrpc_request(const struct server *s, const char *path, const char *body,
    size_t length, struct http_client **http, char **why)
{
	const struct http_client_request request = { .url = s->url, .path = path,
		.username = s->username, .password = s->password,
		.daemon_uid = s->daemon_uid, .body = body, .length = length };

	return http_client_open(&request, http, why);
}

/* Calls a method of XML-RPC; params is an array (taken). */
static int
server_xmlrpc_rpc(struct server *s, const char *method, json_t *params, struct reply *r)
{
	struct http_client *http;
	size_t length;
	char *body = xmlrpc_write(method, params, &length), *why;
	enum reach reached = server_xmlrpc_request(s, "/RPC2", body, length, &http, &why);
	int rc;

	free(body);
	json_decref(params);
	if (reached != REACH_OK)
		return server_lose(s, reached, why);
	rc = server_xmlrpc_read_response(s, http, r);
	http_client_free(http);
	return rc;
}

/* Fails because the result does not have the method's type. */
static int
server_xmlrpc_mistyped(struct server *s, struct reply *r)
{
	reply_clear(r);
	return server_fail(s, "the response does not have the type of the method's result");
}

/* Calls a method with a result of this type; params are taken. */
static int
server_xmlrpc_rpc_for(
    struct server *s, const char *method, json_t *params, json_type type, struct reply *r)
{
	if (server_xmlrpc_rpc(s, method, params, r) == -1)
		return -1;
	return r->fault != FAULT_NONE || json_typeof(r->result) == type ?
	    0 :
	    server_xmlrpc_mistyped(s, r);
}

static const struct mapping *
server_xmlrpc_mapping(const char *method)
{
	for (size_t i = 0; i < nitems(mappings); i++)
		if (strcmp(mappings[i].method, method) == 0)
			return &mappings[i];
	return NULL;
}

static int
server_xmlrpc_call(struct server *s, const char *method, json_t *params, struct reply *r)
{
	const struct mapping *m = server_xmlrpc_mapping(method);
	json_t *ordered = json_array();
	bool is_text = true;
	int rc;

	for (size_t i = 0; m != NULL && m->params[i] != NULL; i++)
		is_text = is_text &&
		    json_array_append(ordered, json_object_get(params, m->params[i])) == 0;
	json_decref(params);
	if (m == NULL || !is_text) {
		json_decref(ordered);
		return server_fail(
		    s, m == NULL ? "this needs the control socket" : not_utf8);
	}
	rc = server_xmlrpc_rpc(s, m->rpc, ordered, r);
	if (rc == 0 && strcmp(m->rpc, ALL_STATS) == 0)
		s->has_reeve = r->fault == FAULT_NONE;
	if (rc == 0 && r->fault == FAULT_NONE && m->shape == SHAPE_REREAD &&
	    xmlrpc_result_name_changes(&r->result) == -1)
		rc = server_xmlrpc_mistyped(s, r);
	return rc;
}

/* The server waits: its reply follows the end of the call. */
static int
server_xmlrpc_call_wait(struct server *s, const char *method, json_t *params,
    enum wait_kind wait UNUSED, bulk_result_fn *each, void *ctx, struct reply *r)
{
	if (server_xmlrpc_call(s, method, params, r) == -1)
		return -1;
	if (r->fault != FAULT_NONE ||
	    server_xmlrpc_mapping(method)->shape != SHAPE_RESULTS ||
	    xmlrpc_result_each(r->result, each, ctx) == 0)
		return 0;
	return server_xmlrpc_mistyped(s, r);
}

/* Requests the API version, as supervisorctl does before most commands. */
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

/* Frees the last rows. */
static void
server_xmlrpc_close(struct server *s)
{
	for (size_t i = 0; i < s->count; i++)
		process_info_clear(&s->infos[i]);
	mem_freep(&s->infos);
	mem_freep(&s->list);
	s->count = 0;
}

/* A user of the configuration may be permitted one of the methods alone. */
static int
server_xmlrpc_rpc_rows(struct server *s, struct reply *r)
{
	if (s->has_reeve) {
		if (server_xmlrpc_rpc(s, "reeve.getAllProcessInfo", json_array(), r) == -1)
			return -1;
		if (r->fault == FAULT_NONE)
			return 0;
		reply_clear(r);
	}
	return server_xmlrpc_rpc(s, "supervisor.getAllProcessInfo", json_array(), r);
}

static int
server_xmlrpc_rows(struct server *s, struct server_rows *rows, struct reply *r)
{
	if (server_xmlrpc_rpc_rows(s, r) == -1)
		return -1;
	server_xmlrpc_close(s);
	rows->now = clock_wall_ms() / 1000;
	if (r->fault == FAULT_NONE &&
	    xmlrpc_result_rows(r->result, &s->infos, &s->count, &rows->now) == -1)
		return server_xmlrpc_mistyped(s, r);
	s->list = xcalloc(s->count + 1, sizeof(*s->list));
	for (size_t i = 0; i < s->count; i++)
		s->list[i] = &s->infos[i];
	rows->list = s->list;
	rows->count = s->count;
	return 0;
}

/* New: the host of the URL, NULL if that is this machine. */
static json_t *
server_xmlrpc_host(const struct server *s)
{
	static const char *const ours[] = { "localhost", "127.0.0.1", "::1" };
	char *host = http_client_host(s->url);
	json_t *name = host != NULL ? json_string(host) : NULL;

	for (size_t i = 0; i < nitems(ours) && name != NULL; i++)
		if (strcmp(host, ours[i]) == 0) {
			json_decref(name);
			name = NULL;
		}
	free(host);
	return name;
}

static int
server_xmlrpc_get(struct server *s, enum server_value value, struct reply *r)
{
	static const struct {
		const char *method;
		json_type type;
	} values[] = {
		[SERVER_CONFIG] = { "supervisor.getAllConfigInfo", JSON_ARRAY },
		[SERVER_IDENTIFIER] = { "supervisor.getIdentification", JSON_STRING },
		[SERVER_PID] = { "supervisor.getPID", JSON_INTEGER },
		[SERVER_VERSION] = { "supervisor.getSupervisorVersion", JSON_STRING },
	};

	if (value == SERVER_IDENTIFIER && (r->result = server_xmlrpc_host(s)) != NULL)
		return 0;
	if (server_xmlrpc_rpc_for(
		s, values[value].method, json_array(), values[value].type, r) == -1)
		return -1;
	return value != SERVER_CONFIG || r->fault != FAULT_NONE ||
		xmlrpc_result_is_list(r->result, NULL) ?
	    0 :
	    server_xmlrpc_mistyped(s, r);
}

static int
server_xmlrpc_read_log(struct server *s, const struct log_request *log, int64_t offset,
    FILE *out, struct reply *r)
{
	const char *method = "supervisor.readLog";
	json_t *params = json_array();

	if (log->name != NULL) {
		method = strcmp(log->stream, "stderr") == 0 ?
		    "supervisor.readProcessStderrLog" :
		    "supervisor.readProcessStdoutLog";
		if (json_array_append_new(params, json_string(log->name)) == -1) {
			json_decref(params);
			return server_fail(s, not_utf8);
		}
	}
	json_array_append_new(params, json_integer(offset));
	json_array_append_new(params, json_integer(0));
	if (server_xmlrpc_rpc_for(s, method, params, JSON_STRING, r) == -1)
		return -1;
	if (r->fault == FAULT_NONE)
		fwrite(json_string_value(r->result), 1, json_string_length(r->result), out);
	return 0;
}

/* New: the path of a log's stream, with the name percent-encoded. */
static char *
server_xmlrpc_log_path(const struct log_request *log)
{
	char *quoted, *at, *path;

	if (log->name == NULL)
		return xstrdup("/mainlogtail");
	at = quoted = xmalloc(3 * strlen(log->name) + 1);
	for (const char *c = log->name; *c != '\0'; c++) {
		if (isalnum((unsigned char)*c) || strchr("-._~:*", *c) != NULL)
			*at++ = *c;
		else
			at += sprintf(at, "%%%02X", (unsigned char)*c);
	}
	*at = '\0';
	path = xasprintf("/logtail/%s/%s", quoted, log->stream);
	free(quoted);
	return path;
}

static int
server_xmlrpc_stream_log(struct server *s, const struct log_request *log,
    struct log_stream **stream, struct reply *r)
{
	char *path = server_xmlrpc_log_path(log), *why;
	struct http_client *http;
	enum reach reached = server_xmlrpc_request(s, path, NULL, 0, &http, &why);
	int code;

	free(path);
	if (reached != REACH_OK)
		return server_lose(s, reached, why);
	code = http_client_response(http)->code;
	if (code == 200) {
		*stream = log_stream_of_http(http);
		return 0;
	}
	reply_set_fault(r, code == 404 ? FAULT_NO_FILE : FAULT_FAILED,
	    xasprintf("status code %d", code));
	http_client_free(http);
	return 0;
}

const struct server_ops server_xmlrpc_ops = {
	.reach = server_xmlrpc_reach,
	.call = server_xmlrpc_call,
	.call_wait = server_xmlrpc_call_wait,
	.rows = server_xmlrpc_rows,
	.get = server_xmlrpc_get,
	.read_log = server_xmlrpc_read_log,
	.stream_log = server_xmlrpc_stream_log,
	.close = server_xmlrpc_close,
};
