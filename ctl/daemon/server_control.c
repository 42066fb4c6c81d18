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
#define FEED_ASK_MS 1000

static enum reach
control_reach(struct server *s, char **why)
{
	return client_open(s->control, &s->client, why);
}

static void
control_close(struct server *s)
{
	client_free(s->client);
	s->client = NULL;
}

/* A call's return code with its reason noted. */
static int
noted(struct server *s, int rc)
{
	const char *why = client_lost(s->client);

	if (rc == 0)
		return 0;
	return server_lose(s, REACH_FAILED, xstrdup(why != NULL ? why :
	    "the connection is gone"));
}

static int
control_call(struct server *s, const char *method, json_t *params, struct answer *a)
{
	return noted(s, client_call(s->client, method, params, a));
}

static int
control_operate(struct server *s, const char *method, json_t *params, enum wait_kind wait,
    bulk_result_fn *each, void *ctx, struct answer *a)
{
	return noted(s, client_operate(s->client, method, params, wait, each, ctx, a));
}

/* The stream may have brought news since the last call. */
static int
control_rows(struct server *s, struct server_rows *rows, struct answer *a)
{
	const struct mirror *mirror = client_mirror(s->client);

	(void)a;
	if (client_pump(s->client, 0) == -1)
		return noted(s, -1);
	rows->list = mirror_sorted(mirror, &rows->count);
	rows->now = clock_wall_ms() / 1000;
	rows->daemon = mirror_daemon(mirror);
	return 0;
}

/* Pages of one reading of the file; another one begins anew. */
static int
control_config(struct server *s, struct answer *a)
{
	json_t *all = json_array();
	json_int_t reread = 0, total = -1;

	while ((json_int_t)json_array_size(all) != total) {
		struct answer page;
		json_t *rows, *number;
		json_int_t from = (json_int_t)json_array_size(all);

		if (control_call(s, "config.rows", json_pack("{sI}", "from", from), &page)
		    == -1) {
			json_decref(all);
			return -1;
		}
		if (page.fault != FAULT_NONE) {
			json_decref(all);
			*a = page;
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
		answer_clear(&page);
	}
	a->result = all;
	return 0;
}

static int
control_identifier(struct server *s, struct answer *a)
{
	a->result = json_string(mirror_daemon(client_mirror(s->client))->identifier);
	return 0;
}

static int
control_pid(struct server *s, struct answer *a)
{
	a->result = json_integer(mirror_daemon(client_mirror(s->client))->pid);
	return 0;
}

static int
control_version(struct server *s, struct answer *a)
{
	(void)s;
	a->result = json_string(MATCHED_VERSION);
	return 0;
}

static int
open_log(struct client *client, const struct feed_log *log, struct answer *a)
{
	json_t *params = NULL;

	if (log->name != NULL)
		params = json_pack("{ss, ss}", "name", log->name, "stream", log->stream);
	return client_call_fd(client, log->name != NULL ? "log.open" : "mainlog.open",
	    params, a);
}

/* Copies from offset to the end as it is now; 0 or -1. */
static int
copy_log(int fd, int64_t offset, FILE *out)
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
control_read_log(struct server *s, const struct feed_log *log, int64_t offset, FILE *out,
    struct answer *a)
{
	if (noted(s, open_log(s->client, log, a)) == -1)
		return -1;
	if (a->fault == FAULT_NONE && (a->fd < 0 || copy_log(a->fd, offset, out) == -1))
		answer_set_fault(a, FAULT_FAILED, xstrdup("FAILED"));
	return 0;
}

static int
feed_open(void *client, const struct feed_log *log, int *fd)
{
	struct answer a;

	if (open_log(client, log, &a) == -1)
		return -1;
	*fd = a.fd;
	a.fd = -1;
	answer_clear(&a);
	return 0;
}

static bool
feed_is_gone(void *client)
{
	return client_lost(client) != NULL;
}

static const struct feed_daemon feed_daemon = { feed_open, feed_is_gone, FEED_ASK_MS };

static int
control_follow(struct server *s, const struct feed_log *log, struct feed **feed,
    struct answer *a)
{
	if (noted(s, open_log(s->client, log, a)) == -1)
		return -1;
	if (a->fault != FAULT_NONE)
		return 0;
	if (a->fd < 0) {
		answer_set_fault(a, FAULT_FAILED, xstrdup("FAILED"));
		return 0;
	}
	*feed = feed_of_file(&feed_daemon, s->client, log, a->fd);
	a->fd = -1;
	return 0;
}

const struct server_ops server_control = {
	.reach = control_reach,
	.call = control_call,
	.operate = control_operate,
	.rows = control_rows,
	.config = control_config,
	.identifier = control_identifier,
	.pid = control_pid,
	.version = control_version,
	.read_log = control_read_log,
	.follow = control_follow,
	.close = control_close,
};
