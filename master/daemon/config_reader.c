#include "master/daemon/config_reader.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/str.h"
#include "master/config/document/document.h"
#include "master/control/config_request.h"
#include "master/daemon/config_reader_child.h"
#include "master/daemon/reread.h"
#include "master/daemon/restart_check.h"
#include "master/daemon/run.h"
#include "master/helper/helper_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "configuration reader"
#define BUDGET_MS 2         /* for frames, in one loop iteration */
#define RECEIVE_BYTES 65536 /* at once */
#define REMOVED_MAX 65536   /* groups that are removed by one reading */

struct config_reader {
	struct master *master;
	struct helper_process *helper; /* NULL before the first reading */
	bool has_child;                /* it may have sent its answer already */
	bool reading;                  /* requests wait for the child's answer */
	/* One reading. */
	struct config_reader_task task;
	int64_t began_ms;
	int fd;                       /* -1 = the reading is over */
	struct source *input, *again; /* again: timer for frames left over */
	struct buf in;
	bool eof, exited;
	int wait_status; /* once it has exited */
	int errnum;      /* the error that it reported then; 0 = none */
	struct conf_reader read;
	json_t *found;  /* the answer */
	char **removed; /* names of groups */
	size_t nremoved;
	char *error;  /* sent by the child; NULL = none */
	int document; /* sent by the child for a restart; -1 = none */
};

/* --- the end of a reading ------------------------------------------------------------ */

static void
config_reader_clear(struct config_reader *reader)
{
	source_free(reader->input);
	source_free(reader->again);
	reader->input = reader->again = NULL;
	if (reader->fd != -1)
		close(reader->fd);
	if (reader->document != -1)
		close(reader->document);
	reader->fd = reader->document = -1;
	buf_clear(&reader->in);
	conf_reader_end(&reader->read);
	json_decref(reader->found);
	reader->found = NULL;
	for (size_t i = 0; i < reader->nremoved; i++)
		free(reader->removed[i]);
	free(reader->removed);
	reader->removed = NULL;
	reader->nremoved = 0;
	free(reader->error);
	reader->error = NULL;
}

static void config_reader_next(struct config_reader *);

/* Answers the requests that this reading is for; the child may not have been reaped yet. */
static void
config_reader_answer(struct config_reader *reader, enum fault fault, const char *detail)
{
	struct config_answer answer = {
		.fault = fault, .detail = detail, .found = reader->found,
	};
	enum config_request_kind kind = reader->task.kind;

	if (kind == CONFIG_RESTART && fault == FAULT_NONE) {
		restart_check_keep(reader->master, reader->document);
		reader->document = -1;
	}
	if (kind == CONFIG_RESTART)
		run_restart_read(reader->master, &answer);
	reader->reading = false;
	config_requests_answer(reader->master->config_requests, kind, &answer);
	config_reader_clear(reader);
	if (!reader->has_child)
		config_reader_next(reader);
}

/* Answers that the reading has failed, and kills its child. If that was reaped before, the
 * answer may have begun the next reading, whose child is left alone. */
static void
config_reader_fail(struct config_reader *reader, const char *why)
{
	bool has_child = reader->has_child;
	char text[512];

	snprintf(text, sizeof(text), "the " NAME " failed: %s", why);
	config_reader_answer(reader, FAULT_CANT_REREAD, text);
	if (has_child)
		helper_process_fail(reader->helper, "sent no valid configuration");
}

/* The end frame has arrived. */
static void
config_reader_finish(struct config_reader *reader)
{
	struct config *fresh = NULL;

	if (reader->error != NULL) {
		config_reader_answer(reader, FAULT_CANT_REREAD, reader->error);
		return;
	}
	if (reader->task.kind == CONFIG_RESTART) {
		if (reader->document == -1)
			config_reader_fail(reader, "it sent no configuration");
		else
			config_reader_answer(reader, FAULT_NONE, NULL);
		return;
	}
	if (reader->task.kind == CONFIG_REREAD) {
		fresh = conf_reader_take(&reader->read);
		if (fresh == NULL) {
			config_reader_fail(reader, reader->read.why);
			return;
		}
		if (reread_apply(
			reader->master, fresh, reader->removed, reader->nremoved) == -1) {
			config_free(fresh);
			config_reader_answer(reader, FAULT_FAILED, strerror(errno));
			return;
		}
		config_free(fresh);
	}
	config_reader_answer(reader, FAULT_NONE, NULL);
}

