#include "ctl/daemon/server_ops.h"

#include "common/clock.h"
#include "common/mem.h"
#include "proto/mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The server version that supervisorctl's users know: the one that reeve matches. */
#define MATCHED_VERSION "4.2.5"
#define COPY_ROOM (64 * 1024)	/* bytes of a log read at once */
#define LOG_STREAM_ASK_MS 1000

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

/* A call's return code with its reason noted. */
static int
server_control_noted(struct server *s, int rc)
{
	const char *why = control_lost(s->control);

	if (rc == 0)
		return 0;
	return server_lose(s, REACH_FAILED, xstrdup(why != NULL ? why :
	    "the connection is gone"));
}

static int
server_control_call(struct server *s, const char *method, json_t *params, struct reply *r)
{
	return server_control_noted(s, control_call(s->control, method, params, r));
}

static int
server_control_call_wait(struct server *s, const char *method, json_t *params,
    enum wait_kind wait, bulk_result_fn *each, void *ctx, struct reply *r)
{
	return server_control_noted(s, control_call_wait(s->control, method, params, wait,
	    each, ctx, r));
}

/* The stream may have brought news since the last call. */
static int
server_control_rows(struct server *s, struct server_rows *rows, struct reply *r)
{
	const struct mirror *mirror = control_mirror(s->control);

	(void)r;
	if (control_pump(s->control, 0) == -1)
		return server_control_noted(s, -1);
	rows->list = mirror_sorted(mirror, &rows->count);
	rows->now = clock_wall_ms() / 1000;
	rows->daemon = mirror_daemon(mirror);
	return 0;
}

/* Pages of one reading of the file; another one begins anew. */
static int
server_control_config(struct server *s, struct reply *r)
{
	json_t *all = json_array();
	json_int_t reread = 0, total = -1;

	while ((json_int_t)json_array_size(all) != total) {
		struct reply page;
		json_t *rows, *number;
		json_int_t from = (json_int_t)json_array_size(all);

		if (server_control_call(s, "config.rows", json_pack("{sI}", "from", from),
		    &page) == -1) {
			json_decref(all);
			return -1;
		}
		if (page.fault != FAULT_NONE) {
			json_decref(all);
			*r = page;
			return 0;
		}
		number = json_object_get(page.result, "reread");
		rows = json_object_get(page.result, "rows");
		if (from > 0 && json_integer_value(number) != reread)
			json_array_clear(all);
		else
			json_array_extend(all, rows);
		reread = json_integer_value(number);
		total = json_integer_value(json_object_get(page.result, "total"));
		if (json_array_size(rows) == 0)
			total = (json_int_t)json_array_size(all);
		reply_clear(&page);
	}
	r->result = all;
	return 0;
}

static int
server_control_identifier(struct server *s, struct reply *r)
{
	r->result = json_string(mirror_daemon(control_mirror(s->control))->identifier);
	return 0;
}

static int
server_control_pid(struct server *s, struct reply *r)
{
	r->result = json_integer(mirror_daemon(control_mirror(s->control))->pid);
	return 0;
}

static int
server_control_version(struct server *s, struct reply *r)
{
	(void)s;
	r->result = json_string(MATCHED_VERSION);
	return 0;
}

static int
server_control_open_log(struct control *control, const struct log_request *log,
    struct reply *r)
{
	json_t *params = NULL;

	if (log->name != NULL)
		params = json_pack("{ss, ss}", "name", log->name, "stream", log->stream);
	return control_call_fd(control, log->name != NULL ? "log.open" : "mainlog.open",
	    params, r);
}

/* Copies from offset to the end as it is now; 0 or -1. */
static int
server_control_copy_log(int fd, int64_t offset, FILE *out)
{
	char *room = xmalloc(COPY_ROOM);
	struct stat st;
	int rc = fstat(fd, &st);
	ssize_t n = 1;

	if (rc == 0 && offset < 0)
		offset = st.st_size + offset < 0 ? 0 : st.st_size + offset;
	while (rc == 0 && n > 0 && offset < st.st_size && !ferror(out)) {
		size_t left = (size_t)(st.st_size - offset);

		n = pread(fd, room, left < COPY_ROOM ? left : COPY_ROOM, offset);
		if (n == -1)
			rc = -1;
		if (n > 0)
			fwrite(room, 1, (size_t)n, out);
		offset += n > 0 ? n : 0;
	}
	free(room);
	return rc;
}

static int
server_control_read_log(struct server *s, const struct log_request *log, int64_t offset,
    FILE *out, struct reply *r)
{
	if (server_control_noted(s, server_control_open_log(s->control, log, r)) == -1)
		return -1;
	if (r->fault == FAULT_NONE && (r->fd < 0 || server_control_copy_log(r->fd, offset,
	    out) == -1))
		reply_set_fault(r, FAULT_FAILED, xstrdup("FAILED"));
	return 0;
}

static int
server_control_log_open(void *control, const struct log_request *log, int *fd)
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

static const struct log_stream_origin log_stream_origin = { server_control_log_open,
    server_control_is_lost, LOG_STREAM_ASK_MS };

static int
server_control_stream_log(struct server *s, const struct log_request *log,
    struct log_stream **feed, struct reply *r)
{
	if (server_control_noted(s, server_control_open_log(s->control, log, r)) == -1)
		return -1;
	if (r->fault != FAULT_NONE)
		return 0;
	if (r->fd < 0) {
		reply_set_fault(r, FAULT_FAILED, xstrdup("FAILED"));
		return 0;
	}
	*feed = log_stream_of_file(&log_stream_origin, s->control, log, r->fd);
	r->fd = -1;
	return 0;
}

const struct server_ops server_control_ops = {
	.reach = server_control_reach,
	.call = server_control_call,
	.call_wait = server_control_call_wait,
	.rows = server_control_rows,
	.config = server_control_config,
	.identifier = server_control_identifier,
	.pid = server_control_pid,
	.version = server_control_version,
	.read_log = server_control_read_log,
	.stream_log = server_control_stream_log,
	.close = server_control_close,
};
