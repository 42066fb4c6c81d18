#include "ctl/daemon/server_ops.h"

#include "common/clock.h"
#include "common/mem.h"
#include "proto/mirror.h"

#include <sys/stat.h>
#include <unistd.h>

/* The version of supervisord with which reeve is compatible. */
#define MATCHED_VERSION "4.2.5"
#define COPY_BYTES (16 * 1024) /* of a log read at once */
#define REOPEN_MS 1000

static enum reach
server_control_reach(struct server *s, char **why)
{
	return control_open(s->control_path, &s->control, why);
}

static void
server_control_close(struct server *s)
{
	control_free(s->control);
	s->control = NULL;
}

/* Records the reason if a call lost the connection; returns rc. */
static int
server_control_check(struct server *s, int rc)
{
	const char *why = control_lost(s->control);

	return rc == 0 ? 0 :
			 server_lose(s, REACH_FAILED, why != NULL ? xstrdup(why) : NULL);
}

static int
server_control_call(struct server *s, const char *method, json_t *params, struct reply *r)
{
	return server_control_check(s, control_call(s->control, method, params, false, r));
}

static int
server_control_call_wait(struct server *s, const char *method, json_t *params,
    enum wait_kind wait, bulk_result_fn *each, void *ctx, struct reply *r)
{
	return server_control_check(
	    s, control_call_wait(s->control, method, params, wait, each, ctx, r));
}

/* Reads the state stream first: it may have new states. */
static int
server_control_rows(struct server *s, struct server_rows *rows, struct reply *r UNUSED)
{
	const struct mirror *mirror = control_mirror(s->control);

	if (control_pump(s->control) == -1)
		return server_control_check(s, -1);
	rows->list = mirror->rows;
	rows->count = mirror->count;
	rows->now = clock_wall_ms() / 1000;
	rows->daemon = &mirror->daemon;
	return 0;
}

/* Gets all pages of config.rows; starts again if the daemon has read the configuration
 * meanwhile. */
static int
server_control_config(struct server *s, struct reply *r)
{
	json_t *all = json_array(), *rows, *number;
	json_int_t reread = 0, total = -1;
	int rc = 0;

	while ((json_int_t)json_array_size(all) != total) {
		json_int_t from = (json_int_t)json_array_size(all);

		reply_clear(r);
		rc = server_control_call(
		    s, "config.rows", json_pack("{sI}", "from", from), r);
		if (rc == -1 || r->fault != FAULT_NONE) {
			json_decref(all);
			return rc;
		}
		number = json_object_get(r->result, "reread");
		rows = json_object_get(r->result, "rows");
		if (from > 0 && json_integer_value(number) != reread)
			json_array_clear(all);
		else
			json_array_extend(all, rows);
		reread = json_integer_value(number);
		total = json_integer_value(json_object_get(r->result, "total"));
		if (json_array_size(rows) == 0)
			total = (json_int_t)json_array_size(all);
	}
	json_decref(r->result);
	r->result = all;
	return 0;
}

static int
server_control_get(struct server *s, enum server_value value, struct reply *r)
{
	const struct daemon_info *daemon = &control_mirror(s->control)->daemon;

	if (value == SERVER_CONFIG)
		return server_control_config(s, r);
	if (value == SERVER_PID)
		r->result = json_integer(daemon->pid);
	else
		r->result = json_string(
		    value == SERVER_VERSION ? MATCHED_VERSION : daemon->identifier);
	return 0;
}

static int
server_control_open_log(
    struct control *control, const struct log_request *log, struct reply *r)
{
	json_t *params = NULL;

	if (log->name != NULL)
		params = json_pack("{ss, ss}", "name", log->name, "stream", log->stream);
	if (control_call(control, log->name != NULL ? "log.open" : "mainlog.open", params,
		true, r) == -1)
		return -1;
	if (r->fault == FAULT_NONE && r->fd < 0)
		reply_set_fault(r, FAULT_FAILED, xstrdup("FAILED"));
	return 0;
}

/* Copies from the offset to the current end of the file; 0 or -1. */
static int
server_control_copy_log(int fd, int64_t offset, FILE *out)
{
	char bytes[COPY_BYTES];
	struct stat st;
	ssize_t n = 1;

	if (fstat(fd, &st) == -1)
		return -1;
	if (offset < 0)
		offset = st.st_size + offset < 0 ? 0 : st.st_size + offset;
	for (; n > 0 && offset < st.st_size && !ferror(out); offset += n) {
		size_t left = (size_t)(st.st_size - offset);

		n = pread(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes), offset);
		if (n > 0)
			fwrite(bytes, 1, (size_t)n, out);
	}
	return n == -1 ? -1 : 0;
}

static int
server_control_read_log(struct server *s, const struct log_request *log, int64_t offset,
    FILE *out, struct reply *r)
{
	if (server_control_check(s, server_control_open_log(s->control, log, r)) == -1)
		return -1;
	if (r->fault == FAULT_NONE && server_control_copy_log(r->fd, offset, out) == -1)
		reply_set_fault(r, FAULT_FAILED, xstrdup("FAILED"));
	return 0;
}

static int
server_control_reopen_log(void *control, const struct log_request *log, int *fd)
{
	struct reply r;

	if (server_control_open_log(control, log, &r) == -1)
		return -1;
	*fd = r.fd;
	r.fd = -1;
	reply_clear(&r);
	return 0;
}

static bool
server_control_is_lost(void *control)
{
	return control_lost(control) != NULL;
}

static const struct log_stream_origin log_stream_origin = { server_control_reopen_log,
	server_control_is_lost, REOPEN_MS };

static int
server_control_stream_log(struct server *s, const struct log_request *log,
    struct log_stream **stream, struct reply *r)
{
	if (server_control_check(s, server_control_open_log(s->control, log, r)) == -1)
		return -1;
	if (r->fault == FAULT_NONE)
		*stream = log_stream_of_file(&log_stream_origin, s->control, log, r->fd);
	if (r->fault == FAULT_NONE)
		r->fd = -1;
	return 0;
}

const struct server_ops server_control_ops = {
	.reach = server_control_reach,
	.call = server_control_call,
	.call_wait = server_control_call_wait,
	.rows = server_control_rows,
	.get = server_control_get,
	.read_log = server_control_read_log,
	.stream_log = server_control_stream_log,
	.close = server_control_close,
};