/* The child has exited and all that it sent was read, without an end frame. */
static void
config_reader_died(struct config_reader *reader)
{
	int status = reader->wait_status;
	char text[64], name[32];

	if (clock_mono_ms() - reader->began_ms >= CONFIG_READER_LIMIT_MS) {
		config_reader_answer(reader, FAULT_CANT_REREAD,
		    "the configuration was not "
		    "read within 30 s: a name service or a file system does not answer");
		return;
	}
	if (reader->errnum != 0)
		snprintf(text, sizeof(text), "%s", strerror(reader->errnum));
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "terminated by %s",
		    str_signal_name(WTERMSIG(status), name));
	else
		snprintf(text, sizeof(text), "exited with status %d", WEXITSTATUS(status));
	config_reader_fail(reader, text);
}

/* --- frames ------------------------------------------------------------------------ */

/* Adds to a list of the answer: the list's name, a text, and in a preview the reasons. */
static int
config_reader_add_found(struct config_reader *reader, struct conf_frame *frame)
{
	size_t n;
	const char *member = conf_frame_next(frame, &n), *text = conf_frame_next(frame, &n);
	json_t *list = member != NULL ? json_object_get(reader->found, member) : NULL, *why;

	if (list == NULL || text == NULL)
		return -1;
	if (reader->task.kind != CONFIG_PREVIEW || !str_equal(member, "changed"))
		return json_array_append_new(list, json_string(text));
	why = json_array();
	if (json_array_append_new(
		list, json_pack("{s:s, s:o}", "name", text, "why", why)) == -1)
		return -1;
	while ((text = conf_frame_next(frame, &n)) != NULL)
		if (json_array_append_new(why, json_string(text)) == -1)
			return -1;
	return 0;
}

static int
config_reader_add_removed(struct config_reader *reader, struct conf_frame *frame)
{
	size_t n, count = reader->nremoved;
	const char *name = conf_frame_next(frame, &n);
	char **longer;

	if (name == NULL || count == REMOVED_MAX)
		return -1;
	if ((count & (count - 1)) == 0) {
		longer = reallocarray(
		    reader->removed, count == 0 ? 1 : 2 * count, sizeof(char *));
		if (longer == NULL)
			return -1;
		reader->removed = longer;
	}
	reader->removed[count] = strdup(name);
	if (reader->removed[count] == NULL)
		return -1;
	reader->nremoved++;
	return 0;
}

/* True when another frame may follow. */
static bool
config_reader_frame(struct config_reader *reader, struct conf_frame *frame)
{
	const char *text;
	size_t n;
	int rc = 0;

	switch (frame->kind) {
	case CONF_DOCUMENT_FOUND:
		rc = config_reader_add_found(reader, frame);
		break;
	case CONF_DOCUMENT_GONE:
		rc = config_reader_add_removed(reader, frame);
		break;
	case CONF_DOCUMENT_ERROR:
		text = conf_frame_next(frame, &n);
		free(reader->error);
		reader->error = text != NULL ? strdup(text) : NULL;
		rc = reader->error == NULL ? -1 : 0;
		break;
	case CONF_DOCUMENT_END:
		config_reader_finish(reader);
		return false;
	default:
		if (conf_reader_frame(&reader->read, frame) == 0)
			return true;
		config_reader_fail(reader, reader->read.why);
		return false;
	}
	if (rc == -1)
		config_reader_fail(reader, "malformed answer, or out of memory");
	return rc == 0;
}

/* Handles complete frames for BUDGET_MS; the next loop iteration handles the rest. */
static void
config_reader_work(void *ctx, uint32_t ready UNUSED)
{
	struct config_reader *reader = ctx;
	int64_t until = clock_mono_ms() + BUDGET_MS;
	struct conf_frame frame;
	bool more = true;
	ssize_t n;

	while ((n = conf_frame_read(buf_data(&reader->in), buf_len(&reader->in), &frame)) >
		0 &&
	    more) {
		if (clock_mono_ms() >= until) {
			source_arm(reader->again, 0);
			source_want(reader->input, 0);
			return;
		}
		more = config_reader_frame(reader, &frame);
		if (more)
			buf_consume(&reader->in, (size_t)n);
	}
	if (!reader->reading)
		return;
	if (n == -1)
		config_reader_fail(reader, "it sent a malformed frame");
	else if (reader->eof && reader->exited)
		config_reader_died(reader);
	else
		source_want(reader->input, reader->eof ? 0 : EPOLLIN);
}

