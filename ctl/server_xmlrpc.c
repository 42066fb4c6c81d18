#include "ctl/server_impl.h"

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/http.h"
#include "ctl/xmlrpc.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (256 * 1024 * 1024)	/* bytes of a response */
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

/* Reads a body whole; 0 or -1 with errno. */
static int
read_body(struct http *http, struct buf *body)
{
	char *room;
	ssize_t n = 1;

	while (n > 0) {
		room = buf_reserve(body, 64 * 1024);
		if (room == NULL)
			return -1;
		n = http_read(http, room, 64 * 1024, true);
		if (n > 0)
			buf_commit(body, (size_t)n);
	}
	return n == 0 ? 0 : -1;
}

/* Takes an open response for an answer; 0 or -1. */
static int
take_response(struct server *s, struct http *http, struct answer *a)
{
	struct buf body;
	const char *why = NULL;
	int rc;

	if (http_code(http) != 200)
		return server_lose(s, http_code(http) == 401 ? REACH_UNAUTHORIZED :
		    REACH_FAILED, xstrdup(http_status(http)));
	buf_init(&body, BODY_MAX);
	rc = read_body(http, &body);
	if (rc == -1)
		why = errno == EPROTO ? "the response is cut off" : strerror(errno);
	else
		rc = xmlrpc_read(buf_data(&body), buf_len(&body), a, &why);
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
		.body = buf_data(&body), .length = buf_len(&body) };
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

/* New: the array's texts; whatever else is in it is dropped. */
static json_t *
texts_of(const json_t *array)
{
	json_t *texts = json_array(), *item;
	size_t i;

	json_array_foreach(array, i, item) {
		if (json_is_string(item))
			json_array_append(texts, item);
	}
	return texts;
}

/* [[added, changed, removed]] as our own protocol has it. */
static void
name_changes(struct answer *a)
{
	json_t *three = json_array_get(a->result, 0);
	json_t *named = json_pack("{so, so, so}", "added",
	    texts_of(json_array_get(three, 0)), "changed",
	    texts_of(json_array_get(three, 1)), "removed",
	    texts_of(json_array_get(three, 2)));

	json_decref(a->result);
	a->result = named;
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
		name_changes(a);
	return rc;
}

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static json_int_t
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static int
xmlrpc_operate(struct server *s, const char *method, json_t *params, enum wait_kind wait,
    bulk_result_fn *each, void *ctx, struct answer *a)
{
	const struct mapping *m = mapping_of(method);
	size_t i;
	json_t *row;

	(void)wait; /* the server does */
	if (xmlrpc_call(s, method, params, a) == -1)
		return -1;
	if (a->fault != FAULT_NONE || m->shape != SHAPE_RESULTS)
		return 0;
	json_array_foreach(a->result, i, row) {
		enum fault status = (enum fault)number_of(row, "status");
		each(ctx, &(struct bulk_result){ .group = text_of(row, "group"),
		    .name = text_of(row, "name"), .text = text_of(row, "description"),
		    .fault = status == FAULT_SUCCESS ? FAULT_NONE : status });
	}
	return 0;
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
		*why = answer_shown(a.fault, a.text);
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

static void
fill_row(struct process_info *info, const json_t *row)
{
	int state = process_state_parse(text_of(row, "statename"));

	*info = (struct process_info){
		.group = xstrdup(text_of(row, "group")),
		.name = xstrdup(text_of(row, "name")),
		.state = state == -1 ? PROCESS_UNKNOWN : (enum process_state)state,
		.pid = (pid_t)number_of(row, "pid"),
		.start = number_of(row, "start"),
		.stop = number_of(row, "stop"),
		.exitstatus = (int)number_of(row, "exitstatus"),
		.spawnerr = xstrdup(text_of(row, "spawnerr")),
		.stopped_at = xstrdup(text_of(row, "description")),
		.stdout_logfile = xstrdup(text_of(row, "stdout_logfile")),
		.stderr_logfile = xstrdup(text_of(row, "stderr_logfile")),
	};
}

static int
xmlrpc_rows(struct server *s, struct server_rows *rows, struct answer *a)
{
	size_t i;
	json_t *row;

	if (call(s, "supervisor.getAllProcessInfo", json_array(), a) == -1)
		return -1;
	clear_rows(s);
	rows->now = clock_wall_ms() / 1000;
	s->count = json_array_size(a->result);
	s->infos = xcalloc(s->count + 1, sizeof(*s->infos));
	s->list = xcalloc(s->count + 1, sizeof(*s->list));
	json_array_foreach(a->result, i, row) {
		fill_row(&s->infos[i], row);
		s->list[i] = &s->infos[i];
		rows->now = number_of(row, "now");
	}
	rows->list = s->list;
	rows->count = s->count;
	return 0;
}

static int
xmlrpc_config(struct server *s, struct answer *a)
{
	return call(s, "supervisor.getAllConfigInfo", json_array(), a);
}

static int
xmlrpc_pid(struct server *s, struct answer *a)
{
	return call(s, "supervisor.getPID", json_array(), a);
}

static int
xmlrpc_version(struct server *s, struct answer *a)
{
	return call(s, "supervisor.getSupervisorVersion", json_array(), a);
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
	if (json_is_string(a->result))
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
xmlrpc_follow(struct server *s, const struct feed_log *log, struct feed **feed, char **why)
{
	char *name = log->name != NULL ? quoted(log->name) : NULL;
	char *path = name == NULL ? xstrdup("/mainlogtail") :
	    xasprintf("/logtail/%s/%s", name, log->stream);
	const struct http_request request = { .url = s->url, .path = path,
		.username = s->username, .password = s->password };
	struct http *http;
	enum reach reached = http_open(&request, &http, why);
	int code = -1;

	free(path);
	free(name);
	if (reached != REACH_OK)
		return -1;
	code = http_code(http);
	if (code == 200)
		*feed = feed_of_http(http);
	else
		http_free(http);
	return code == 200 ? 0 : code;
}

const struct server_ops server_xmlrpc = {
	.reach = xmlrpc_reach,
	.call = xmlrpc_call,
	.operate = xmlrpc_operate,
	.rows = xmlrpc_rows,
	.config = xmlrpc_config,
	.pid = xmlrpc_pid,
	.version = xmlrpc_version,
	.read_log = xmlrpc_read_log,
	.follow = xmlrpc_follow,
	.close = xmlrpc_close,
};