/* Receives bytes, unless complete frames are left over. */
static void
config_reader_receive(void *ctx, uint32_t ready UNUSED)
{
	struct config_reader *reader = ctx;
	size_t count = 0;
	int fd = -1;
	ssize_t n;
	char *at;

	if (source_deadline(reader->again) != -1)
		return;
	at = buf_reserve(&reader->in, RECEIVE_BYTES);
	if (at == NULL) {
		config_reader_fail(reader, strerror(errno));
		return;
	}
	n = sock_receive(reader->fd, at, RECEIVE_BYTES, &fd, 1, &count);
	if (count == 1 && reader->document == -1)
		reader->document = fd;
	else if (count == 1)
		close(fd);
	if (n > 0)
		buf_commit(&reader->in, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		reader->eof = true;
	config_reader_work(reader, 0);
}

/* --- the child ------------------------------------------------------------------------ */

static int
config_reader_connect(void *ctx, int fd, struct peer **peer UNUSED)
{
	struct config_reader *reader = ctx;

	reader->fd = fd;
	reader->input =
	    loop_fd(reader->master->loop, fd, EPOLLIN, config_reader_receive, reader);
	reader->again = loop_timer(reader->master->loop, config_reader_work, reader);
	if (reader->input != NULL && reader->again != NULL)
		return 0;
	config_reader_clear(reader);
	return -1;
}

static int
config_reader_run(void *ctx, int socket)
{
	struct config_reader *reader = ctx;

	return config_reader_child(reader->master, &reader->task, socket);
}

/* Begins a reading for the oldest request that waits. */
static void
config_reader_next(struct config_reader *reader)
{
	enum config_request_kind kind =
	    config_requests_next(reader->master->config_requests);

	if (!reader->reading && kind != CONFIG_REQUESTS)
		config_reader_begin(reader->master, kind);
}

static void
config_reader_ended(void *ctx, const struct helper_end *end)
{
	struct config_reader *reader = ctx;

	reader->has_child = false;
	reader->exited = true;
	reader->wait_status = end->wait_status;
	reader->errnum = end->errnum;
	if (!reader->reading)
		config_reader_next(reader);
	else if (reader->fd == -1)
		config_reader_died(reader);
	else
		config_reader_receive(reader, 0);
}

static const struct helper_kind config_reader_kind = {
	.name = NAME,
	.once = true,
	.limit_ms = CONFIG_READER_LIMIT_MS,
	.run = config_reader_run,
	.connect = config_reader_connect,
	.ended = config_reader_ended,
};

struct config_reader *
config_reader_new(struct master *master)
{
	struct config_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	reader->master = master;
	reader->fd = reader->document = -1;
	return reader;
}

void
config_reader_free(struct config_reader *reader)
{
	if (reader == NULL)
		return;
	helper_process_free(reader->helper);
	config_reader_clear(reader);
	free(reader);
}

/* Forks the child. 0, or -1 with errno. */
static int
config_reader_start(struct config_reader *reader, enum config_request_kind kind)
{
	struct master *master = reader->master;

	reader->task = (struct config_reader_task){ .kind = kind, .parent = getpid() };
	reader->began_ms = clock_mono_ms();
	reader->eof = reader->exited = false;
	buf_init(&reader->in, CONF_FRAME_MAX + RECEIVE_BYTES);
	reader->in.secret = true; /* users have passwords */
	reader->found = json_pack("{s:[], s:[], s:[], s:[], s:[], s:[]}", "added",
	    "changed", "removed", "reload", "start", "users");
	errno = ENOMEM;
	if (conf_reader_begin(&reader->read) == -1 || reader->found == NULL)
		return -1;
	if (reader->helper == NULL)
		reader->helper = helper_process_new(
		    master->loop, master->reaper, &config_reader_kind, NULL, reader);
	if (reader->helper == NULL || helper_process_start(reader->helper) == -1)
		return -1;
	reader->has_child = true;
	return 0;
}

void
config_reader_begin(struct master *master, enum config_request_kind kind)
{
	struct config_reader *reader = master->config_reader;
	char text[256];

	if (reader->reading || reader->has_child)
		return;
	reader->reading = true;
	config_requests_take(master->config_requests, kind);
	if (config_reader_start(reader, kind) == 0)
		return;
	snprintf(text, sizeof(text), "cannot start the " NAME ": %s", strerror(errno));
	config_reader_answer(reader, FAULT_CANT_REREAD, text);
}

bool
config_reader_is_idle(const struct config_reader *reader)
{
	return !reader->has_child && !reader->reading &&
	    config_requests_next(reader->master->config_requests) == CONFIG_REQUESTS;
}

void
config_reader_refuse(struct config_reader *reader, enum fault fault, bool restarts)
{
	const struct config_answer answer = { .fault = fault };

	for (int i = 0; i < CONFIG_REQUESTS; i++) {
		enum config_request_kind kind = (enum config_request_kind)i;

		if (kind == CONFIG_RESTART && restarts)
			continue;
		config_requests_take(reader->master->config_requests, kind);
		config_requests_answer(reader->master->config_requests, kind, &answer);
		if (!reader->reading || reader->task.kind != kind)
			continue;
		reader->reading = false;
		config_reader_clear(reader);
		if (reader->has_child)
			helper_process_fail(reader->helper, NULL);
	}
	/* A restart may wait, which the end of a child would begin. */
	if (!reader->has_child)
		config_reader_next(reader);
}
